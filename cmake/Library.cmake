# hoist_library(NAME SOURCES file... DEPENDS target...): one folder of src as one target, hoist_NAME.
# The DEPENDS lines of all folders together are the layering of the program.
function(hoist_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
    add_library(hoist_${name} STATIC ${ARG_SOURCES})
    target_include_directories(hoist_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(hoist_${name} PUBLIC ${ARG_DEPENDS} PRIVATE hoist_warnings)
    # For the Python extension; what is hidden costs no more than in a program.
    set_target_properties(hoist_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                                                   VISIBILITY_INLINES_HIDDEN ON)
endfunction()

add_library(hoist_warnings INTERFACE)
target_compile_options(hoist_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
    # GCC 12 sees these in its own headers (bugs 105593 and 105651).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict>
    # A pragma of GCC's, without which loops are only slower.
    $<$<CXX_COMPILER_ID:Clang>:-Wno-unknown-pragmas>)
if(CMAKE_UNITY_BUILD)  # where GCC 12 takes the names of one file's anonymous namespace for a header's
    target_compile_options(hoist_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
if(HOIST_NATIVE)
    add_compile_options(-march=native)
endif()
# A third of GCC's time goes to collecting garbage, which saves some hundred megabytes and no more.
add_compile_options($<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=2000000>)
