# How long a test may take; sanitizers get five times that.
set(hoist_test_seconds 120)
set(hoist_system_test_seconds 300)
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
    set(hoist_test_seconds 600)
    set(hoist_system_test_seconds 1500)
endif()

# Most of a test's time is its compiling, and most of that are these headers. (At this level GCC 12 sees more of bug 105593.)
set(hoist_test_options "$<$<CONFIG:Release>:-O1;-Wno-uninitialized>")
file(WRITE ${PROJECT_BINARY_DIR}/precompiled.cpp "")
add_library(hoist_test_headers OBJECT ${PROJECT_BINARY_DIR}/precompiled.cpp)
target_compile_options(hoist_test_headers PRIVATE ${hoist_test_options})
target_link_libraries(hoist_test_headers PRIVATE hoist_math GTest::gtest hoist_warnings)
target_precompile_headers(hoist_test_headers PRIVATE <Eigen/Dense> <gtest/gtest.h> <filesystem> <fstream>)

# hoist_test(NAME file DEPENDS target... [RANKS n...]): one test program; with RANKS it runs under mpirun once
# for each number of ranks, else alone. A hang ends after that time.
function(hoist_test name file)
    cmake_parse_arguments(ARG "" "" "DEPENDS;RANKS" ${ARGN})
    add_executable(${name} ${file})
    target_compile_options(${name} PRIVATE ${hoist_test_options})
    target_precompile_headers(${name} REUSE_FROM hoist_test_headers)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    if(ARG_RANKS)
        target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} hoist_math hoist_test_main_mpi GTest::gtest hoist_warnings)
        foreach(ranks ${ARG_RANKS})
            add_test(NAME ${name}.${ranks} COMMAND ${MPIEXEC_EXECUTABLE} -n ${ranks} --oversubscribe
                                                   --bind-to none $<TARGET_FILE:${name}>)
            set_tests_properties(${name}.${ranks} PROPERTIES TIMEOUT ${hoist_test_seconds} ENVIRONMENT
                "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMPI_MCA_mpi_yield_when_idle=1;OMPI_MCA_pml=ob1;OPENBLAS_NUM_THREADS=1")
        endforeach()
    else()
        target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} hoist_math hoist_test_main hoist_warnings)
        add_test(NAME ${name} COMMAND ${name})
        set_tests_properties(${name} PROPERTIES TIMEOUT ${hoist_test_seconds} ENVIRONMENT "OPENBLAS_NUM_THREADS=1")
    endif()
endfunction()

# hoist_system_test(NAME): tests/system/NAME_test.py, which starts the program as users do, under Debian's own Python.
function(hoist_system_test name)
    add_test(NAME system.${name} COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/${name}_test.py --verbose)
    set_tests_properties(system.${name} PROPERTIES TIMEOUT ${hoist_system_test_seconds}
        ENVIRONMENT "HOIST=$<TARGET_FILE:hoist>;HOIST_SOURCE=${PROJECT_SOURCE_DIR}")
endfunction()
