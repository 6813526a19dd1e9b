if(CPACK_HOIST_NATIVE)
    message(FATAL_ERROR "hoist: this build makes no package (it is tuned for the processor of this machine); "
                        "configure with -DHOIST_NATIVE=OFF, or use the preset package")
endif()
