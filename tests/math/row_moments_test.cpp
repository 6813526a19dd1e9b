#include "hoist/math/row_moments.hpp"

#include <gtest/gtest.h>

#include "support/random_matrix.hpp"

namespace hoist {
namespace {

TEST(RowMoments, are_the_mean_and_the_mean_square_of_the_distance_from_it) {
    for (const Index columns : {1, 2, 300, 20000}) {  // in several pieces, too
        Matrix<double> v = random_matrix(3, columns, 1);
        v.row(1).array() += 1e4;
        v.row(2).setConstant(7.0);
        const RowMoments<double> moments = row_moments<double>(v);
        const RowMoments<float> single = row_moments<float>(v.cast<float>());
        for (Index i = 0; i < 3; ++i) {
            const double mean = v.row(i).mean();
            const double variance = (v.row(i).array() - mean).square().mean();
            EXPECT_NEAR(moments.mean[i], mean, 1e-12 * (1.0 + std::abs(mean)));
            EXPECT_NEAR(moments.variance[i], variance, 1e-8 * (1.0 + variance));
            // What float leaves of numbers near 1e4 is known to 5e-4.
            EXPECT_NEAR(single.mean[i], mean, 1e-6 * (1.0 + std::abs(mean)));
            EXPECT_NEAR(single.variance[i], variance, 2e-3 * (1.0 + variance));
        }
    }
}

TEST(RowMoments, standardize_rows_to_mean_shift_and_deviation_one) {
    Matrix<double> v = 5.0 * random_matrix(4, 5000, 2);
    v.colwise() += random_matrix(4, 1, 3).col(0);
    const Vector<double> shift = random_matrix(4, 1, 4);
    standardize<double>(row_moments<double>(v), shift, v);
    const RowMoments<double> after = row_moments<double>(v);
    EXPECT_LT((after.mean - shift).cwiseAbs().maxCoeff(), 1e-12);
    EXPECT_LT((after.variance.array() - 1.0).abs().maxCoeff(), 1e-5);

    Matrix<float> same = Matrix<float>::Constant(2, 9, 3.0F);
    standardize<float>(row_moments<float>(same), Vector<float>::Zero(2), same);
    EXPECT_EQ(same.cwiseAbs().maxCoeff(), 0.0F);
}

// <e, u(v)> as a function of v and of the shift.
TEST(RowMoments, pull_back_the_derivative_of_what_they_standardize) {
    const Matrix<double> v = 0.3 * random_matrix(3, 7, 5);
    const Vector<double> shift = random_matrix(3, 1, 6);
    const Matrix<double> e = random_matrix(3, 7, 7);
    const auto value = [&](const Matrix<double>& at, const Vector<double>& b) {
        Matrix<double> u = at;
        standardize<double>(row_moments<double>(at), b, u);
        return u.cwiseProduct(e).sum();
    };
    const RowMoments<double> moments = row_moments<double>(v);
    Matrix<double> u = v;
    standardize<double>(moments, shift, u);
    Matrix<double> s = e;
    const Vector<double> slope = pull_back_standardized<double>(moments, shift, u, s);
    constexpr double step = 1e-5;
    for (Index i = 0; i < v.size(); ++i) {
        Matrix<double> up = v;
        Matrix<double> down = v;
        up.data()[i] += step;
        down.data()[i] -= step;
        EXPECT_NEAR(s.data()[i], (value(up, shift) - value(down, shift)) / (2.0 * step), 1e-8);
    }
    EXPECT_LT((slope - e.rowwise().sum()).cwiseAbs().maxCoeff(), 1e-14);
    EXPECT_LT(s.rowwise().sum().cwiseAbs().maxCoeff(), 1e-13);
}

}  // namespace
}  // namespace hoist
