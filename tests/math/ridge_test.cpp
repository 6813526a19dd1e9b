#include "hoist/math/ridge.hpp"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <limits>
#include <random>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

constexpr double exact = std::numeric_limits<double>::epsilon();
constexpr double single = std::numeric_limits<float>::epsilon();

using LongMatrix = Matrix<long double>;

Matrix<double> random_matrix(Index rows, Index cols, unsigned seed, double mean = 0.3) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal(mean, 1);
    return Matrix<double>::NullaryExpr(rows, cols, [&] { return normal(engine); });
}

/// The normal equations of blocks of 64 columns, dealt in order to some shards.
template <typename Scalar>
NormalEquations equations_of(const Matrix<Scalar>& x, const Matrix<Scalar>& t, Index shards = 1) {
    NormalEquations sum(x.rows(), t.rows(), {0, shards});
    for (Index s = 0; s < shards; ++s) {
        NormalEquations own(x.rows(), t.rows(), {s, shards});
        const Index last = x.cols() * (s + 1) / shards;
        for (Index begin = x.cols() * s / shards; begin < last; begin += 64) {
            const Index columns = std::min<Index>(64, last - begin);
            own.add<Scalar>(x.middleCols(begin, columns), t.middleCols(begin, columns));
        }
        for (std::size_t i = 0; i < own.values().size(); ++i) {
            sum.values()[i] += own.values()[i];
        }
    }
    return sum;
}

/// [W b] of the ridge regression of t on x.
template <typename Scalar>
Matrix<double> fit(const Matrix<Scalar>& x, const Matrix<Scalar>& t, double kappa,
                   Index shards = 1) {
    const NormalEquations equations = equations_of<Scalar>(x, t, shards);
    const RidgeFactor factor(equations, kappa, std::numeric_limits<Scalar>::epsilon());
    return factor.solve(equations).transpose();
}

Matrix<double> residual(const Matrix<double>& weights, const Matrix<double>& x,
                        const Matrix<double>& t) {
    const LongMatrix w = weights.cast<long double>();
    const LongMatrix r =
        (w.leftCols(x.rows()) * x.cast<long double>() - t.cast<long double>()).colwise() +
        w.col(x.rows());
    return r.cast<double>();
}

double root_mean_square(const Matrix<double>& a) {
    return a.norm() / std::sqrt(static_cast<double>(a.size()));
}

/// |W X + b 1' - T|^2 + kappa |W|^2.
double objective(const Matrix<double>& weights, const Matrix<double>& x, const Matrix<double>& t,
                 double kappa) {
    return residual(weights, x, t).squaredNorm() + kappa * weights.leftCols(x.rows()).squaredNorm();
}

/// The same minimizer by a QR factorization of the data in long double: no product is ever formed.
Matrix<double> fit_by_qr(const Matrix<double>& x, const Matrix<double>& t, double kappa) {
    const Index n = x.rows();
    LongMatrix stacked = LongMatrix::Zero(x.cols() + n, n + 1);
    stacked.topLeftCorner(x.cols(), n) = x.transpose().cast<long double>();
    stacked.col(n).head(x.cols()).setOnes();
    stacked.bottomLeftCorner(n, n).diagonal().setConstant(
        std::sqrt(static_cast<long double>(kappa)));
    LongMatrix right = LongMatrix::Zero(x.cols() + n, t.rows());
    right.topRows(x.cols()) = t.transpose().cast<long double>();
    const LongMatrix solution = stacked.colPivHouseholderQr().solve(right);
    return solution.transpose().cast<double>();
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

TEST(RidgeFactor, fits_badly_scaled_data_as_a_qr_factorization_does) {
    std::mt19937_64 engine(11);
    const auto draw = [&](double low, double high) {
        return std::uniform_real_distribution<double>(low, high)(engine);
    };
    for (unsigned problem = 0; problem < 60; ++problem) {
        const Index n = 1 + problem % 9;
        const Index samples = 20 + 3 * problem;
        const Index shards = 1 + problem % 3;
        Matrix<double> x = random_matrix(n, samples, 100 + problem, 0.0);
        for (Index i = 1; i < n; ++i) {
            x.row(i) += draw(-1.0, 1.0) * x.row(i - 1);
        }
        Matrix<double> t =
            random_matrix(3, n, 200 + problem) * x + 0.1 * random_matrix(3, samples, 300 + problem);
        for (Index i = 0; i < n; ++i) {
            const double scale = std::pow(10.0, draw(-6.0, 6.0));
            const double offset = problem % 4 == 0 ? 0.0 : std::pow(10.0, draw(-3.0, 6.0));
            x.row(i) = scale * (x.row(i).array() + offset);
        }
        const double unit = std::pow(10.0, draw(-3.0, 3.0));
        t = unit * (t.array() + draw(-1e5, 1e5));
        const double kappa = problem % 2 == 0 ? 0.0 : std::pow(10.0, draw(-8.0, 8.0));
        const Matrix<double> weights = fit(x, t, kappa, shards);
        const Matrix<double> reference = fit_by_qr(x, t, kappa);
        // The rounding of x and b alone moves what is predicted by |W| |x| and |b| times that of a
        // double: allow some of it.
        const double least = objective(reference, x, t, kappa);
        double size = 0.0;
        for (Index i = 0; i < n; ++i) {
            size += weights.col(i).norm() * x.row(i).cwiseAbs().maxCoeff();
        }
        const double rounding = 8 * exact * (size + weights.col(n).norm());
        EXPECT_LT(objective(weights, x, t, kappa),
                  least * (1 + 1e-8) + static_cast<double>(samples) * rounding * rounding)
            << problem;
    }
}

TEST(RidgeFactor, an_offset_of_an_input_costs_no_digits) {
    for (double offset : {1e4, 1e6}) {
        for (Index shards : {1, 2, 3}) {
            Matrix<double> x = random_matrix(4, 200, 12, 0.0);
            x.row(0).array() += offset;
            const Eigen::RowVector4d w(1, -2, 3, 0.5);
            const Matrix<double> t = (w * x).array() + 0.3;
            EXPECT_LT(root_mean_square(residual(fit(x, t, 0, shards), x, t)), 2e-15 * offset);
            // In float: what the rounding of x, W and b alone does.
            const Matrix<float> narrow = x.cast<float>();
            const Matrix<float> narrow_t = t.cast<float>();
            EXPECT_LT(root_mean_square(residual(fit(narrow, narrow_t, 0, shards),
                                                narrow.cast<double>(), narrow_t.cast<double>())),
                      single * offset);
        }
    }
}

TEST(RidgeFactor, units_of_the_inputs_cost_no_digits) {
    const Matrix<double> plain = random_matrix(4, 200, 13, 0.0);
    const Eigen::Vector4d scales(1e6, 1, 1e-3, 1e-6);
    const Matrix<double> t = (Eigen::RowVector4d(1, -2, 3, 0.5) * plain).array() + 0.3;
    const Matrix<double> x = scales.asDiagonal() * plain;
    EXPECT_LT(root_mean_square(residual(fit(x, t, 0), x, t)), 2e-14);
    const Matrix<float> narrow = x.cast<float>();
    const Matrix<float> narrow_t = t.cast<float>();
    EXPECT_LT(root_mean_square(residual(fit(narrow, narrow_t, 0), narrow.cast<double>(),
                                        narrow_t.cast<double>())),
              10 * single);
}

TEST(RidgeFactor, shards_agree_up_to_rounding_and_one_may_be_empty) {
    Matrix<double> x = random_matrix(6, 90, 14, 0.0);
    x.row(2).array() += 1e6;
    x.leftCols(30).row(3).array() += 100.0;  // one shard's data lie elsewhere
    const auto t = random_matrix(2, 90, 15);
    const Matrix<double> one = fit(x, t, 0.5, 1);
    EXPECT_LT((fit(x, t, 0.5, 2) - one).leftCols(6).cwiseAbs().maxCoeff(), 1e-9);
    EXPECT_LT((fit(x, t, 0.5, 3) - one).leftCols(6).cwiseAbs().maxCoeff(), 1e-9);
    const Matrix<double> few = x.leftCols(2);
    const Matrix<double> few_t = t.leftCols(2);
    EXPECT_LT((fit(few, few_t, 0.5, 3) - fit(few, few_t, 0.5, 1)).leftCols(6).norm(), 1e-9);
}

TEST(RidgeFactor, moments_at_its_center_give_the_same_solution) {
    Matrix<double> x = random_matrix(8, 120, 16);
    x.row(0).array() += 1e5;
    const auto t = random_matrix(3, 120, 17);
    const NormalEquations equations = equations_of(x, t);
    const RidgeFactor factor(equations, 0.1, exact);
    NormalEquations moments(factor.center(0), 3);
    moments.add<double>(x.leftCols(50), t.leftCols(50));
    moments.add<double>(x.rightCols(70), t.rightCols(70));
    const Matrix<double> solution = factor.solve(equations);
    EXPECT_LT((factor.solve(moments) - solution).topRows(8).norm(), 1e-12 * solution.norm());
    for (Index m = 0; m < solution.cols(); ++m) {
        EXPECT_LT((factor.solve(equations, {m, m + 1}) - solution.col(m)).norm(),
                  1e-12 * solution.norm());
    }
    EXPECT_EQ(factor.solve(equations, {1, 1}).cols(), 0);
}

TEST(RidgeFactor, constant_inputs_have_no_weights) {
    // The best fit is the mean of the targets.
    for (double level : {1.0, 0.1, 1e-3, 255.0, 1e6 / 3}) {
        for (Index shards : {1, 2, 3}) {
            Matrix<double> x = Matrix<double>::Constant(12, 500, level);
            x.bottomRows(4).setZero();
            const auto t = random_matrix(3, 500, 6);
            const Matrix<double> weights = fit(x, t, 0, shards);
            EXPECT_EQ(weights.leftCols(12).norm(), 0) << level;
            EXPECT_LT((weights.col(12) - t.rowwise().mean()).norm(), 1e-14);
            EXPECT_EQ(fit<float>(x.cast<float>(), t.cast<float>(), 0, shards).leftCols(12).norm(),
                      0);
        }
    }
}

TEST(RidgeFactor, repeated_and_dead_inputs_without_a_ridge_fit_as_well_as_the_rest_alone) {
    const auto base = random_matrix(10, 80, 7);
    const auto t = random_matrix(3, 80, 8);
    Matrix<double> x(23, 80);
    x << base, 1e4 * base, Matrix<double>::Zero(2, 80), Matrix<double>::Constant(1, 80, 0.7);
    const double alone = residual(fit(base, t, 0), base, t).squaredNorm();
    EXPECT_NEAR(residual(fit(x, t, 0), x, t).squaredNorm(), alone, 1e-12 * alone);
    EXPECT_NEAR(residual(fit<float>(x.cast<float>(), t.cast<float>(), 0), x, t).squaredNorm(),
                alone, 1e-4 * alone);
}

TEST(RidgeFactor, fewer_samples_than_inputs_without_a_ridge_interpolate_with_small_weights) {
    const auto x = random_matrix(40, 15, 9);
    const auto t = random_matrix(2, 15, 10);
    const Matrix<double> weights = fit(x, t, 0);
    EXPECT_LT(residual(weights, x, t).cwiseAbs().maxCoeff(), 1e-12);
    const Matrix<double> least = fit_by_qr(x, t, 1e-9);
    EXPECT_LT(weights.norm(), 1.2 * least.norm());
    const Matrix<double> narrow = fit<float>(x.cast<float>(), t.cast<float>(), 1e-10);
    EXPECT_LT(residual(narrow, x, t).cwiseAbs().maxCoeff(), 1e-4);
    EXPECT_LT(narrow.norm(), 1.2 * least.norm());
}

TEST(RidgeFactor, a_single_sample_is_met_by_the_bias) {
    const auto x = random_matrix(5, 1, 18);
    const auto t = random_matrix(2, 1, 19);
    for (double kappa : {0.0, 1.0}) {
        const Matrix<double> weights = fit(x, t, kappa);
        EXPECT_EQ(weights.leftCols(5).norm(), 0);
        EXPECT_EQ(weights.col(5), t.col(0));
    }
}

TEST(RidgeFactor, the_shift_is_zero_but_where_the_problem_is_singular_to_the_precision) {
    const auto x = random_matrix(10, 300, 20);
    EXPECT_EQ(RidgeFactor(equations_of(x, x), 0, exact).shift(), 0);
    const Matrix<float> narrow = x.cast<float>();
    EXPECT_EQ(RidgeFactor(equations_of<float>(narrow, narrow), 0, single).shift(), 0);
    Matrix<double> nearly = x;
    nearly.row(9) = nearly.row(8) + 1e-5 * x.row(9);  // told apart in double alone
    EXPECT_EQ(RidgeFactor(equations_of(nearly, x), 0, exact).shift(), 0);
    const Matrix<float> repeated = nearly.cast<float>();
    const double shift = RidgeFactor(equations_of<float>(repeated, narrow), 0, single).shift();
    EXPECT_GT(shift, 0);
    EXPECT_LT(shift, 1e-5);
    EXPECT_EQ(RidgeFactor(equations_of<float>(repeated, narrow), 1.0, single).shift(), 0);
}

TEST(RidgeFactor, refuses_what_is_not_finite) {
    const auto x = random_matrix(4, 30, 21);
    for (double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        NormalEquations broken = equations_of(x, x);
        broken.values()[3] = bad;
        EXPECT_THROW(RidgeFactor(broken, 1, exact), NumericalError);
    }
    const Matrix<float> large = 1e30F * x.cast<float>();
    EXPECT_THROW(RidgeFactor(equations_of<float>(large, large), 1, single), NumericalError);
    const NormalEquations equations = equations_of(x, x);
    EXPECT_THROW(RidgeFactor(equations, -1, exact), Defect);
    EXPECT_THROW(RidgeFactor(NormalEquations(4, 4), 0, exact), Defect);
    EXPECT_THROW(RidgeFactor(equations, 0, exact).solve(NormalEquations(3, 1)), Defect);
}

}  // namespace
}  // namespace hoist
