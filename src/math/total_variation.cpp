#include "hoist/math/total_variation.hpp"

#include <cmath>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

/// |D|^2 of differences in two directions is below it.
constexpr double differences_bound = 8.0;

}  // namespace

void TotalVariation::differences(const ConstVectorRef<double>& x, Matrix<double>& d) const {
    const Index row = picture_.columns * picture_.channels;
    const Index inner = row - picture_.channels;
    const Index above = x.size() - row;
    d.col(0).head(above) = x.tail(above) - x.head(above);
    d.col(0).tail(row).setZero();
    for (Index first = 0; first < x.size(); first += row) {
        d.col(1).segment(first, inner) =
            x.segment(first + picture_.channels, inner) - x.segment(first, inner);
        d.col(1).segment(first + inner, picture_.channels).setZero();
    }
}

void TotalVariation::primal(double weight, const ConstVectorRef<double>& v,
                            const ConstMatrixRef<double>& p, Eigen::Ref<Vector<double>> x) const {
    const Index row = picture_.columns * picture_.channels;
    const Index inner = row - picture_.channels;
    const Index above = v.size() - row;
    x = v;
    x.head(above) += weight * p.col(0).head(above);
    x.tail(above) -= weight * p.col(0).head(above);
    for (Index first = 0; first < v.size(); first += row) {
        x.segment(first, inner) += weight * p.col(1).segment(first, inner);
        x.segment(first + picture_.channels, inner) -= weight * p.col(1).segment(first, inner);
    }
}

double TotalVariation::sum(const Matrix<double>& d) const {
    return kind_ == Variation::isotropic ? d.rowwise().norm().sum() : d.cwiseAbs().sum();
}

void TotalVariation::project(Matrix<double>& p) const {
    if (kind_ == Variation::anisotropic) {
        p = p.cwiseMax(-1.0).cwiseMin(1.0);
        return;
    }
    const Vector<double> shrink = p.rowwise().norm().cwiseMax(1.0).cwiseInverse();
    p.col(0).array() *= shrink.array();
    p.col(1).array() *= shrink.array();
}

double TotalVariation::operator()(const ConstVectorRef<double>& x) const {
    require(x.size() == picture_.size(), "a picture has as many numbers as its shape");
    Matrix<double> d(x.size(), 2);
    differences(x, d);
    return sum(d);
}

double TotalVariation::prox(double weight, const ConstVectorRef<double>& v, double tolerance,
                            int most_steps, MatrixRef<double> dual,
                            Eigen::Ref<Vector<double>> x) const {
    require(weight >= 0.0 && v.size() == picture_.size() && x.size() == v.size() &&
                dual.rows() == v.size() && dual.cols() == 2,
            "a proximal map of total variation has a weight and pictures of its size");
    if (weight == 0.0) {
        x = v;
        return 0.0;
    }
    constexpr int between_looks = 8;
    const double step = 1.0 / (differences_bound * weight);
    Matrix<double> d(v.size(), 2);
    Matrix<double> p = dual;
    Matrix<double> before = p;
    Matrix<double> ahead = p;
    double momentum = 1.0;
    double gap = 0.0;
    for (int taken = 0;; ++taken) {
        if (taken % between_looks == 0 || taken == most_steps) {
            primal(weight, v, p, x);
            differences(x, d);
            gap = weight * (sum(d) - d.cwiseProduct(p).sum());
            if (gap <= tolerance || taken >= most_steps) {
                break;
            }
        }
        primal(weight, v, ahead, x);
        differences(x, d);
        before.swap(p);
        p = ahead + step * d;
        project(p);
        const double larger = 0.5 * (1.0 + std::sqrt(1.0 + 4.0 * momentum * momentum));
        ahead = p + ((momentum - 1.0) / larger) * (p - before);
        momentum = larger;
    }
    dual = p;
    return gap;
}

}  // namespace hoist
