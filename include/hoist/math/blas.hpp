#pragma once

#include "hoist/math/matrix.hpp"

namespace hoist {

/// The number of threads OpenBLAS uses in this process from now on. @pre threads >= 1.
void set_blas_threads(int threads);
int blas_threads();

/// u = a x, over whatever u holds; Eigen's product would set it to zero first.
void set_product(const Matrix<float>& a, const ConstMatrixRef<float>& x, MatrixRef<float> u);
void set_product(const Matrix<double>& a, const ConstMatrixRef<double>& x, MatrixRef<double> u);

}  // namespace hoist
