# The Debian package: cmake --preset package && cmake --build --preset package
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME hoist)
set(CPACK_PACKAGE_CONTACT "The hoist developers <hoist@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "layer-parallel training of lifted neural networks")
set(CPACK_PACKAGE_DESCRIPTION "hoist trains lifted neural networks on many processors by MPI: every
rank owns layers and samples. The package holds the program, its manual
and configurations, and the library hoist::hoist for CMake.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# CMake's own way for a shared library is a script that calls ldconfig; Debian's are these two files.
set(shlibs ${PROJECT_BINARY_DIR}/package/shlibs)
file(WRITE ${shlibs} "libhoist ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} hoist (>= ${PROJECT_VERSION})\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${shlibs} ${PROJECT_SOURCE_DIR}/cmake/package/triggers)
set(CPACK_DEBIAN_PACKAGE_DEPENDS openmpi-bin)  # mpirun; what is linked is found by itself
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake, g++, libopenmpi-dev")  # to link the library
if(TARGET hoist_python)
    string(APPEND CPACK_DEBIAN_PACKAGE_DEPENDS ", python3, python3-numpy")
endif()
# What only a package has: compressed pages, a changelog, the license where Debian looks for it.
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/package/finish.cmake)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/cmake/package/require_portable.cmake)
set(CPACK_HOIST_NATIVE ${HOIST_NATIVE})
set(CPACK_HOIST_SOURCE ${PROJECT_SOURCE_DIR})
set(CPACK_VERBATIM_VARIABLES ON)
include(CPack)
