#include "hoist/math/compressed_columns.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

template <typename Scalar>
Matrix<Scalar> random_matrix(Index rows, Index columns, std::mt19937_64& engine) {
    std::uniform_real_distribution<Scalar> entry(-1, 1);
    return Matrix<Scalar>::NullaryExpr(rows, columns, [&](Index, Index) { return entry(engine); });
}

template <typename Scalar>
Matrix<Scalar> sparse_matrix(Index rows, Index columns, double density, std::mt19937_64& engine) {
    std::bernoulli_distribution kept(density);
    std::uniform_real_distribution<Scalar> entry(Scalar(0.5), Scalar(1));
    return Matrix<Scalar>::NullaryExpr(
        rows, columns, [&](Index, Index) { return kept(engine) ? entry(engine) : Scalar(0); });
}

template <typename Scalar>
CompressedColumns<Scalar> compressed(const Matrix<Scalar>& x) {
    CompressedColumns<Scalar> columns(x.rows());
    columns.append(x);
    return columns;
}

template <typename Scalar>
Matrix<Scalar> dense(const CompressedColumns<Scalar>& columns) {
    Matrix<Scalar> x(columns.rows(), columns.cols());
    columns.decompress(x);
    return x;
}

/// Whether `value` is A B + C up to the rounding of a sum: |error| <= (terms + 2) eps (|A| |B| +
/// |C|) entry by entry, A B + C computed in extended precision (Higham 2002, section 3.1).
template <typename Scalar>
::testing::AssertionResult is_product(const Matrix<Scalar>& value, const Matrix<Scalar>& a,
                                      const Matrix<Scalar>& b, const Matrix<Scalar>& c) {
    using Exact = Matrix<long double>;
    const Exact left = a.template cast<long double>();
    const Exact right = b.template cast<long double>();
    const Exact start = c.template cast<long double>();
    const Exact expected = left.lazyProduct(right) + start;
    const Exact magnitude = left.cwiseAbs().lazyProduct(right.cwiseAbs()) + start.cwiseAbs();
    const long double bound = static_cast<long double>(a.cols() + 2) *
                              static_cast<long double>(std::numeric_limits<Scalar>::epsilon());
    for (Index j = 0; j < expected.cols(); ++j) {
        for (Index i = 0; i < expected.rows(); ++i) {
            const long double error =
                std::abs(static_cast<long double>(value(i, j)) - expected(i, j));
            if (!(error <= bound * magnitude(i, j))) {
                return ::testing::AssertionFailure()
                       << "entry (" << i << ", " << j << ") is " << value(i, j) << ", not "
                       << static_cast<double>(expected(i, j));
            }
        }
    }
    return ::testing::AssertionSuccess();
}

template <typename Scalar>
void expect_products(const Matrix<Scalar>& x, Index m, std::mt19937_64& engine) {
    const CompressedColumns<Scalar> columns = compressed(x);
    const Matrix<Scalar> weights = random_matrix<Scalar>(m, x.rows(), engine);
    const Vector<Scalar> bias = random_matrix<Scalar>(m, 1, engine);
    Matrix<Scalar> u =
        Matrix<Scalar>::Constant(m, x.cols(), std::numeric_limits<Scalar>::quiet_NaN());
    columns.apply(weights, bias, u);
    EXPECT_TRUE(is_product<Scalar>(u, weights, x, bias.replicate(1, x.cols())));

    const Matrix<Scalar> s = random_matrix<Scalar>(m, x.cols(), engine);
    const Matrix<Scalar> start = random_matrix<Scalar>(m, x.rows(), engine);
    for (int time = 0; time < 2; ++time) {  // the second one reuses the storage of the first
        Matrix<Scalar> g = start;
        columns.add_moment(s, g);
        EXPECT_TRUE(is_product<Scalar>(g, s, x.transpose(), start));
    }
}

template <typename Scalar>
class CompressedColumnsOf : public ::testing::Test {};
using Scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(CompressedColumnsOf, Scalars);

TYPED_TEST(CompressedColumnsOf, products_are_the_dense_ones_for_any_number_of_rows_of_the_factor) {
    std::mt19937_64 engine(1);
    const Matrix<TypeParam> x = sparse_matrix<TypeParam>(37, 11, 0.2, engine);
    for (Index m = 1; m <= 70; ++m) {
        SCOPED_TRACE(m);
        expect_products<TypeParam>(x, m, engine);
    }
    for (const Index m : {300, 384, 385, 600, 1000}) {
        SCOPED_TRACE(m);
        expect_products<TypeParam>(x, m, engine);
    }
}

TYPED_TEST(CompressedColumnsOf, products_are_the_dense_ones_at_any_density) {
    std::mt19937_64 engine(2);
    for (const double density : {0.0, 0.01, 0.5, 1.0}) {
        SCOPED_TRACE(density);
        expect_products<TypeParam>(sparse_matrix<TypeParam>(64, 30, density, engine), 23, engine);
    }
}

TYPED_TEST(CompressedColumnsOf, a_moment_of_more_columns_than_one_pass_takes_is_the_dense_one) {
    std::mt19937_64 engine(3);
    expect_products<TypeParam>(sparse_matrix<TypeParam>(5, 900, 0.3, engine), 400, engine);
}

TYPED_TEST(CompressedColumnsOf, products_work_on_blocks_of_larger_matrices) {
    std::mt19937_64 engine(4);
    const Index m = 21;
    const Matrix<TypeParam> x = sparse_matrix<TypeParam>(40, 17, 0.3, engine);
    const Matrix<TypeParam> weights = random_matrix<TypeParam>(m + 9, 40, engine);
    const Vector<TypeParam> bias = random_matrix<TypeParam>(m, 1, engine);
    const CompressedColumns<TypeParam> columns = compressed(x);
    Matrix<TypeParam> u = Matrix<TypeParam>::Constant(m + 5, 19, 7);
    columns.apply(weights.middleRows(3, m), bias, u.block(2, 1, m, 17));
    EXPECT_TRUE(is_product<TypeParam>(u.block(2, 1, m, 17), weights.middleRows(3, m), x,
                                      bias.replicate(1, 17)));
    u.block(2, 1, m, 17).setConstant(7);
    EXPECT_TRUE((u.array() == 7).all());

    const Matrix<TypeParam> s = random_matrix<TypeParam>(m + 4, 17, engine);
    Matrix<TypeParam> g = Matrix<TypeParam>::Zero(m + 7, 42);
    columns.add_moment(s.middleRows(1, m), g.block(6, 1, m, 40));
    EXPECT_TRUE(is_product<TypeParam>(g.block(6, 1, m, 40), s.middleRows(1, m), x.transpose(),
                                      Matrix<TypeParam>::Zero(m, 40)));
    g.block(6, 1, m, 40).setZero();
    EXPECT_TRUE((g.array() == 0).all());
}

TYPED_TEST(CompressedColumnsOf, each_row_of_a_product_is_the_same_whichever_rows_come_with_it) {
    std::mt19937_64 engine(5);
    const Matrix<TypeParam> x = sparse_matrix<TypeParam>(50, 20, 0.4, engine);
    const CompressedColumns<TypeParam> columns = compressed(x);
    const Matrix<TypeParam> weights = random_matrix<TypeParam>(405, 50, engine);
    const Vector<TypeParam> bias = random_matrix<TypeParam>(405, 1, engine);
    const Matrix<TypeParam> s = random_matrix<TypeParam>(405, 20, engine);
    Matrix<TypeParam> u(405, 20);
    Matrix<TypeParam> g = Matrix<TypeParam>::Zero(405, 50);
    columns.apply(weights, bias, u);
    columns.add_moment(s, g);
    for (const Range rows : {Range{0, 64}, Range{100, 133}, Range{390, 405}}) {
        Matrix<TypeParam> u_rows(rows.size(), 20);
        Matrix<TypeParam> g_rows = Matrix<TypeParam>::Zero(rows.size(), 50);
        columns.apply(weights.middleRows(rows.begin, rows.size()),
                      bias.segment(rows.begin, rows.size()), u_rows);
        columns.add_moment(s.middleRows(rows.begin, rows.size()), g_rows);
        EXPECT_EQ(u_rows, u.middleRows(rows.begin, rows.size()));
        EXPECT_EQ(g_rows, g.middleRows(rows.begin, rows.size()));
    }
}

TYPED_TEST(CompressedColumnsOf, the_product_of_some_columns_is_a_part_of_the_whole) {
    std::mt19937_64 engine(12);
    const CompressedColumns<TypeParam> columns =
        compressed(sparse_matrix<TypeParam>(50, 20, 0.4, engine));
    const Matrix<TypeParam> weights = random_matrix<TypeParam>(33, 50, engine);
    const Vector<TypeParam> bias = random_matrix<TypeParam>(33, 1, engine);
    Matrix<TypeParam> u(33, 20);
    columns.apply(weights, bias, u);
    for (const Range some : {Range{0, 1}, Range{3, 17}, Range{19, 20}, Range{20, 20}}) {
        Matrix<TypeParam> part(33, some.size());
        columns.apply(weights, bias, some, part);
        EXPECT_EQ(part, u.middleCols(some.begin, some.size()));
    }
}

TYPED_TEST(CompressedColumnsOf, many_rows_with_few_numbers_are_multiplied_as_the_dense_ones) {
    constexpr Index rows = 70000;
    std::mt19937_64 engine(6);
    std::uniform_int_distribution<Index> row(0, rows - 1);
    Matrix<TypeParam> x = Matrix<TypeParam>::Zero(rows, 6);
    x(0, 1) = 2;
    x(rows - 1, 1) = -3;
    x(65536, 2) = 1;
    for (int k = 0; k < 40; ++k) {
        x(row(engine), k % 5) = static_cast<TypeParam>(k + 1);
    }
    const CompressedColumns<TypeParam> columns = compressed(x);
    EXPECT_EQ(dense(columns), x);
    const Matrix<TypeParam> weights = random_matrix<TypeParam>(9, rows, engine);
    Matrix<TypeParam> u(9, 6);
    columns.apply(weights, Vector<TypeParam>::Zero(9), u);
    // At most 10 numbers of a column are not zero: |error| <= 10 eps |W| |x| < 10 eps 400.
    const Matrix<double> expected = weights.template cast<double>() * x.template cast<double>();
    EXPECT_LT((u.template cast<double>() - expected).cwiseAbs().maxCoeff(),
              4000 * std::numeric_limits<TypeParam>::epsilon());

    Matrix<TypeParam> g = Matrix<TypeParam>::Zero(9, rows);
    const Matrix<TypeParam> s = Matrix<TypeParam>::Ones(9, 6);
    columns.add_moment(s, g);
    EXPECT_EQ(g, (x.rowwise().sum().transpose().replicate(9, 1)));
}

TYPED_TEST(CompressedColumnsOf, what_is_appended_comes_back) {
    std::mt19937_64 engine(7);
    for (const Index rows : {1, 31, 32, 33, 100}) {
        for (const double density : {0.0, 0.02, 0.5, 1.0}) {
            const Matrix<TypeParam> x = sparse_matrix<TypeParam>(rows, 13, density, engine);
            const CompressedColumns<TypeParam> columns = compressed(x);
            EXPECT_EQ(dense(columns), x);
            EXPECT_EQ(columns.nonzeros(), static_cast<std::size_t>((x.array() != 0).count()));
            EXPECT_DOUBLE_EQ(columns.density(), static_cast<double>(columns.nonzeros()) /
                                                    static_cast<double>(x.size()));
        }
    }
}

TYPED_TEST(CompressedColumnsOf, appended_in_pieces_equals_appended_at_once) {
    std::mt19937_64 engine(8);
    const Matrix<TypeParam> x = sparse_matrix<TypeParam>(45, 20, 0.3, engine);
    CompressedColumns<TypeParam> pieces(45);
    pieces.append(x.leftCols(3));
    pieces.append(x.middleCols(3, 0));
    pieces.append(x.middleCols(3, 1));
    pieces.append(x.rightCols(16));
    EXPECT_EQ(pieces.cols(), 20);
    EXPECT_EQ(pieces.nonzeros(), compressed(x).nonzeros());
    EXPECT_EQ(dense(pieces), x);
}

TYPED_TEST(CompressedColumnsOf, rows_of_a_block_are_appended_without_their_neighbors) {
    std::mt19937_64 engine(9);
    const Matrix<TypeParam> x = sparse_matrix<TypeParam>(45, 20, 0.3, engine);
    CompressedColumns<TypeParam> part(30);
    part.append(x.block(7, 2, 30, 9));
    EXPECT_EQ(dense(part), (x.block(7, 2, 30, 9)));
}

TYPED_TEST(CompressedColumnsOf, gathered_columns_are_the_dense_ones_in_the_order_asked) {
    std::mt19937_64 engine(10);
    const Matrix<TypeParam> x = sparse_matrix<TypeParam>(45, 20, 0.3, engine);
    const CompressedColumns<TypeParam> all = compressed(x);
    const std::vector<Index> chosen{19, 0, 7, 7, 3};
    CompressedColumns<TypeParam> batch(45);
    batch.append(all, chosen);
    EXPECT_EQ(dense(batch), x(Eigen::all, chosen));
    batch.append(all, std::vector<Index>{1});
    EXPECT_EQ(dense(batch).rightCols(1), x.col(1));
    EXPECT_EQ(batch.cols(), 6);
}

TYPED_TEST(CompressedColumnsOf, batches_reuse_their_storage) {
    std::mt19937_64 engine(11);
    const Matrix<TypeParam> x = sparse_matrix<TypeParam>(45, 64, 0.3, engine);
    const CompressedColumns<TypeParam> all = compressed(x);
    std::vector<Index> order(64);
    std::iota(order.begin(), order.end(), Index{0});
    const Matrix<TypeParam> s = random_matrix<TypeParam>(12, 64, engine);
    CompressedColumns<TypeParam> batch(45);
    batch.append(all, order);
    Matrix<TypeParam> g = Matrix<TypeParam>::Zero(12, 45);
    batch.add_moment(s, g);
    const std::size_t held = batch.bytes();
    for (int epoch = 0; epoch < 3; ++epoch) {
        std::ranges::shuffle(order, engine);
        for (Index first = 0; first < 64; first += 16) {
            const std::span part = std::span(order).subspan(static_cast<std::size_t>(first), 16);
            batch.clear();
            EXPECT_EQ(batch.cols(), 0);
            EXPECT_EQ(batch.nonzeros(), 0U);
            batch.append(all, part);
            EXPECT_EQ(dense(batch), x(Eigen::all, std::vector<Index>(part.begin(), part.end())));
            batch.add_moment(s.leftCols(16), g);
        }
        EXPECT_LE(batch.bytes(), held);
    }
}

TYPED_TEST(CompressedColumnsOf, numbers_that_are_not_numbers_are_kept) {
    Matrix<TypeParam> x = Matrix<TypeParam>::Zero(40, 1);
    x(3, 0) = std::numeric_limits<TypeParam>::quiet_NaN();
    x(35, 0) = std::numeric_limits<TypeParam>::denorm_min();
    x(39, 0) = -std::numeric_limits<TypeParam>::infinity();
    const CompressedColumns<TypeParam> columns = compressed(x);
    EXPECT_EQ(columns.nonzeros(), 3U);
    EXPECT_TRUE(std::isnan(dense(columns)(3, 0)));
    EXPECT_EQ(dense(columns).bottomRows(5), x.bottomRows(5));
}

TYPED_TEST(CompressedColumnsOf, no_columns_and_no_rows_give_the_bias_or_nothing) {
    std::mt19937_64 engine(12);
    CompressedColumns<TypeParam> none(8);
    EXPECT_EQ(none.cols(), 0);
    EXPECT_EQ(none.density(), 0.0);
    expect_products<TypeParam>(Matrix<TypeParam>(8, 0), 5, engine);
    expect_products<TypeParam>(Matrix<TypeParam>(0, 4), 5, engine);
    expect_products<TypeParam>(Matrix<TypeParam>::Zero(8, 4), 0, engine);
}

TEST(CompressedColumns, storage_is_in_proportion_to_the_numbers_that_are_not_zero) {
    std::mt19937_64 engine(13);
    const Matrix<float> x = sparse_matrix<float>(1000, 50, 0.1, engine);
    const CompressedColumns<float> columns = compressed(x);
    const std::size_t numbers = columns.nonzeros() * (sizeof(float) + sizeof(std::uint32_t));
    EXPECT_GE(columns.bytes(), numbers);
    EXPECT_LE(columns.bytes(), numbers + 52 * sizeof(std::size_t));
}

TEST(CompressedColumns, dense_data_are_not_worthwhile_and_images_on_black_are) {
    EXPECT_TRUE(CompressedColumns<float>::worthwhile(0.0, 300));
    EXPECT_TRUE(CompressedColumns<float>::worthwhile(0.19, 300));
    EXPECT_FALSE(CompressedColumns<float>::worthwhile(0.5, 300));
    EXPECT_FALSE(CompressedColumns<double>::worthwhile(1.0, 300));
}

TEST(CompressedColumns, sizes_that_do_not_fit_are_refused) {
    CompressedColumns<float> columns = compressed<float>(Matrix<float>::Ones(4, 3));
    const CompressedColumns<float> other(5);
    const std::vector<Index> third{2};
    const std::vector<Index> fourth{3};
    const std::vector<Index> negative{-1};
    EXPECT_THROW(CompressedColumns<float>(-1), Defect);
    EXPECT_THROW(CompressedColumns<float>(Index{1} << 32), Defect);
    EXPECT_THROW(columns.append(Matrix<float>::Ones(5, 1)), Defect);
    EXPECT_THROW(columns.append(columns, third), Defect);
    EXPECT_THROW(columns.append(other, {}), Defect);
    CompressedColumns<float> batch(4);
    EXPECT_NO_THROW(batch.append(columns, third));
    EXPECT_THROW(batch.append(columns, fourth), Defect);
    EXPECT_THROW(batch.append(columns, negative), Defect);
    Matrix<float> u(2, 3);
    Matrix<float> x(4, 2);
    EXPECT_THROW(columns.apply(Matrix<float>::Ones(2, 5), Vector<float>::Ones(2), u), Defect);
    EXPECT_THROW(columns.apply(Matrix<float>::Ones(2, 4), Vector<float>::Ones(3), u), Defect);
    EXPECT_THROW(columns.apply(Matrix<float>::Ones(3, 4), Vector<float>::Ones(3), u), Defect);
    EXPECT_THROW(columns.add_moment(Matrix<float>::Ones(2, 2), x), Defect);
    EXPECT_THROW(columns.add_moment(Matrix<float>::Ones(2, 3), x), Defect);
    EXPECT_THROW(columns.decompress(x), Defect);
}

}  // namespace
}  // namespace hoist
