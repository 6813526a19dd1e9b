#include "hoist/math/spectral_norm.hpp"

#include <gtest/gtest.h>

#include <Eigen/SVD>
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

TEST(SpectralNorm, is_the_largest_singular_value) {
    unsigned seed = 0;
    for (const auto& [rows, cols] : {std::pair<Index, Index>{1, 1},
                                     {3, 3},
                                     {7, 2},
                                     {2, 7},
                                     {40, 40},
                                     {60, 25},
                                     {25, 60},
                                     {1, 50},
                                     {50, 1}}) {
        const auto w = random_matrix(rows, cols, ++seed);
        const double exact = largest_singular_value(w);
        const double found = spectral_norm<double>(w);
        EXPECT_NEAR(found, exact, 1e-3 * exact) << rows << " x " << cols;
        EXPECT_LE(found, exact * (1 + 1e-12));
        EXPECT_NEAR(spectral_norm<double>(w, 1e-14), exact, 1e-9 * exact);
        EXPECT_NEAR(spectral_norm<float>(w.cast<float>(), 1e-14), exact, 1e-6 * exact);
    }
}

TEST(SpectralNorm, is_found_where_the_largest_value_stands_out_or_is_repeated) {
    EXPECT_NEAR(spectral_norm<double>(Matrix<double>::Identity(9, 9) * 3), 3, 1e-14);
    Matrix<double> w = Matrix<double>::Zero(5, 8);
    w(4, 7) = -2;
    w(0, 0) = 1;
    EXPECT_NEAR(spectral_norm<double>(w), 2, 1e-5);
    EXPECT_NEAR(spectral_norm<double>(Matrix<double>::Ones(20, 30)), std::sqrt(600), 1e-12);
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
}

}  // namespace
}  // namespace hoist
