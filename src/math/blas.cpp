#include "hoist/math/blas.hpp"

#include <cblas.h>

#include "hoist/base/error.hpp"

namespace hoist {

void set_blas_threads(int threads) {
    require(threads >= 1, "the number of BLAS threads is at least 1");
    openblas_set_num_threads(threads);
}

int blas_threads() { return openblas_get_num_threads(); }

void set_product(const Matrix<float>& a, const ConstMatrixRef<float>& x, MatrixRef<float> u) {
    cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(a.rows()),
                static_cast<int>(x.cols()), static_cast<int>(a.cols()), 1.0F, a.data(),
                static_cast<int>(a.rows()), x.data(), static_cast<int>(x.outerStride()), 0.0F,
                u.data(), static_cast<int>(u.outerStride()));
}
void set_product(const Matrix<double>& a, const ConstMatrixRef<double>& x, MatrixRef<double> u) {
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(a.rows()),
                static_cast<int>(x.cols()), static_cast<int>(a.cols()), 1.0, a.data(),
                static_cast<int>(a.rows()), x.data(), static_cast<int>(x.outerStride()), 0.0,
                u.data(), static_cast<int>(u.outerStride()));
}

}  // namespace hoist
