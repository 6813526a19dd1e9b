#include "hoist/formulation/proximal_gradient.hpp"

#include <cmath>
#include <type_traits>

namespace hoist {

namespace {

using Flags = Eigen::Array<bool, Eigen::Dynamic, 1>;

/// For each column whether f at `next` lies below its quadratic model around y, up to rounding.
template <typename Scalar>
Flags majorized(const ProximalProblem<Scalar>& problem, const Matrix<Scalar>& y,
                const Vector<double>& value_at_y, const Matrix<Scalar>& g,
                const Matrix<Scalar>& next, const Vector<double>& t) {
    const Matrix<double> move = (next - y).template cast<double>();
    const Eigen::ArrayXd along =
        g.template cast<double>().cwiseProduct(move).colwise().sum().transpose();
    const Eigen::ArrayXd square = move.colwise().squaredNorm().transpose();
    constexpr double rounding = std::is_same_v<Scalar, float> ? 1e-6 : 1e-13;
    const Eigen::ArrayXd model = value_at_y.array() + along + square / (2.0 * t.array());
    return problem.value(next).array() <= model + rounding * value_at_y.array().abs();
}

/// The step of each column with its own length.
template <typename Scalar>
void step(const ProximalProblem<Scalar>& problem, const Matrix<Scalar>& y, const Matrix<Scalar>& g,
          const Vector<double>& t, Matrix<Scalar>& next) {
    for (Index first = 0; first < t.size();) {
        Index end = first + 1;
        while (end < t.size() && t[end] == t[first]) {
            ++end;
        }
        problem.step({first, end}, y, g, t[first], next);
        first = end;
    }
}

/// Halves the lengths of the columns that need it until all of them fit or are too short.
template <typename Scalar>
void backtrack(const ProximalProblem<Scalar>& problem, const Matrix<Scalar>& y,
               const Matrix<Scalar>& g, Vector<double>& t, Matrix<Scalar>& next) {
    const double shortest = problem.length / 1024.0;
    const Vector<double> value = problem.value(y);
    Flags fits = majorized(problem, y, value, g, next, t);
    while ((!fits && t.array() > shortest).any()) {
        t = (fits || t.array() <= shortest).select(t, 0.5 * t);
        step(problem, y, g, t, next);
        fits = fits || majorized(problem, y, value, g, next, t);
    }
    for (Index j = 0; j < t.size(); ++j) {
        if (!fits[j]) {
            next.col(j) = y.col(j);  // at a kink of f, from which g does not lead down
        }
    }
}

}  // namespace

template <typename Scalar>
void proximal_gradient(const ProximalProblem<Scalar>& problem, BlockMethod method, int iterations,
                       MatrixRef<Scalar> x) {
    const bool accelerated = method != BlockMethod::plain;
    const bool adaptive = method == BlockMethod::adaptive;
    Vector<double> t =
        Vector<double>::Constant(x.cols(), adaptive ? 4.0 * problem.length : problem.length);
    Eigen::ArrayXd momentum = Eigen::ArrayXd::Ones(x.cols());
    Matrix<Scalar> before = x;
    Matrix<Scalar> y = x;
    Matrix<Scalar> g(x.rows(), x.cols());
    Matrix<Scalar> next(x.rows(), x.cols());
    for (int iteration = 0; iteration < iterations; ++iteration) {
        problem.gradient(y, g);
        step(problem, y, g, t, next);
        if (adaptive) {
            backtrack(problem, y, g, t, next);
        }
        if (accelerated) {
            const Vector<Scalar> along =
                (y - next).cwiseProduct(next - before).colwise().sum().transpose();
            const Flags uphill = along.array() > Scalar{0};
            const Eigen::ArrayXd larger =
                uphill.select(1.0, 0.5 * (1.0 + (1.0 + 4.0 * momentum.square()).sqrt()));
            const Vector<Scalar> extrapolation =
                uphill.select(0.0, (momentum - 1.0) / larger).matrix().template cast<Scalar>();
            y = next + (next - before) * extrapolation.asDiagonal();
            momentum = larger;
        } else {
            y = next;
        }
        before.swap(next);
    }
    x = before;
}

template void proximal_gradient(const ProximalProblem<float>&, BlockMethod, int, MatrixRef<float>);
template void proximal_gradient(const ProximalProblem<double>&, BlockMethod, int,
                                MatrixRef<double>);

}  // namespace hoist
