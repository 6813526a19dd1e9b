#include "hoist/math/normal_equations.hpp"

#include <gtest/gtest.h>

#include <random>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

template <typename Scalar>
Matrix<Scalar> random_matrix(Index rows, Index cols, unsigned seed) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal(0.3, 1);
    return Matrix<Scalar>::NullaryExpr(rows, cols,
                                       [&] { return static_cast<Scalar>(normal(engine)); });
}

/// [X;1] in double.
template <typename Scalar>
Matrix<double> augmented(const Matrix<Scalar>& x) {
    Matrix<double> result(x.rows() + 1, x.cols());
    result << x.template cast<double>(), Matrix<double>::Ones(1, x.cols());
    return result;
}

template <typename Scalar>
class NormalEquationsOf : public testing::Test {
  protected:
    static constexpr double tolerance = std::is_same_v<Scalar, float> ? 2e-6 : 1e-14;

    static void expect_dense(const NormalEquations& equations, const Matrix<Scalar>& x,
                             const Matrix<Scalar>& t) {
        const Matrix<double> one = augmented(x);
        const Matrix<double> gram = one.lazyProduct(one.transpose());
        const Matrix<double> moment = one.lazyProduct(t.template cast<double>().transpose());
        const double scale = tolerance * static_cast<double>(x.cols());
        const Matrix<double> lower = gram.triangularView<Eigen::Lower>();
        EXPECT_LT((equations.gram() - lower).cwiseAbs().maxCoeff(), 3 * scale);
        EXPECT_LT((equations.moment() - moment).cwiseAbs().maxCoeff(), 3 * scale);
    }
};

using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(NormalEquationsOf, Scalars);

TYPED_TEST(NormalEquationsOf, a_block_are_the_dense_products_with_a_row_of_ones) {
    for (Index n : {1, 2, 17, 100, 300}) {
        for (Index m : {1, 10, 131}) {
            const auto x = random_matrix<TypeParam>(n, 60, 1);
            const auto t = random_matrix<TypeParam>(m, 60, 2);
            NormalEquations equations(n, m, NormalEquations::Gram::included);
            equations.add<TypeParam>(x, t);
            this->expect_dense(equations, x, t);
        }
    }
}

TYPED_TEST(NormalEquationsOf, several_blocks_are_those_of_all_columns) {
    const auto x = random_matrix<TypeParam>(70, 501, 3);
    const auto t = random_matrix<TypeParam>(9, 501, 4);
    NormalEquations equations(70, 9, NormalEquations::Gram::included);
    equations.add<TypeParam>(x.leftCols(200), t.leftCols(200));
    equations.add<TypeParam>(x.middleCols(200, 0), t.middleCols(200, 0));
    equations.add<TypeParam>(x.middleCols(200, 1), t.middleCols(200, 1));
    equations.add_gram<TypeParam>(x.rightCols(300));
    equations.add_moment<TypeParam>(x.rightCols(300), t.rightCols(300));
    this->expect_dense(equations, x, t);
}

TYPED_TEST(NormalEquationsOf, rows_of_a_larger_matrix_are_those_of_a_copy) {
    const auto x = random_matrix<TypeParam>(90, 40, 5);
    const auto t = random_matrix<TypeParam>(30, 40, 6);
    NormalEquations part(50, 20, NormalEquations::Gram::included);
    part.add<TypeParam>(x.middleRows(7, 50), t.middleRows(5, 20));
    this->expect_dense(part, x.middleRows(7, 50), t.middleRows(5, 20));
}

TEST(NormalEquations, the_buffers_of_two_shards_add_up_to_the_buffer_of_the_whole) {
    const auto x = random_matrix<double>(40, 300, 7);
    const auto t = random_matrix<double>(5, 300, 8);
    NormalEquations whole(40, 5, NormalEquations::Gram::included);
    NormalEquations first = whole;
    NormalEquations second = whole;
    whole.add<double>(x, t);
    first.add<double>(x.leftCols(110), t.leftCols(110));
    second.add<double>(x.rightCols(190), t.rightCols(190));
    ASSERT_EQ(whole.values().size(), 41 * (41 + 5));
    for (std::size_t i = 0; i < whole.values().size(); ++i) {
        EXPECT_NEAR(first.values()[i] + second.values()[i], whole.values()[i], 1e-11);
    }
}

TEST(NormalEquations, sums_over_blocks_keep_the_digits_that_single_precision_would_lose) {
    // 3,000 blocks of one column, each adding 0.1f * 0.1f: a sum in float would be off by about
    // 1e-5.
    const Matrix<float> x = Matrix<float>::Constant(1, 1, 0.1F);
    NormalEquations equations(1, 1, NormalEquations::Gram::included);
    for (int block = 0; block < 3000; ++block) {
        equations.add<float>(x, x);
    }
    EXPECT_NEAR(equations.gram()(0, 0), 3000 * static_cast<double>(0.1F * 0.1F), 1e-10);
    EXPECT_NEAR(equations.gram()(1, 0), 3000 * static_cast<double>(0.1F), 1e-10);
    EXPECT_EQ(equations.gram()(1, 1), 3000);
    EXPECT_NEAR(equations.moment()(0, 0), 3000 * static_cast<double>(0.1F * 0.1F), 1e-10);
}

TEST(NormalEquations, with_a_constant_gram_matrix_hold_the_moment_alone) {
    const auto x = random_matrix<double>(12, 50, 9);
    const auto t = random_matrix<double>(3, 50, 10);
    NormalEquations equations(12, 3, NormalEquations::Gram::constant);
    equations.add_moment<double>(x, t);
    EXPECT_EQ(equations.values().size(), 13 * 3);
    EXPECT_LT((equations.moment() - augmented(x) * t.transpose()).cwiseAbs().maxCoeff(), 1e-12);
    EXPECT_THROW(equations.gram(), Defect);
    EXPECT_THROW(equations.add_gram<double>(x), Defect);
    EXPECT_THROW(equations.add<double>(x, t), Defect);
}

TEST(NormalEquations, are_zero_after_clear_and_after_an_empty_block) {
    const auto x = random_matrix<float>(8, 20, 11);
    NormalEquations equations(8, 8, NormalEquations::Gram::included);
    equations.add<float>(x.leftCols(0), x.leftCols(0));
    EXPECT_TRUE(std::ranges::all_of(equations.values(), [](double v) { return v == 0; }));
    equations.add<float>(x, x);
    equations.clear();
    EXPECT_TRUE(std::ranges::all_of(equations.values(), [](double v) { return v == 0; }));
}

TEST(NormalEquations, refuse_blocks_of_another_size) {
    NormalEquations equations(4, 2, NormalEquations::Gram::included);
    const Matrix<float> x = Matrix<float>::Zero(4, 5);
    EXPECT_THROW(equations.add<float>(x, Matrix<float>::Zero(2, 6)), Defect);
    EXPECT_THROW(equations.add<float>(x, Matrix<float>::Zero(3, 5)), Defect);
    EXPECT_THROW(equations.add_gram<float>(x.topRows(3)), Defect);
    EXPECT_THROW(NormalEquations(0, 1, NormalEquations::Gram::included), Defect);
}

}  // namespace
}  // namespace hoist
