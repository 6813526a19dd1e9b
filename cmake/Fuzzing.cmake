# Coverage for libFuzzer, and sanitizers that end the program at what they find, in everything that is compiled.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
    message(FATAL_ERROR "hoist: HOIST_FUZZ needs clang 16 or later (the compiler is ${CMAKE_CXX_COMPILER_ID} "
                        "${CMAKE_CXX_COMPILER_VERSION}); apt-get install clang-16 libclang-rt-16-dev, then cmake --preset fuzz\n")
endif()
set(HOIST_FUZZ_SECONDS 60 CACHE STRING "How long ctest runs each fuzzer")
add_compile_options(-fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow -fno-sanitize-recover=all
                    -fno-omit-frame-pointer)
add_link_options(-fsanitize=address,undefined)
