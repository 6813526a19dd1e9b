#include "hoist/math/orthogonal.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <limits>
#include <random>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

template <typename Scalar>
Matrix<Scalar> random_matrix(Index rows, Index cols, std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal;
    return Matrix<Scalar>::NullaryExpr(rows, cols,
                                       [&] { return static_cast<Scalar>(normal(engine)); });
}

// How far from orthonormal the fewer of rows and columns are.
template <typename Scalar>
double deviation(const Matrix<Scalar>& w) {
    const Matrix<double> exact = w.template cast<double>();
    const Matrix<double> gram = w.rows() <= w.cols() ? Matrix<double>(exact * exact.transpose())
                                                     : Matrix<double>(exact.transpose() * exact);
    return (gram - Matrix<double>::Identity(gram.rows(), gram.cols())).cwiseAbs().maxCoeff();
}

TEST(MakeOrthogonal, leaves_orthonormal_rows_or_columns_whichever_are_fewer) {
    for (const auto& [rows, cols] :
         {std::pair<Index, Index>{5, 5}, {3, 8}, {9, 4}, {1, 6}, {6, 1}, {1, 1}, {40, 30}}) {
        Matrix<double> w = random_matrix<double>(rows, cols, 3);
        make_orthogonal(w);
        EXPECT_LT(deviation(w), 1e-13) << rows << " x " << cols;
        Matrix<float> coarse = random_matrix<float>(rows, cols, 3);
        make_orthogonal(coarse);
        EXPECT_LT(deviation(coarse), 1e-6) << rows << " x " << cols;
    }
}

TEST(MakeOrthogonal, gives_the_nearest_such_matrix) {
    const Matrix<double> w = random_matrix<double>(4, 7, 5);
    Matrix<double> nearest = w;
    make_orthogonal(nearest);
    const double distance = (w - nearest).norm();
    for (std::uint64_t seed = 10; seed < 60; ++seed) {
        const double size = seed % 2 == 0 ? 1.0 : 1e-2;
        Matrix<double> other = nearest + size * random_matrix<double>(4, 7, seed);
        make_orthogonal(other);
        EXPECT_GE((w - other).norm(), distance);
    }
}

TEST(MakeOrthogonal, changes_nothing_that_is_orthonormal) {
    Matrix<double> w = random_matrix<double>(6, 4, 7);
    make_orthogonal(w);
    const Matrix<double> before = w;
    make_orthogonal(w);
    EXPECT_LT((w - before).cwiseAbs().maxCoeff(), 1e-14);
}

TEST(MakeOrthogonal, does_not_depend_on_the_scale) {
    Matrix<double> w = random_matrix<double>(4, 4, 9);
    Matrix<double> tiny = 1e-20 * w;
    make_orthogonal(w);
    make_orthogonal(tiny);
    EXPECT_LT((w - tiny).cwiseAbs().maxCoeff(), 1e-13);
}

TEST(MakeOrthogonal, refuses_what_is_not_finite) {
    for (const double broken :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        for (const Index place : {Index{0}, Index{19}}) {
            Matrix<double> w = random_matrix<double>(4, 5, 1);
            w(place) = broken;
            EXPECT_THROW(make_orthogonal(w), NumericalError);
            Matrix<float> coarse = w.cast<float>();
            EXPECT_THROW(make_orthogonal(coarse), NumericalError);
        }
    }
    Matrix<double> large = 1e300 * random_matrix<double>(4, 5, 1);
    make_orthogonal(large);
    EXPECT_LT(deviation(large), 1e-13);
}

TEST(MakeOrthogonal, gives_some_orthonormal_matrix_where_rank_is_missing) {
    Matrix<double> w = random_matrix<double>(5, 2, 1) * random_matrix<double>(2, 6, 2);
    make_orthogonal(w);
    EXPECT_LT(deviation(w), 1e-13);
    Matrix<double> zero = Matrix<double>::Zero(3, 4);
    make_orthogonal(zero);
    EXPECT_LT(deviation(zero), 1e-13);
}

}  // namespace
}  // namespace hoist
