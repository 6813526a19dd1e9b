#include <cmath>
#include <limits>

#include "hoist/base/error.hpp"
#include "hoist/math/softmax.hpp"
#include "newton.hpp"

namespace hoist {

namespace {

using Column = Eigen::ArrayXd;

/// With x = e^y the scalar equation of a coordinate is s y + (1-s) e^y = v + nu.
struct Exponential {
    Column phi(const Column& y) const { return y.exp(); }
    Column slope(const Column& y) const { return y.exp(); }
};

/// The x that solve the scalar equations for w = v + nu, of which all are to lie in [0, 1]; y = log
/// x starts where the last call left it.
Column solve_coordinates(double s, const Column& w, Column& y) {
    const Column one = w / s;
    const Column other = (w - (1 - s)) / s;
    const Column below = one.min(other);
    const Column above = one.max(other).min(0.0);
    y = below.max(y).min(above);
    return prox_by_newton(Exponential{}, s, w, below, above, y);
}

/// Solves sum_i x_i(nu) = 1, where x_i(nu) is convex and rises. At the upper end of the bracket the
/// largest x_i is 1, at the lower it is 1/n. Newton's method comes down from the upper end on one
/// side; the bracket and bisection guard the rounding. @pre the largest entry of v is 0.
Column solve_column(double s, const Column& v) {
    const auto n = static_cast<double>(v.size());
    double upper = 1 - s;
    double lower = (1 - s) / n - s * std::log(n);
    double nu = upper;
    const double precision = 16 * std::numeric_limits<double>::epsilon() * (1 + std::log(n));
    Column y = Column::Zero(v.size());
    Column x;
    for (int iteration = 0; iteration < 100; ++iteration) {
        x = solve_coordinates(s, v + nu, y);
        const double excess = x.sum() - 1;
        if (!(std::abs(excess) > precision)) {
            break;
        }
        (excess < 0 ? lower : upper) = nu;
        nu -= excess / (x / (s + (1 - s) * x)).sum();
        if (!(nu >= lower && nu <= upper)) {
            nu = (lower + upper) / 2;
        }
    }
    return x / x.sum();
}

}  // namespace

template <typename Scalar>
void negative_entropy_prox(double s, const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar> x) {
    require(v.rows() == x.rows() && v.cols() == x.cols(), "a proximal map keeps the size");
    require(v.rows() > 0, "a simplex has at least one vertex");
    require(s > 0, "the step of a proximal map is positive");
    for (Index j = 0; j < v.cols(); ++j) {
        Column column = v.col(j).template cast<double>();
        column -= column.maxCoeff();
        x.col(j) = solve_column(s, column).matrix().template cast<Scalar>();
    }
}

template void negative_entropy_prox<float>(double, const ConstMatrixRef<float>&, MatrixRef<float>);
template void negative_entropy_prox<double>(double, const ConstMatrixRef<double>&,
                                            MatrixRef<double>);

}  // namespace hoist
