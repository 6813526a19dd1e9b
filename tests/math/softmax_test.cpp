#include "hoist/math/softmax.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

Matrix<double> random_matrix(Index rows, Index cols, unsigned seed) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal(0, 3);
    return Matrix<double>::NullaryExpr(rows, cols, [&] { return normal(engine); });
}

Matrix<double> softmax_of(const Matrix<double>& u) {
    Matrix<double> p(u.rows(), u.cols());
    softmax<double>(u, p);
    return p;
}

TEST(Softmax, is_the_normalized_exponential_of_each_column) {
    const auto u = random_matrix(10, 25, 1);
    const auto p = softmax_of(u);
    for (Index j = 0; j < u.cols(); ++j) {
        double sum = 0;
        for (Index i = 0; i < u.rows(); ++i) {
            sum += std::exp(u(i, j));
        }
        for (Index i = 0; i < u.rows(); ++i) {
            EXPECT_NEAR(p(i, j), std::exp(u(i, j)) / sum, 1e-15);
        }
    }
}

TEST(Softmax, works_in_place_on_blocks_and_in_single_precision) {
    const auto u = random_matrix(10, 25, 2);
    const Matrix<double> p = softmax_of(u);
    Matrix<double> whole = u;
    softmax<double>(whole.middleCols(3, 7), whole.middleCols(3, 7));
    EXPECT_EQ(whole.middleCols(3, 7), p.middleCols(3, 7));
    EXPECT_EQ(whole.leftCols(3), u.leftCols(3));
    Matrix<float> single = u.cast<float>();
    softmax<float>(single, single);
    EXPECT_LT((single.cast<double>() - p).cwiseAbs().maxCoeff(), 1e-6);
}

TEST(Softmax, gives_the_same_digits_wherever_a_column_lies) {
    const Matrix<float> u = random_matrix(11, 1, 3).cast<float>();
    Matrix<float> first(11, 1);
    softmax<float>(u, first);
    for (Index offset = 0; offset < 9; ++offset) {
        Matrix<float> shifted = Matrix<float>::Zero(20, 1);
        shifted.middleRows(offset, 11) = u;
        softmax<float>(shifted.middleRows(offset, 11), shifted.middleRows(offset, 11));
        EXPECT_EQ(shifted.middleRows(offset, 11), first) << offset;
    }
}

TEST(Softmax, does_not_overflow_for_large_scores) {
    Matrix<double> u(3, 3);
    u << 1e4, -1e4, 1e4, -1e4, -1e4, 1e4, 0, -1e4, -1e4;
    Matrix<double> expected(3, 3);
    expected << 1, 1.0 / 3, 0.5, 0, 1.0 / 3, 0.5, 0, 1.0 / 3, 0;
    EXPECT_LT((softmax_of(u) - expected).cwiseAbs().maxCoeff(), 1e-15);
    Matrix<float> single = u.cast<float>();
    softmax<float>(single, single);
    EXPECT_LT((single.cast<double>() - expected).cwiseAbs().maxCoeff(), 1e-7);
}

TEST(CrossEntropy, is_the_mean_negative_logarithm_of_softmax) {
    const auto u = random_matrix(6, 40, 4);
    const auto y = softmax_of(random_matrix(6, 40, 5));
    const auto p = softmax_of(u);
    const Vector<double> loss = cross_entropy<double>(y, u);
    const Vector<double> single = cross_entropy<float>(y.cast<float>(), u.cast<float>());
    for (Index j = 0; j < u.cols(); ++j) {
        double expected = 0;
        for (Index i = 0; i < u.rows(); ++i) {
            expected -= y(i, j) * std::log(p(i, j));
        }
        EXPECT_NEAR(loss[j], expected, 1e-13);
        EXPECT_NEAR(single[j], expected, 1e-5);
    }
}

TEST(CrossEntropy, has_the_gradient_softmax_minus_labels) {
    const auto u = random_matrix(5, 20, 6);
    const auto y = softmax_of(random_matrix(5, 20, 7));
    const auto p = softmax_of(u);
    constexpr double h = 1e-5;
    for (Index i = 0; i < u.rows(); ++i) {
        Matrix<double> above = u;
        Matrix<double> below = u;
        above.row(i).array() += h;
        below.row(i).array() -= h;
        const Vector<double> difference =
            (cross_entropy<double>(y, above) - cross_entropy<double>(y, below)) / (2 * h);
        EXPECT_LT((difference - (p - y).row(i).transpose()).cwiseAbs().maxCoeff(), 1e-9);
    }
}

TEST(CrossEntropy, is_finite_and_linear_far_from_the_label) {
    Matrix<double> u(2, 2);
    u << 1e4, -1e4, -1e4, 1e4;
    Matrix<double> y(2, 2);
    y << 1, 1, 0, 0;
    const Vector<double> loss = cross_entropy<double>(y, u);
    EXPECT_EQ(loss[0], 0);
    EXPECT_DOUBLE_EQ(loss[1], 2e4);
}

TEST(CrossEntropy, refuses_labels_of_another_size) {
    EXPECT_THROW(cross_entropy<double>(Matrix<double>::Zero(3, 2), Matrix<double>::Zero(2, 2)),
                 Defect);
    Matrix<double> p(2, 2);
    EXPECT_THROW(softmax<double>(Matrix<double>::Zero(3, 2), p), Defect);
}

}  // namespace
}  // namespace hoist
