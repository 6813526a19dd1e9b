#include "hoist/model/linear_map.hpp"

#include "hoist/math/spectral_norm.hpp"

namespace hoist {

template <typename Scalar>
void LinearMap<Scalar>::apply(const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> u) const {
    u.noalias() = weights_->matrix * x;
    u.colwise() += weights_->bias;
}

template <typename Scalar>
void LinearMap<Scalar>::apply(const CompressedColumns<Scalar>& x, MatrixRef<Scalar> u) const {
    x.apply(weights_->matrix, weights_->bias, u);
}

template <typename Scalar>
void LinearMap<Scalar>::apply(const CompressedColumns<Scalar>& x, Range columns,
                              MatrixRef<Scalar> u) const {
    x.apply(weights_->matrix, weights_->bias, columns, u);
}

template <typename Scalar>
void LinearMap<Scalar>::add_product(Scalar factor, const ConstMatrixRef<Scalar>& x,
                                    MatrixRef<Scalar> u) const {
    u.noalias() += factor * weights_->matrix * x;
}

template <typename Scalar>
void LinearMap<Scalar>::pull_back(const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> g) const {
    g.noalias() = weights_->matrix.transpose() * s;
}

template <typename Scalar>
void LinearMap<Scalar>::add_pull_back(Scalar factor, const ConstMatrixRef<Scalar>& s,
                                      MatrixRef<Scalar> g) const {
    g.noalias() += factor * weights_->matrix.transpose() * s;
}

template <typename Scalar>
Matrix<Scalar> LinearMap<Scalar>::gram(Scalar factor) const {
    return factor * weights_->matrix.transpose() * weights_->matrix;
}

template <typename Scalar>
Vector<Scalar> LinearMap<Scalar>::pulled_bias(Scalar factor) const {
    return factor * weights_->matrix.transpose() * weights_->bias;
}

template <typename Scalar>
double LinearMap<Scalar>::norm_bound() const {
    return spectral_norm_bound<Scalar>(weights_->matrix);
}

template <typename Scalar>
double LinearMap<Scalar>::squared_norm() const {
    return weights_->matrix.template cast<double>().squaredNorm();
}

template class LinearMap<float>;
template class LinearMap<double>;

}  // namespace hoist
