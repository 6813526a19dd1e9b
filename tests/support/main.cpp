#include <gtest/gtest.h>

#include "kernels.hpp"

int main(int argc, char** argv) {
    hoist::take_right_kernels(argv);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
