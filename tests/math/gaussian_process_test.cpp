#include "hoist/math/gaussian_process.hpp"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>
#include <numbers>
#include <random>

#include "hoist/base/error.hpp"
#include "hoist/math/quasi_random.hpp"

namespace hoist {
namespace {

struct Values {
    Matrix<double> points;
    Vector<double> values;
};

/// Normal values at uniform points of the unit cube.
Values random_values(Index dimensions, Index count, unsigned seed) {
    std::mt19937_64 engine(seed);
    std::uniform_real_distribution<double> uniform;
    std::normal_distribution<double> normal;
    return {Matrix<double>::NullaryExpr(dimensions, count, [&] { return uniform(engine); }),
            Vector<double>::NullaryExpr(count, [&] { return 3.0 + 2.0 * normal(engine); })};
}

GaussianPrior some_prior(double noise) {
    return {1.5, 2.5, Vector<double>{{0.3, 0.8, 1.7}}, noise};
}

/// The covariance of two points, written out from its definition.
double matern(const GaussianPrior& prior, const Vector<double>& a, const Vector<double>& b) {
    double squares = 0.0;
    for (Index i = 0; i < a.size(); ++i) {
        squares += std::pow((a[i] - b[i]) / prior.lengths[i], 2);
    }
    const double r = std::sqrt(squares);
    return prior.variance * (1.0 + std::sqrt(5.0) * r + 5.0 * r * r / 3.0) *
           std::exp(-std::sqrt(5.0) * r);
}

Matrix<double> dense_covariance(const GaussianPrior& prior, const Matrix<double>& points) {
    Matrix<double> k(points.cols(), points.cols());
    for (Index i = 0; i < k.rows(); ++i) {
        for (Index j = 0; j < k.cols(); ++j) {
            k(i, j) = matern(prior, points.col(i), points.col(j)) + (i == j ? prior.noise : 0.0);
        }
    }
    return k;
}

/// By inverse and determinant.
double brute_log_likelihood(const GaussianPrior& prior, const Values& known) {
    const Matrix<double> k = dense_covariance(prior, known.points);
    const Vector<double> r = known.values.array() - prior.mean;
    return -0.5 * r.dot(k.inverse() * r) - 0.5 * std::log(k.determinant()) -
           0.5 * static_cast<double>(r.size()) * std::log(2.0 * std::numbers::pi);
}

TEST(GaussianProcess, agrees_with_the_formulas_by_inverse_and_determinant) {
    const Values known = random_values(3, 9, 1);
    const Values asked = random_values(3, 20, 2);
    for (const double noise : {0.05, 1.0}) {
        const GaussianPrior prior = some_prior(noise);
        const GaussianProcess process(prior, known.points, known.values);
        const auto [mean, deviation] = process.predict(asked.points);
        const Matrix<double> inverse = dense_covariance(prior, known.points).inverse();
        for (Index j = 0; j < asked.points.cols(); ++j) {
            Vector<double> k(known.values.size());
            for (Index i = 0; i < k.size(); ++i) {
                k[i] = matern(prior, known.points.col(i), asked.points.col(j));
            }
            const Vector<double> residuals = known.values.array() - prior.mean;
            EXPECT_NEAR(mean[j], prior.mean + k.dot(inverse * residuals), 1e-10);
            EXPECT_NEAR(deviation[j] * deviation[j], prior.variance - k.dot(inverse * k), 1e-10);
        }
        EXPECT_NEAR(process.log_likelihood(), brute_log_likelihood(prior, known), 1e-9);
    }
}

TEST(GaussianProcess, of_one_value_has_a_closed_form) {
    const GaussianPrior prior{0.0, 4.0, Vector<double>{{0.5}}, 1.0};
    const GaussianProcess process(prior, Matrix<double>::Constant(1, 1, 0.2),
                                  Vector<double>::Constant(1, 3.0));
    const auto [mean, deviation] = process.predict(Matrix<double>::Constant(1, 1, 0.2));
    // Precisions 1/4 and 1 add up.
    EXPECT_NEAR(mean[0], 3.0 * 4.0 / 5.0, 1e-14);
    EXPECT_NEAR(deviation[0] * deviation[0], 4.0 / 5.0, 1e-14);
    EXPECT_NEAR(process.log_likelihood(),
                -0.5 * (9.0 / 5.0 + std::log(5.0) + std::log(2.0 * std::numbers::pi)), 1e-14);
}

TEST(GaussianProcess, without_noise_passes_through_its_values) {
    const Values known = random_values(3, 12, 3);
    const GaussianProcess process(some_prior(0.0), known.points, known.values);
    const auto [mean, deviation] = process.predict(known.points);
    EXPECT_LT((mean - known.values).cwiseAbs().maxCoeff(), 1e-9);
    EXPECT_LT(deviation.maxCoeff(), 1e-6);
}

TEST(GaussianProcess, far_away_knows_only_its_prior) {
    const Values known = random_values(3, 12, 4);
    const GaussianPrior prior = some_prior(0.1);
    const GaussianProcess process(prior, known.points, known.values);
    const auto [mean, deviation] = process.predict(Matrix<double>::Constant(3, 1, 200.0));
    EXPECT_NEAR(mean[0], prior.mean, 1e-12);
    EXPECT_NEAR(deviation[0], std::sqrt(prior.variance), 1e-12);
}

TEST(GaussianProcess, bears_points_that_coincide) {
    Matrix<double> points = Matrix<double>::Constant(3, 4, 0.5);
    points(0, 3) = 0.9;
    const GaussianProcess process(some_prior(0.0), points, Vector<double>{{1.0, 1.0, 1.0, 2.0}});
    EXPECT_NEAR(process.predict(points).mean[0], 1.0, 1e-3);
}

TEST(GaussianProcess, refuses_what_is_not_finite_and_other_sizes) {
    const Values known = random_values(3, 4, 5);
    EXPECT_THROW(GaussianProcess(some_prior(0.0), known.points, known.values.head(3)), Defect);
    Matrix<double> infinite = known.points;
    infinite(0, 0) = NAN;
    EXPECT_THROW(GaussianProcess(some_prior(0.0), infinite, known.values), Defect);
    GaussianPrior flat = some_prior(0.0);
    flat.lengths[1] = 0.0;
    EXPECT_THROW(GaussianProcess(flat, known.points, known.values), Defect);
}

TEST(MostLikelyPrior, is_not_beaten_by_a_random_prior_within_the_bounds) {
    std::mt19937_64 engine(6);
    std::uniform_real_distribution<double> uniform;
    const auto between = [&](double low, double high) {
        return low * std::pow(high / low, uniform(engine));
    };
    for (const unsigned seed : {7U, 8U, 9U}) {
        Values known = random_values(3, 15, seed);
        known.values += 20.0 * (6.0 * known.points.row(0).transpose().array()).sin().matrix();
        const GaussianPrior best = most_likely_prior(known.points, known.values);
        const double most = brute_log_likelihood(best, known);
        for (int trial = 0; trial < 2000; ++trial) {
            GaussianPrior other = best;
            const bool near = trial % 2 == 0;
            for (double& length : other.lengths) {
                length = near ? std::clamp(length * between(0.8, 1.25), 0.05, 20.0)
                              : between(0.05, 20.0);
            }
            other.variance *= between(0.5, 2.0);
            other.mean += uniform(engine) - 0.5;
            other.noise = other.variance * between(1e-6, 1.0);
            EXPECT_LE(brute_log_likelihood(other, known), most + 1e-3);
        }
    }
}

TEST(MostLikelyPrior, tells_coordinates_that_matter_from_those_that_do_not) {
    Values known = random_values(3, 40, 10);
    known.values = (5.0 * known.points.row(1).transpose().array()).sin();
    const GaussianPrior prior = most_likely_prior(known.points, known.values);
    EXPECT_LT(10.0 * prior.lengths[1], prior.lengths[0]);
    EXPECT_LT(10.0 * prior.lengths[1], prior.lengths[2]);
    EXPECT_LT(prior.noise, 1e-3 * prior.variance);
}

TEST(MostLikelyPrior, finds_the_noise_of_noisy_values) {
    Values known = random_values(1, 60, 11);
    const Vector<double> noise = (known.values.array() - 3.0) * 0.1;  // deviation 0.2
    known.values = 3.0 * known.points.row(0).transpose() + noise;
    const GaussianPrior prior = most_likely_prior(known.points, known.values);
    EXPECT_GT(std::sqrt(prior.noise), 0.13);
    EXPECT_LT(std::sqrt(prior.noise), 0.27);
}

TEST(MostLikelyPrior, bears_equal_values) {
    const Values known = random_values(2, 5, 12);
    const GaussianPrior prior = most_likely_prior(known.points, Vector<double>::Constant(5, 7.0));
    EXPECT_NEAR(prior.mean, 7.0, 1e-12);
    const GaussianProcess process(prior, known.points, Vector<double>::Constant(5, 7.0));
    EXPECT_NEAR(process.predict(Matrix<double>::Constant(2, 1, 0.3)).mean[0], 7.0, 1e-6);
}

TEST(QuasiRandomPoints, fill_the_cube_more_evenly_than_random_ones_can) {
    // Of the first 2^k points from a multiple of 2^k on, every slab of width 2^-k holds exactly one.
    const Matrix<double> points = quasi_random_points(4, 64);
    EXPECT_GE(points.minCoeff(), 0.0);
    EXPECT_LE(points.maxCoeff(), 1.0);
    for (Index i = 0; i < points.rows(); ++i) {
        Eigen::VectorXi slabs = Eigen::VectorXi::Zero(8);
        for (Index j = 0; j < 64; ++j) {
            ++slabs[static_cast<Index>(points(i, j) * 8.0)];
        }
        EXPECT_GE(slabs.minCoeff(), 7);
        EXPECT_LE(slabs.maxCoeff(), 9);
    }
    EXPECT_EQ(quasi_random_points(4, 10, 54), points.rightCols(10));
}

}  // namespace
}  // namespace hoist
