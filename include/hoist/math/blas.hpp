#pragma once

namespace hoist {

/// The number of threads OpenBLAS uses in this process from now on. @pre threads >= 1.
void set_blas_threads(int threads);
int blas_threads();

}  // namespace hoist
