#include "hoist/formulation/proximal_gradient.hpp"

#include <cmath>
#include <type_traits>

namespace hoist {

namespace {

// Whether f at `next` lies below its quadratic model around y, up to rounding.
template <typename Scalar>
bool majorized(const ProximalProblem<Scalar>& problem, const Matrix<Scalar>& y, double value_at_y,
               const Matrix<Scalar>& g, const Matrix<Scalar>& next, double t) {
    const Matrix<double> move = (next - y).template cast<double>();
    const double model = value_at_y + g.template cast<double>().cwiseProduct(move).sum() +
                         move.squaredNorm() / (2.0 * t);
    constexpr double rounding = std::is_same_v<Scalar, float> ? 1e-6 : 1e-13;
    return problem.value(next) <= model + rounding * std::abs(value_at_y);
}

}  // namespace

template <typename Scalar>
void proximal_gradient(const ProximalProblem<Scalar>& problem, BlockMethod method, int iterations,
                       MatrixRef<Scalar> x) {
    const bool accelerated = method != BlockMethod::plain;
    const bool adaptive = method == BlockMethod::adaptive;
    double t = adaptive ? 4.0 * problem.length : problem.length;
    double momentum = 1.0;
    Matrix<Scalar> before = x;
    Matrix<Scalar> y = x;
    Matrix<Scalar> g(x.rows(), x.cols());
    Matrix<Scalar> next(x.rows(), x.cols());
    for (int iteration = 0; iteration < iterations; ++iteration) {
        problem.gradient(y, g);
        problem.step(y, g, t, next);
        if (adaptive) {
            const double value = problem.value(y);
            bool fits = majorized(problem, y, value, g, next, t);
            while (!fits && t > problem.length / 1024.0) {
                t /= 2.0;
                problem.step(y, g, t, next);
                fits = majorized(problem, y, value, g, next, t);
            }
            if (!fits) {
                next = y;  // at a kink of f, from which g does not lead down
            }
        }
        if (accelerated) {
            const bool uphill = (y - next).cwiseProduct(next - before).sum() > Scalar{0};
            const double larger =
                uphill ? 1.0 : 0.5 * (1.0 + std::sqrt(1.0 + 4.0 * momentum * momentum));
            const auto extrapolation =
                static_cast<Scalar>(uphill ? 0.0 : (momentum - 1.0) / larger);
            y = next + extrapolation * (next - before);
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
