#include <cmath>

#include "hoist/base/error.hpp"
#include "hoist/math/spectral_norm.hpp"
#include "hoist/model/linear_map.hpp"

namespace hoist {

template <typename Scalar>
Matrix<Scalar> LinearMap<Scalar>::gram(Scalar factor) const {
    require(spec_.plain(), "the Gram matrix of a plain map is small");
    return factor * weights_->matrix.transpose() * weights_->matrix;
}

template <typename Scalar>
Matrix<Scalar> LinearMap<Scalar>::gram_of_rows(Scalar factor) const {
    require(spec_.plain(), "the Gram matrix of a plain map is small");
    return factor * weights_->matrix * weights_->matrix.transpose();
}

template <typename Scalar>
void LinearMap<Scalar>::add_left_product(Scalar factor, const Matrix<Scalar>& s,
                                         MatrixRef<Scalar> g) const {
    require(spec_.plain(), "the product with a plain map is one");
    g.noalias() += factor * s * weights_->matrix;
}

template <typename Scalar>
Vector<Scalar> LinearMap<Scalar>::pulled_bias(Scalar factor) const {
    require(spec_.plain(), "the Gram matrix of a plain map is small");
    return factor * weights_->matrix.transpose() * weights_->bias;
}

namespace {

// No number of x lies in more than overlap() windows, so that |F(x)|^2 <= overlap |P x|^2, and none is
// brought along more often than there are skips.
double norm_of_map(const MapSpec& spec, double norm_of_weights) {
    const double windows = std::sqrt(static_cast<double>(spec.windows.overlap()));
    const double share =
        spec.adjoint ? 1.0 / static_cast<double>(spec.windows.rows * spec.windows.columns) : 1.0;
    return (norm_of_weights * windows * share + std::sqrt(static_cast<double>(spec.skips.size()))) *
           (spec.in_front ? spec.in_front->norm_bound() : 1.0);
}

constexpr double rounded_up = 1.0 + 1e-12;

}  // namespace

template <typename Scalar>
double LinearMap<Scalar>::norm_bound() const {
    return norm_of_map(spec_, spectral_norm_bound<Scalar>(weights_->matrix));
}

template <typename Scalar>
double LinearMap<Scalar>::proven_norm() const {
    const double own = proven_spectral_norm<Scalar>(weights_->matrix);
    return spec_.plain() ? own : rounded_up * norm_of_map(spec_, own);
}

template <typename Scalar>
Matrix<double> LinearMap<Scalar>::row_distances() const {
    require(spec_.plain(), "the rows of a plain map are those of its matrix");
    const Matrix<double> w = weights_->matrix.template cast<double>();
    Matrix<double> distances(w.rows(), w.rows());
    for (Index i = 0; i < w.rows(); ++i) {
        distances.col(i) = rounded_up * (w.rowwise() - w.row(i)).rowwise().norm();
    }
    return distances;
}

template <typename Scalar>
double LinearMap<Scalar>::squared_norm() const {
    return weights_->matrix.template cast<double>().squaredNorm();
}

template Matrix<float> LinearMap<float>::gram(float) const;
template Matrix<float> LinearMap<float>::gram_of_rows(float) const;
template void LinearMap<float>::add_left_product(float, const Matrix<float>&,
                                                 MatrixRef<float>) const;
template Vector<float> LinearMap<float>::pulled_bias(float) const;
template double LinearMap<float>::norm_bound() const;
template double LinearMap<float>::proven_norm() const;
template Matrix<double> LinearMap<float>::row_distances() const;
template double LinearMap<float>::squared_norm() const;
template Matrix<double> LinearMap<double>::gram(double) const;
template Matrix<double> LinearMap<double>::gram_of_rows(double) const;
template void LinearMap<double>::add_left_product(double, const Matrix<double>&,
                                                  MatrixRef<double>) const;
template Vector<double> LinearMap<double>::pulled_bias(double) const;
template double LinearMap<double>::norm_bound() const;
template double LinearMap<double>::proven_norm() const;
template Matrix<double> LinearMap<double>::row_distances() const;
template double LinearMap<double>::squared_norm() const;

}  // namespace hoist
