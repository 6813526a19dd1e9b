#include "hoist/math/spectral_norm.hpp"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace hoist {
namespace {

Matrix<double> random_matrix(Index rows, Index cols, unsigned seed) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal(0, 1);
    return Matrix<double>::NullaryExpr(rows, cols, [&] { return normal(engine); });
}

double largest_singular_value(const Matrix<double>& w) {
    return Eigen::JacobiSVD<Matrix<double>>(w).singularValues()[0];
}

// A matrix with these singular values and vectors in no particular direction.
Matrix<double> with_values(const Vector<double>& values, unsigned seed) {
    const Index n = values.size();
    const Matrix<double> left =
        Eigen::HouseholderQR<Matrix<double>>(random_matrix(n, n, seed)).householderQ();
    const Matrix<double> right =
        Eigen::HouseholderQR<Matrix<double>>(random_matrix(n, n, seed + 1)).householderQ();
    return left * values.asDiagonal() * right.transpose();
}

void expect_norm(const Matrix<double>& w, double exact) {
    for (const double tolerance : {1e-1, 1e-3, 1e-6, 1e-12}) {
        const double found = spectral_norm<double>(w, tolerance);
        EXPECT_LE(found, exact * (1 + 1e-12)) << tolerance;
        EXPECT_GE(found * (1 + std::max(tolerance, 1e-10)), exact * (1 - 1e-12)) << tolerance;
    }
    EXPECT_GE(spectral_norm_bound<double>(w), exact * (1 - 1e-12));
    EXPECT_LE(spectral_norm_bound<double>(w), 1.01 * exact * (1 + 1e-12));
}

TEST(SpectralNorm, is_the_largest_singular_value) {
    unsigned seed = 0;
    for (const auto& [rows, cols] : {std::pair<Index, Index>{1, 1},
                                     {3, 3},
                                     {7, 2},
                                     {2, 7},
                                     {40, 40},
                                     {60, 25},
                                     {25, 60},
                                     {130, 140},
                                     {1, 50},
                                     {50, 1}}) {
        SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(cols));
        const auto w = random_matrix(rows, cols, ++seed);
        const double exact = largest_singular_value(w);
        expect_norm(w, exact);
        EXPECT_NEAR(spectral_norm<double>(w), exact, 1e-6 * exact);
        const Matrix<float> single = w.cast<float>();
        EXPECT_GE(spectral_norm_bound<float>(single),
                  largest_singular_value(single.cast<double>()));
    }
}

TEST(SpectralNorm, is_bounded_whatever_the_spectrum) {
    constexpr Index n = 100;
    Vector<double> values = Vector<double>::Ones(n);
    expect_norm(with_values(values, 1), 1);
    for (const double outlier : {1.0001, 1.01, 1.02, 1.5, 100.0}) {
        SCOPED_TRACE(outlier);
        values[n - 1] = outlier;
        expect_norm(values.asDiagonal(), outlier);
        expect_norm(with_values(values, 2), outlier);
    }
    Vector<double> cluster = Vector<double>::LinSpaced(n, 1, 1.001);
    expect_norm(with_values(cluster, 3), 1.001);
    expect_norm(cluster.asDiagonal(), 1.001);
    cluster.head(n / 2).setZero();
    expect_norm(with_values(cluster, 4), 1.001);
    for (Index i = 0; i < n; ++i) cluster[i] = std::pow(0.7, i);
    expect_norm(with_values(cluster, 5), 1);
    expect_norm(Matrix<double>::Ones(20, 30), std::sqrt(600));
    Matrix<double> single = Matrix<double>::Zero(5, 8);
    single(4, 7) = -2;
    expect_norm(single, 2);
}

// The identity in all directions but one, to which the vector that the search starts from has no
// part.
TEST(SpectralNorm, is_bounded_where_the_start_is_orthogonal_to_the_largest_direction) {
    constexpr Index n = 60;
    std::mt19937_64 engine;
    const Vector<double> start =
        Vector<double>::NullaryExpr(n, [&] { return static_cast<double>(engine()) / 0x1p63 - 1; });
    Vector<double> direction = random_matrix(n, 1, 6);
    direction -= start * (start.dot(direction) / start.squaredNorm());
    direction.normalize();
    for (const double outlier : {1.05, 1.5, 40.0}) {
        const Matrix<double> w =
            Matrix<double>::Identity(n, n) + (outlier - 1) * direction * direction.transpose();
        expect_norm(w, outlier);
    }
}

TEST(SpectralNorm, of_an_empty_or_zero_matrix_is_zero) {
    EXPECT_EQ(spectral_norm<double>(Matrix<double>::Zero(4, 6)), 0);
    EXPECT_EQ(spectral_norm<float>(Matrix<float>(0, 6)), 0);
    EXPECT_EQ(spectral_norm<float>(Matrix<float>(6, 0)), 0);
}

TEST(SpectralNorm, neither_overflows_nor_vanishes_nor_hides_a_nan) {
    const auto w = random_matrix(6, 4, 3);
    const double norm = spectral_norm<double>(w);
    EXPECT_NEAR(spectral_norm<double>(w * 0x1p-900), norm * 0x1p-900, 1e-12 * norm * 0x1p-900);
    EXPECT_NEAR(spectral_norm<double>(w * 0x1p900), norm * 0x1p900, 1e-12 * norm * 0x1p900);
    Matrix<double> broken = w;
    broken(2, 2) = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(std::isnan(spectral_norm<double>(broken)));
    EXPECT_TRUE(std::isnan(spectral_norm_bound<double>(broken)));
    broken(2, 2) = std::numeric_limits<double>::infinity();
    EXPECT_TRUE(std::isinf(spectral_norm_bound<double>(broken)));
    const Matrix<float> large = 1e38F * Matrix<float>::Ones(2, 2);
    EXPECT_NEAR(spectral_norm<float>(large), 2e38, 1e32);
}

TEST(ProvenSpectralNorm, is_never_below_and_hardly_above) {
    for (const auto& [rows, cols] :
         {std::pair<Index, Index>{1, 1}, {1, 9}, {10, 64}, {64, 10}, {40, 40}, {64, 784}}) {
        for (const double size : {1e-20, 1.0, 1e12}) {
            const Matrix<double> w = size * random_matrix(rows, cols, 5);
            const double exact = largest_singular_value(w);
            EXPECT_GE(proven_spectral_norm<double>(w), exact * (1 - 1e-14));
            EXPECT_LE(proven_spectral_norm<double>(w), exact * (1 + 1e-8));
        }
    }
    // Equal singular values, which a power method does not tell apart.
    const Matrix<double> equal = with_values(Vector<double>::Ones(30), 9);
    EXPECT_GE(proven_spectral_norm<double>(equal), 1.0 - 1e-15);
    EXPECT_LE(proven_spectral_norm<double>(equal), 1.0 + 1e-8);
    EXPECT_EQ(proven_spectral_norm<double>(Matrix<double>::Zero(3, 4)), 0.0);
    Matrix<double> broken = random_matrix(3, 3, 1);
    broken(1, 1) = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(std::isinf(proven_spectral_norm<double>(broken)));
}

TEST(LimitedSpectralNorm, cuts_what_is_above_and_leaves_the_rest) {
    const Vector<double> values = Vector<double>::LinSpaced(6, 0.25, 1.5);
    Matrix<double> w = with_values(values, 3);
    const Eigen::JacobiSVD<Matrix<double>> before(w, Eigen::ComputeFullU | Eigen::ComputeFullV);
    limit_spectral_norm<double>(w, 1.0);
    // The nearest matrix: the same vectors, and the least of each value and the limit (Mirsky 1960).
    const Matrix<double> nearest = before.matrixU() *
                                   before.singularValues().cwiseMin(1.0).asDiagonal() *
                                   before.matrixV().transpose();
    EXPECT_LT((w - nearest).cwiseAbs().maxCoeff(), 1e-12);
    EXPECT_LE(largest_singular_value(w), 1.0);
    const Matrix<double> once = w;
    limit_spectral_norm<double>(w, 1.0);
    EXPECT_EQ(w, once);
}

TEST(LimitedSpectralNorm, holds_in_float_for_wide_and_tall_matrices) {
    for (const auto& [rows, cols] : {std::pair<Index, Index>{10, 64}, {64, 10}, {1, 5}, {30, 30}}) {
        Matrix<float> w = random_matrix(rows, cols, 8).cast<float>();
        limit_spectral_norm<float>(w, 0.7);
        EXPECT_LE(proven_spectral_norm<float>(w), 0.7);
        EXPECT_GE(spectral_norm<float>(w), 0.7 * (1 - 1e-5));
        const Matrix<float> once = w;
        limit_spectral_norm<float>(w, 0.7);
        EXPECT_EQ(w, once);
    }
}

}  // namespace
}  // namespace hoist
