#include "hoist/math/ridge.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "hoist/base/error.hpp"
#include "hoist/math/normal_equations.hpp"

namespace hoist {
namespace {

Matrix<double> random_matrix(Index rows, Index cols, unsigned seed) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal(0.3, 1);
    return Matrix<double>::NullaryExpr(rows, cols, [&] { return normal(engine); });
}

/// [W b] of the ridge regression of t on x.
Matrix<double> fit(const Matrix<double>& x, const Matrix<double>& t, double kappa) {
    NormalEquations equations(x.rows(), t.rows(), NormalEquations::Gram::included);
    equations.add<double>(x, t);
    return RidgeFactor(equations.gram(), kappa).solve(equations.moment()).transpose();
}

Matrix<double> residual(const Matrix<double>& weights, const Matrix<double>& x,
                        const Matrix<double>& t) {
    return (weights.leftCols(x.rows()) * x - t).colwise() + weights.col(x.rows());
}

TEST(RidgeFactor, solution_has_a_zero_gradient_with_a_bias_that_is_not_penalized) {
    const auto x = random_matrix(20, 100, 1);
    const auto t = random_matrix(7, 100, 2);
    for (double kappa : {0.0, 0.1, 10.0, 1e4}) {
        const Matrix<double> weights = fit(x, t, kappa);
        const Matrix<double> r = residual(weights, x, t);
        const Matrix<double> gradient = r * x.transpose() + kappa * weights.leftCols(20);
        EXPECT_LT(gradient.cwiseAbs().maxCoeff(), 1e-10) << kappa;
        EXPECT_LT(r.rowwise().sum().cwiseAbs().maxCoeff(), 1e-11) << kappa;
    }
}

TEST(RidgeFactor, recovers_an_affine_map_from_more_samples_than_unknowns) {
    const auto x = random_matrix(30, 200, 3);
    const auto weights = random_matrix(4, 31, 4);
    const Matrix<double> t = (weights.leftCols(30) * x).colwise() + weights.col(30);
    EXPECT_LT((fit(x, t, 0) - weights).cwiseAbs().maxCoeff(), 1e-11);
}

TEST(RidgeFactor, reads_only_the_lower_triangle) {
    const auto x = random_matrix(6, 40, 5);
    NormalEquations equations(6, 2, NormalEquations::Gram::included);
    equations.add<double>(x, x.topRows(2));
    Matrix<double> dirty = equations.gram();
    dirty.triangularView<Eigen::StrictlyUpper>().setConstant(
        std::numeric_limits<double>::quiet_NaN());
    EXPECT_EQ(RidgeFactor(dirty, 1).solve(equations.moment()),
              RidgeFactor(equations.gram(), 1).solve(equations.moment()));
}

TEST(RidgeFactor, constant_inputs_without_a_ridge_give_a_least_squares_fit) {
    // All inputs constant, some at zero: the best fit is the mean of the targets whatever W is.
    for (double level : {1.0, 0.1, 1e-3, 255.0}) {
        Matrix<double> x = Matrix<double>::Constant(12, 50, level);
        x.bottomRows(4).setZero();
        const auto t = random_matrix(3, 50, 6);
        const Matrix<double> weights = fit(x, t, 0);
        const Matrix<double> best = t.colwise() - t.rowwise().mean();
        EXPECT_TRUE(weights.allFinite());
        EXPECT_LT(weights.leftCols(12).norm(), 1e6) << level;
        EXPECT_NEAR(residual(weights, x, t).squaredNorm(), best.squaredNorm(), 1e-6) << level;
    }
}

TEST(RidgeFactor, repeated_and_dead_inputs_without_a_ridge_fit_as_well_as_the_rest_alone) {
    const auto base = random_matrix(10, 80, 7);
    const auto t = random_matrix(3, 80, 8);
    Matrix<double> x(22, 80);
    x << base, base, Matrix<double>::Zero(2, 80);
    const double alone = residual(fit(base, t, 0), base, t).squaredNorm();
    EXPECT_NEAR(residual(fit(x, t, 0), x, t).squaredNorm(), alone, 1e-6 * alone);
}

TEST(RidgeFactor, fewer_samples_than_inputs_without_a_ridge_interpolate) {
    const auto x = random_matrix(40, 15, 9);
    const auto t = random_matrix(2, 15, 10);
    EXPECT_LT(residual(fit(x, t, 0), x, t).cwiseAbs().maxCoeff(), 1e-4);
}

TEST(RidgeFactor, refuses_what_is_not_finite_or_not_positive) {
    Matrix<double> gram = Matrix<double>::Identity(4, 4);
    for (double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        Matrix<double> broken = gram;
        broken(2, 1) = bad;
        EXPECT_THROW(RidgeFactor(broken, 1), NumericalError);
    }
    gram(1, 1) = -1;
    EXPECT_THROW(RidgeFactor(gram, 0), NumericalError);
    EXPECT_THROW(RidgeFactor(Matrix<double>::Zero(4, 4), 0), NumericalError);
    EXPECT_THROW(RidgeFactor(Matrix<double>::Identity(4, 4), -1), Defect);
    EXPECT_THROW(RidgeFactor(Matrix<double>::Zero(4, 3), 0), Defect);
    EXPECT_THROW(RidgeFactor(Matrix<double>::Identity(4, 4), 0).solve(Matrix<double>::Zero(3, 1)),
                 Defect);
}

}  // namespace
}  // namespace hoist
