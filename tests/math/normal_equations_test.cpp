#include "hoist/math/normal_equations.hpp"

#include <gtest/gtest.h>

#include <random>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

template <typename Scalar>
Matrix<Scalar> random_matrix(Index rows, Index cols, unsigned seed, double mean = 0.3) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal(mean, 1);
    return Matrix<Scalar>::NullaryExpr(rows, cols,
                                       [&] { return static_cast<Scalar>(normal(engine)); });
}

/// In double, its rows' means taken from it.
template <typename Scalar>
Matrix<double> centered(const Matrix<Scalar>& x) {
    const Matrix<double> all = x.template cast<double>();
    // About the first column first, so that the mean of large numbers keeps its digits.
    const Matrix<double> away = all.colwise() - all.col(0);
    return away.colwise() - away.rowwise().mean();
}

template <typename Scalar>
class NormalEquationsOf : public testing::Test {
  protected:
    static constexpr double tolerance = std::is_same_v<Scalar, float> ? 2e-6 : 1e-14;

    static void expect_dense(const NormalEquations& equations, const Matrix<Scalar>& x,
                             const Matrix<Scalar>& t, double offset = 0.0) {
        const Matrix<double> one = centered(x);
        const Matrix<double> other = centered(t);
        const Matrix<double> gram = one.lazyProduct(one.transpose());
        const Matrix<double> moment = one.lazyProduct(other.transpose());
        const double scale = (tolerance + 1e-16 * std::abs(offset)) * static_cast<double>(x.cols());
        const Matrix<double> lower = gram.template triangularView<Eigen::Lower>();
        EXPECT_LT((equations.gram() - lower).cwiseAbs().maxCoeff(), 3 * scale);
        EXPECT_LT((equations.moment() - moment).cwiseAbs().maxCoeff(), 3 * scale);
        EXPECT_EQ(equations.counts()[0], static_cast<double>(x.cols()));
        const Vector<double> inputs = x.template cast<double>().rowwise().mean();
        const Vector<double> targets = t.template cast<double>().rowwise().mean();
        // A block's columns are rounded once more where something is taken from them.
        const double mean = std::is_same_v<Scalar, float> ? 1e-7 : 1e-14;
        EXPECT_LT((equations.input_means().col(0) - inputs).norm(), mean + 1e-14 * inputs.norm());
        EXPECT_LT((equations.target_means().col(0) - targets).norm(),
                  mean + 1e-14 * targets.norm());
    }
};

using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(NormalEquationsOf, Scalars);

TYPED_TEST(NormalEquationsOf, a_block_are_the_dense_products_about_the_means) {
    for (Index n : {1, 2, 17, 100, 300}) {
        for (Index m : {1, 10, 131}) {
            const auto x = random_matrix<TypeParam>(n, 60, 1);
            const auto t = random_matrix<TypeParam>(m, 60, 2);
            NormalEquations equations(n, m);
            equations.add<TypeParam>(x, t);
            this->expect_dense(equations, x, t);
        }
    }
}

TYPED_TEST(NormalEquationsOf, several_blocks_are_those_of_all_columns) {
    const auto x = random_matrix<TypeParam>(70, 501, 3);
    const auto t = random_matrix<TypeParam>(9, 501, 4);
    NormalEquations equations(70, 9);
    equations.add<TypeParam>(x.leftCols(200), t.leftCols(200));
    equations.add<TypeParam>(x.middleCols(200, 0), t.middleCols(200, 0));
    equations.add<TypeParam>(x.middleCols(200, 1), t.middleCols(200, 1));
    equations.add<TypeParam>(x.rightCols(300), t.rightCols(300));
    this->expect_dense(equations, x, t);
}

TYPED_TEST(NormalEquationsOf, a_block_of_many_columns_is_that_of_its_parts) {
    const auto x = random_matrix<TypeParam>(5, 3000, 5);
    const auto t = random_matrix<TypeParam>(2, 3000, 6);
    NormalEquations equations(5, 2);
    equations.add<TypeParam>(x, t);
    this->expect_dense(equations, x, t);
}

TYPED_TEST(NormalEquationsOf, offsets_cost_no_digits) {
    // Offsets that a float holds with its data exactly: multiples of 1/8.
    const auto eighths = [](Matrix<TypeParam> a) {
        return Matrix<TypeParam>((a * TypeParam{8}).array().round() / TypeParam{8});
    };
    for (double offset : {1e3, -1e5, 1e6}) {
        Matrix<TypeParam> x = eighths(random_matrix<TypeParam>(20, 700, 7));
        Matrix<TypeParam> t = eighths(random_matrix<TypeParam>(6, 700, 8));
        x.topRows(9).array() += static_cast<TypeParam>(offset);
        t.topRows(3).array() -= static_cast<TypeParam>(offset);
        NormalEquations equations(20, 6);
        for (Index begin = 0; begin < 700; begin += 100) {
            equations.add<TypeParam>(x.middleCols(begin, 100), t.middleCols(begin, 100));
        }
        this->expect_dense(equations, x, t, offset);
    }
}

TYPED_TEST(NormalEquationsOf, data_that_drift_from_block_to_block_keep_their_digits) {
    Matrix<TypeParam> x = random_matrix<TypeParam>(6, 1000, 9);
    const auto t = random_matrix<TypeParam>(2, 1000, 10);
    for (Index j = 0; j < 1000; ++j) {
        x(0, j) = static_cast<TypeParam>(j / 100 % 3 * 1000) + x(1, j);
    }
    NormalEquations equations(6, 2);
    for (Index begin = 0; begin < 1000; begin += 50) {
        equations.add<TypeParam>(x.middleCols(begin, 50), t.middleCols(begin, 50));
    }
    const Matrix<double> y = centered(x);
    const Matrix<double> gram = y.lazyProduct(y.transpose());
    const double exact = 1e-14 * gram(0, 0);
    EXPECT_NEAR(equations.gram()(1, 0), gram(1, 0), exact + 3e-3 * this->tolerance * 1e6);
    EXPECT_NEAR(equations.gram()(0, 0), gram(0, 0), exact + 3e-3 * this->tolerance * 1e6);
}

TYPED_TEST(NormalEquationsOf, constant_inputs_have_no_variance_to_the_last_digit) {
    for (double level : {0.0, 1.0, 0.1, 1e6 / 3, -7e-9}) {
        Matrix<TypeParam> x = random_matrix<TypeParam>(3, 1001, 11);
        x.row(1).setConstant(static_cast<TypeParam>(level));
        const auto t = random_matrix<TypeParam>(2, 1001, 12);
        NormalEquations equations(3, 2);
        for (Index begin = 0; begin < 1001; begin += 77) {
            equations.add<TypeParam>(x.middleCols(begin, 77), t.middleCols(begin, 77));
        }
        const double rounding = std::numeric_limits<TypeParam>::epsilon() * level;
        EXPECT_LE(equations.gram()(1, 1), 1001 * rounding * rounding) << level;
        EXPECT_NEAR(equations.input_means()(1, 0), static_cast<TypeParam>(level),
                    4e-16 * std::abs(level));
    }
}

TYPED_TEST(NormalEquationsOf, rows_of_a_larger_matrix_are_those_of_a_copy) {
    const auto x = random_matrix<TypeParam>(90, 40, 5);
    const auto t = random_matrix<TypeParam>(30, 40, 6);
    NormalEquations part(50, 20);
    part.add<TypeParam>(x.middleRows(7, 50), t.middleRows(5, 20));
    this->expect_dense(part, x.middleRows(7, 50), t.middleRows(5, 20));
}

TYPED_TEST(NormalEquationsOf, a_moment_about_known_means_is_that_with_the_gram_matrix) {
    for (double offset : {0.0, 1e5}) {
        const auto x = random_matrix<TypeParam>(12, 250, 13, offset);
        const auto t = random_matrix<TypeParam>(3, 250, 14, -offset);
        NormalEquations whole(12, 3);
        whole.add<TypeParam>(x.leftCols(130), t.leftCols(130));
        whole.add<TypeParam>(x.rightCols(120), t.rightCols(120));
        InputCenter center{whole.input_means().col(0), Vector<double>::Zero(12)};
        if (offset > 0.0) {
            center.reference = center.mean.cast<TypeParam>().template cast<double>();
        }
        NormalEquations alone(center, 3);
        alone.add<TypeParam>(x.leftCols(130), t.leftCols(130));
        alone.add<TypeParam>(x.rightCols(120), t.rightCols(120));
        EXPECT_EQ(alone.values().size(), 12 * 3 + 3);
        EXPECT_LT((alone.moment() - whole.moment()).cwiseAbs().maxCoeff(),
                  250 * 10 * this->tolerance + 1e-9 * (offset > 0.0));
        EXPECT_LT((alone.target_means() - whole.target_means()).cwiseAbs().maxCoeff(),
                  1e-14 * (1.0 + offset));
        EXPECT_THROW(alone.gram(), Defect);
        EXPECT_THROW(alone.add_gram<TypeParam>(x), Defect);
    }
}

TEST(NormalEquations, every_shard_has_places_for_its_means) {
    const auto x = random_matrix<double>(40, 300, 7);
    const auto t = random_matrix<double>(5, 300, 8);
    NormalEquations sum(40, 5, {0, 3});
    NormalEquations second(40, 5, {2, 3});
    sum.add<double>(x.leftCols(110), t.leftCols(110));
    second.add<double>(x.rightCols(190), t.rightCols(190));
    ASSERT_EQ(static_cast<double>(sum.values().size()), NormalEquations::size(40, 5, 3));
    for (std::size_t i = 0; i < sum.values().size(); ++i) {
        sum.values()[i] += second.values()[i];
    }
    EXPECT_EQ(sum.counts(), (Vector<double>(3) << 110, 0, 190).finished());
    EXPECT_LT((sum.input_means().col(2) - x.rightCols(190).rowwise().mean()).norm(), 1e-14);
    EXPECT_EQ(sum.target_means().col(1).norm(), 0);
    const Matrix<double> a = centered<double>(x.leftCols(110));
    const Matrix<double> b = centered<double>(x.rightCols(190));
    const Matrix<double> gram = a * a.transpose() + b * b.transpose();
    EXPECT_LT((sum.gram() - Matrix<double>(gram.triangularView<Eigen::Lower>())).norm(), 1e-11);
}

TEST(NormalEquations, sums_over_blocks_keep_the_digits_that_single_precision_would_lose) {
    // 3,000 blocks of two columns, each with 2 * 0.1f * 0.1f: a sum in float would be off by about
    // 1e-5.
    Matrix<float> x(1, 2);
    x << 0.1F, -0.1F;
    NormalEquations equations(1, 1);
    for (int block = 0; block < 3000; ++block) {
        equations.add<float>(x, x);
    }
    const double square = 0.1F * 0.1F;
    EXPECT_NEAR(equations.gram()(0, 0), 6000 * square, 1e-9);
    EXPECT_EQ(equations.counts()[0], 6000);
    EXPECT_NEAR(equations.moment()(0, 0), 6000 * square, 1e-9);
}

TEST(NormalEquations, are_zero_after_clear_and_after_an_empty_block) {
    const auto x = random_matrix<float>(8, 20, 11, 1e4);
    NormalEquations equations(8, 8);
    equations.add<float>(x.leftCols(0), x.leftCols(0));
    EXPECT_TRUE(std::ranges::all_of(equations.values(), [](double v) { return v == 0; }));
    equations.add<float>(x, x);
    const Matrix<double> first = equations.gram();
    equations.clear();
    EXPECT_TRUE(std::ranges::all_of(equations.values(), [](double v) { return v == 0; }));
    equations.add<float>(x, x);
    EXPECT_EQ(equations.gram(), first);  // nothing of what was before remains
}

TEST(NormalEquations, refuse_blocks_of_another_size) {
    NormalEquations equations(4, 2);
    const Matrix<float> x = Matrix<float>::Zero(4, 5);
    EXPECT_THROW(equations.add<float>(x, Matrix<float>::Zero(2, 6)), Defect);
    EXPECT_THROW(equations.add<float>(x, Matrix<float>::Zero(3, 5)), Defect);
    EXPECT_THROW(equations.add_gram<float>(x.topRows(3)), Defect);
    EXPECT_THROW(NormalEquations(0, 1), Defect);
    EXPECT_THROW(NormalEquations(1, 1, {2, 2}), Defect);
}

}  // namespace
}  // namespace hoist
