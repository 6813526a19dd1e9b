#include "hoist/math/blas.hpp"

#include <cblas.h>

#include "hoist/base/error.hpp"

namespace hoist {

void set_blas_threads(int threads) {
    require(threads >= 1, "the number of BLAS threads is at least 1");
    openblas_set_num_threads(threads);
}

int blas_threads() { return openblas_get_num_threads(); }

}  // namespace hoist
