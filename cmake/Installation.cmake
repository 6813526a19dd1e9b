# What `cmake --install` puts where, and what goes into the Debian package. Public are the program, its configurations and
# scripts, the library hoist::hoist with the headers that src/library names, and the Python package; nothing else.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hoist)
install(TARGETS hoist)
install(TARGETS libhoist EXPORT hoistTargets FILE_SET HEADERS)
install(EXPORT hoistTargets NAMESPACE hoist:: DESTINATION ${config_dir})
configure_package_config_file(cmake/hoistConfig.cmake.in ${PROJECT_BINARY_DIR}/hoistConfig.cmake
                              INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/hoistConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/hoistConfig.cmake ${PROJECT_BINARY_DIR}/hoistConfigVersion.cmake DESTINATION ${config_dir})

if(HOIST_SHARED_PROGRAM)
    set(program_dir ${CMAKE_INSTALL_LIBDIR}/hoist)
    install(TARGETS libhoist_program DESTINATION ${program_dir})
    file(RELATIVE_PATH way ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/hoist)
    # The second is the package's: without /proc the loader does not know the first.
    set_target_properties(hoist PROPERTIES INSTALL_RPATH "$ORIGIN/${way};/usr/lib/hoist")
endif()
include(ExternalProject)
# The loader looks into glibc-hwcaps/LEVEL beside a library for one that is made for the processor.
foreach(level ${HOIST_PROCESSORS})
    set(build ${PROJECT_BINARY_DIR}/${level})
    ExternalProject_Add(hoist-${level} SOURCE_DIR ${PROJECT_SOURCE_DIR} BINARY_DIR ${build} PREFIX ${build}/steps
        CMAKE_ARGS -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE} -DCMAKE_UNITY_BUILD=${CMAKE_UNITY_BUILD} -DHOIST_NATIVE=OFF
                   -DHOIST_TESTS=OFF -DHOIST_SHARED_PROGRAM=ON -DCMAKE_SKIP_RPATH=ON -DCMAKE_CXX_FLAGS=-march=${level}
                   -DCMAKE_SHARED_LINKER_FLAGS=-s
        BUILD_COMMAND ${CMAKE_COMMAND} --build . --target libhoist_program libhoist
        INSTALL_COMMAND "" BUILD_ALWAYS ON USES_TERMINAL_BUILD ON)
    install(FILES ${build}/src/app/libhoist-program.so DESTINATION ${program_dir}/glibc-hwcaps/${level})
    install(FILES ${build}/src/library/libhoist.so.${PROJECT_VERSION} DESTINATION ${CMAKE_INSTALL_LIBDIR}/glibc-hwcaps/${level}
            RENAME libhoist.so.${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endforeach()

# The program prints its own manual and completions.
set(printed ${PROJECT_BINARY_DIR}/printed)
file(MAKE_DIRECTORY ${printed})
add_custom_command(OUTPUT ${printed}/hoist.1 ${printed}/hoist.bash ${printed}/_hoist
    COMMAND hoist --man > ${printed}/hoist.1
    COMMAND hoist completion bash > ${printed}/hoist.bash
    COMMAND hoist completion zsh > ${printed}/_hoist
    DEPENDS hoist VERBATIM)
add_custom_target(manual ALL DEPENDS ${printed}/hoist.1 ${printed}/hoist.bash ${printed}/_hoist)
install(FILES ${printed}/hoist.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${printed}/hoist.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME hoist)
install(FILES ${printed}/_hoist DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)

# Job scripts name the program and a configuration as they lie in a checkout.
file(GLOB jobs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/launch/slurm/*.sbatch)
set(installed_jobs "")
foreach(job ${jobs})
    get_filename_component(name ${job} NAME)
    file(READ ${job} text)
    string(REPLACE "hoist=build/hoist" "hoist=hoist" text "${text}")
    string(REPLACE "configs/quickstart.ini" "mine.ini" text "${text}")
    string(REPLACE "submit it from the checkout" "submit it" text "${text}")
    file(CONFIGURE OUTPUT ${printed}/slurm/${name} @ONLY CONTENT "@text@")
    list(APPEND installed_jobs ${printed}/slurm/${name})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${job})
endforeach()
install(PROGRAMS ${installed_jobs} DESTINATION ${CMAKE_INSTALL_DATADIR}/hoist/slurm)
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/hoist)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(TARGET hoist_python)
    # Debian's packages have a folder for all versions of Python 3.
    set(HOIST_PYTHON_DIR lib/python3/dist-packages CACHE STRING "Where the Python package goes, below the prefix")
    install(TARGETS hoist_python LIBRARY DESTINATION ${HOIST_PYTHON_DIR}/hoist)
    install(DIRECTORY ${PROJECT_BINARY_DIR}/python/hoist DESTINATION ${HOIST_PYTHON_DIR}
            PATTERN __pycache__ EXCLUDE PATTERN *.so EXCLUDE)
endif()
