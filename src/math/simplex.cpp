#include "hoist/math/simplex.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

using Column = Eigen::ArrayXd;

/// The number tau with sum max(u_i - tau, 0) = 1: on the set of the k largest entries it is (their
/// sum - 1)/k.
double projection_threshold(Column u) {
    std::sort(u.begin(), u.end(), std::greater<>());
    double sum = 0;
    double tau = 0;
    for (Index k = 0; k < u.size(); ++k) {
        sum += u[k];
        const double candidate = (sum - 1) / static_cast<double>(k + 1);
        if (u[k] <= candidate) {
            break;
        }
        tau = candidate;
    }
    return tau;
}

/// The number tau with sum min(free_i + tau, room_i) = 0. A term is free up to the breakpoint
/// room_i - free_i. @pre no room is negative, and some are positive.
double balance(const Column& free, const Column& room) {
    std::vector<Index> order(static_cast<std::size_t>(free.size()));
    std::iota(order.begin(), order.end(), Index{0});
    const Column breakpoint = room - free;
    std::ranges::sort(order, std::greater<>(), [&](Index i) { return breakpoint[i]; });
    // Room of those after k: summed from the small end, so that what is left of it is exact.
    std::vector<double> taken(order.size(), 0);
    for (std::size_t k = order.size() - 1; k > 0; --k) {
        taken[k - 1] = taken[k] + room[order[k]];
    }
    double sum = 0;
    double tau = 0;
    for (std::size_t k = 0; k < order.size(); ++k) {
        sum += free[order[k]];
        const double candidate = -(sum + taken[k]) / static_cast<double>(k + 1);
        if (breakpoint[order[k]] <= candidate) {
            break;
        }
        tau = candidate;
    }
    return tau;
}

/// sum_i z_i(nu) - 1 and its derivative.
struct Residual {
    double value;
    double slope;
};

/// z_i(nu), the positive root of z^2 - (u_i + nu) z - y_i/lambda = 0, for all coordinates of one
/// column.
Residual evaluate(const Column& u, const Column& share, double nu, Column& z) {
    double sum = 0;
    double slope = 0;
    for (Index i = 0; i < u.size(); ++i) {
        const double half = (u[i] + nu) / 2;
        const double root = std::sqrt(half * half + share[i]);
        // For half < 0 the sum half + root cancels; the product of the two roots, -share, gives the
        // same number.
        z[i] = half >= 0 ? half + root : share[i] / (root - half);
        sum += z[i];
        slope += root > 0 ? z[i] / (2 * root) : 0;
    }
    return {sum - 1, slope};
}

/// Solves sum_i z_i(nu) = 1. Leaves the solution in z and returns the number of evaluations. The
/// sum is convex and rises with nu, so Newton's method from the upper end of the bracket comes down
/// on one side; the bracket and bisection guard the rounding.
int solve_column(const Column& u, const Column& share, Column& z) {
    const auto p = static_cast<double>(u.size());
    double lower = (1 / p - p * share - u).minCoeff();
    double upper = 1 - (u + share).maxCoeff();
    double nu = upper;
    constexpr double precision = std::numeric_limits<double>::epsilon();
    constexpr int limit = 100;
    for (int iteration = 1; iteration < limit; ++iteration) {
        const Residual residual = evaluate(u, share, nu, z);
        (residual.value < 0 ? lower : upper) = nu;
        double next = nu - residual.value / residual.slope;
        if (!(next >= lower && next <= upper)) {
            next = (lower + upper) / 2;
        }
        if (std::abs(residual.value) <= p * precision ||
            std::abs(next - nu) <= precision * std::abs(nu)) {
            return iteration;
        }
        nu = next;
    }
    return limit;
}

}  // namespace

template <typename Scalar>
void project_onto_simplex(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> z) {
    require(u.rows() == z.rows() && u.cols() == z.cols(), "a projection keeps the size");
    require(u.rows() > 0, "a simplex has at least one vertex");
    for (Index j = 0; j < u.cols(); ++j) {
        // Moving all entries by the same amount moves tau along; around zero nothing is lost to
        // cancellation.
        Column column = u.col(j).template cast<double>();
        column -= column.maxCoeff();
        if (column.isNaN().any()) {
            z.col(j).setConstant(std::numeric_limits<Scalar>::quiet_NaN());
            continue;
        }
        const double tau = projection_threshold(column);
        z.col(j) = (column - tau).max(0.0).matrix().template cast<Scalar>();
    }
}

// With r = u - tau, so that p(u) = relu(r), a coordinate of p moves by the quotient of relu,
// min(g + move + weight max(-r, 0), weight max(r, 0)), and `move` keeps the sum.
Eigen::ArrayXd simplex_quotient(double weight, Eigen::ArrayXd u, const Eigen::ArrayXd& g) {
    u -= u.maxCoeff();
    if (u.hasNaN() || g.hasNaN()) {
        return Column::Constant(u.size(), std::numeric_limits<double>::quiet_NaN());
    }
    const Column r = u - projection_threshold(u);
    const Column room = weight * r.max(0.0);
    const Column free = g + weight * (-r).max(0.0);
    return (free + balance(free, room)).min(room);
}

template <typename Scalar>
int cross_entropy_prox(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
                       double lambda, MatrixRef<Scalar> z) {
    require(y.rows() == u.rows() && y.cols() == u.cols() && u.rows() == z.rows() &&
                u.cols() == z.cols(),
            "labels, scores and solution have the same size");
    require(u.rows() > 0, "a simplex has at least one vertex");
    require(lambda > 0, "the weight of the output block is positive");
    int iterations = 0;
    Column solution(u.rows());
    for (Index j = 0; j < u.cols(); ++j) {
        Column scores = u.col(j).template cast<double>();
        scores -= scores.maxCoeff();
        const Column share = y.col(j).template cast<double>().array() / lambda;
        iterations = std::max(iterations, solve_column(scores, share, solution));
        z.col(j) = solution.matrix().template cast<Scalar>();
    }
    return iterations;
}

template void project_onto_simplex<float>(const ConstMatrixRef<float>&, MatrixRef<float>);
template void project_onto_simplex<double>(const ConstMatrixRef<double>&, MatrixRef<double>);
template int cross_entropy_prox<float>(const ConstMatrixRef<float>&, const ConstMatrixRef<float>&,
                                       double, MatrixRef<float>);
template int cross_entropy_prox<double>(const ConstMatrixRef<double>&,
                                        const ConstMatrixRef<double>&, double, MatrixRef<double>);

}  // namespace hoist
