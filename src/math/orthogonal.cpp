#include "hoist/math/orthogonal.hpp"

#include <Eigen/SVD>

namespace hoist {

template <typename Scalar>
void make_orthogonal(Matrix<Scalar>& w) {
    const Eigen::BDCSVD<Matrix<double>> svd(w.template cast<double>(),
                                            Eigen::ComputeThinU | Eigen::ComputeThinV);
    w = (svd.matrixU() * svd.matrixV().transpose()).template cast<Scalar>();
}

template void make_orthogonal(Matrix<float>&);
template void make_orthogonal(Matrix<double>&);

}  // namespace hoist
