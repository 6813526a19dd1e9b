#include "hoist/math/blas.hpp"

#include <gtest/gtest.h>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

TEST(BlasThreads, are_as_many_as_were_set) {
    for (int threads : {2, 1}) {
        set_blas_threads(threads);
        EXPECT_EQ(blas_threads(), threads);
    }
    EXPECT_THROW(set_blas_threads(0), Defect);
}

}  // namespace
}  // namespace hoist
