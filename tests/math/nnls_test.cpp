#include "hoist/math/nnls.hpp"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

template <typename Scalar>
constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();

template <typename Scalar>
Matrix<Scalar> random_normal(Index rows, Index columns, std::mt19937_64& engine) {
    std::normal_distribution<double> normal;
    return Matrix<Scalar>::NullaryExpr(
        rows, columns, [&](Index, Index) { return static_cast<Scalar>(normal(engine)); });
}

/// A = I + ratio W'W with He-random weights W, and c = u + ratio W't, t the relu of a normal
/// vector.
template <typename Scalar>
struct Problem {
    Matrix<Scalar> a;
    Matrix<Scalar> c;

    Problem(Index size, Index columns, std::uint64_t seed, Scalar ratio = 1) {
        std::mt19937_64 engine(seed);
        const Matrix<Scalar> weights =
            random_normal<Scalar>(size, size, engine) *
            static_cast<Scalar>(std::sqrt(2.0 / static_cast<double>(size)));
        const Matrix<Scalar> target = random_normal<Scalar>(size, columns, engine).cwiseMax(0);
        a = ratio * weights.transpose() * weights;
        a.diagonal().array() += 1;
        c = random_normal<Scalar>(size, columns, engine);
        c += ratio * weights.transpose() * target;
    }
};

/// Zero bounds, boxes and no bounds; [1, 2] does not hold the zeros that pad the last block of
/// coordinates.
template <typename Scalar>
std::vector<Bounds<Scalar>> every_kind_of_bounds() {
    return {{0, infinity<Scalar>},
            {-1, 1},
            {0, 1},
            {1, 2},
            {-infinity<Scalar>, Scalar(0.5)},
            {Scalar(0.25), Scalar(0.25)},
            {-infinity<Scalar>, infinity<Scalar>}};
}

struct Shape {
    Index size;
    Index columns;
};

// Around the widths of blocks (4, 8), vectors (2 to 16) and panels (6 to 48 columns).
const std::vector<Shape> shapes = {{1, 1},  {1, 50},  {2, 3},   {3, 97},  {7, 48},
                                   {8, 49}, {15, 24}, {16, 47}, {17, 13}, {33, 300}};

double objective(const Matrix<double>& a, const Matrix<double>& c, const Matrix<double>& x) {
    return 0.5 * x.cwiseProduct(a * x).sum() - c.cwiseProduct(x).sum();
}

template <typename Scalar>
class Nnls : public ::testing::Test {
  protected:
    static constexpr bool single = std::is_same_v<Scalar, float>;
    static constexpr double rounding = single ? 4e-6 : 1e-14;
};

struct ScalarName {
    template <typename Scalar>
    static std::string GetName(int) {
        return std::is_same_v<Scalar, float> ? "float" : "double";
    }
};
using Scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Nnls, Scalars, ScalarName);

TYPED_TEST(Nnls, both_solvers_meet_the_optimality_conditions_for_every_shape_and_bounds) {
    using Scalar = TypeParam;
    for (const Shape& shape : shapes) {
        const Problem<Scalar> problem(shape.size, shape.columns, 11);
        for (const Bounds<Scalar> bounds : every_kind_of_bounds<Scalar>()) {
            const auto descent = coordinate_descent<Scalar>(problem.a, bounds, 1000, 0);
            const auto pivoting = block_pivoting<Scalar>(problem.a, bounds);
            for (const auto* solver : {descent.get(), pivoting.get()}) {
                Matrix<Scalar> x = Matrix<Scalar>::Constant(shape.size, shape.columns, 3);
                solver->solve(problem.c, x);
                SCOPED_TRACE(testing::Message()
                             << shape.size << " x " << shape.columns << ", bounds " << bounds.lower
                             << " to " << bounds.upper
                             << (solver == pivoting.get() ? ", pivoting" : ", descent"));
                EXPECT_GE(x.minCoeff(), bounds.lower);
                EXPECT_LE(x.maxCoeff(), bounds.upper);
                EXPECT_LE(optimality_residual<Scalar>(problem.a, problem.c, bounds, x),
                          this->rounding);
            }
        }
    }
}

TYPED_TEST(Nnls, both_solvers_agree_from_any_start) {
    using Scalar = TypeParam;
    std::mt19937_64 engine(5);
    const Problem<Scalar> problem(45, 130, 3);
    for (const Bounds<Scalar> bounds : every_kind_of_bounds<Scalar>()) {
        Matrix<Scalar> descended = random_normal<Scalar>(45, 130, engine);
        Matrix<Scalar> pivoted = random_normal<Scalar>(45, 130, engine);
        coordinate_descent<Scalar>(problem.a, bounds, 1000, 0)->solve(problem.c, descended);
        const NnlsReport report =
            block_pivoting<Scalar>(problem.a, bounds)->solve(problem.c, pivoted);
        EXPECT_TRUE(report.converged);
        EXPECT_LE((descended - pivoted).cwiseAbs().maxCoeff(), 10 * this->rounding);
    }
}

TYPED_TEST(Nnls, does_not_change_the_answer_when_rows_of_x_and_c_are_apart) {
    using Scalar = TypeParam;
    const Problem<Scalar> problem(19, 53, 8);
    const Bounds<Scalar> bounds{0, infinity<Scalar>};
    Matrix<Scalar> wide_c = Matrix<Scalar>::Constant(30, 53, 7);
    Matrix<Scalar> wide_x = Matrix<Scalar>::Constant(25, 53, 7);
    wide_c.middleRows(4, 19) = problem.c;
    for (const auto& solver : {coordinate_descent<Scalar>(problem.a, bounds, 20, 0),
                               block_pivoting<Scalar>(problem.a, bounds)}) {
        wide_x.middleRows(3, 19).setZero();
        Matrix<Scalar> x = Matrix<Scalar>::Zero(19, 53);
        solver->solve(problem.c, x);
        solver->solve(wide_c.middleRows(4, 19), wide_x.middleRows(3, 19));
        EXPECT_EQ(wide_x.middleRows(3, 19), x);
        EXPECT_TRUE((wide_x.topRows(3).array() == 7).all());
        EXPECT_TRUE((wide_x.bottomRows(3).array() == 7).all());
    }
}

TYPED_TEST(Nnls, coordinate_descent_is_the_textbook_iteration) {
    using Scalar = TypeParam;
    const Problem<Scalar> problem(21, 50, 17);
    for (const Bounds<Scalar> bounds : every_kind_of_bounds<Scalar>()) {
        Matrix<Scalar> x = problem.c;
        coordinate_descent<Scalar>(problem.a, bounds, 3, 0)->solve(problem.c, x);
        Matrix<Scalar> expected = problem.c;
        for (int sweep = 0; sweep < 3; ++sweep) {
            for (Index i = 0; i < 21; ++i) {
                expected.row(i) +=
                    (problem.c.row(i) - problem.a.row(i) * expected) / problem.a(i, i);
                expected.row(i) = expected.row(i).cwiseMax(bounds.lower).cwiseMin(bounds.upper);
            }
        }
        EXPECT_LE((x - expected).cwiseAbs().maxCoeff(), 10 * this->rounding);
    }
}

TYPED_TEST(Nnls, the_result_for_a_column_does_not_depend_on_the_others_nor_on_its_position) {
    using Scalar = TypeParam;
    const Index columns = 131;
    Problem<Scalar> problem(37, columns, 23);
    problem.c.leftCols(40) *= Scalar(1e-3);  // columns that stop after different numbers of sweeps
    problem.c.col(1).setZero();
    const Bounds<Scalar> bounds{0, infinity<Scalar>};
    const auto solver = coordinate_descent<Scalar>(problem.a, bounds, 30, Scalar(1e-3));
    Matrix<Scalar> together = Matrix<Scalar>::Ones(37, columns);
    solver->solve(problem.c, together);
    int fewest = 30;
    int most = 0;
    for (Index j = 0; j < columns; ++j) {
        Matrix<Scalar> alone = Matrix<Scalar>::Ones(37, 1);
        const NnlsReport report = solver->solve(problem.c.col(j), alone);
        EXPECT_EQ(alone, together.col(j)) << "column " << j;
        fewest = std::min(fewest, report.iterations);
        most = std::max(most, report.iterations);
    }
    EXPECT_LT(fewest, most) << "the columns were to stop at different times";
    Matrix<Scalar> shifted = Matrix<Scalar>::Ones(37, columns - 5);
    solver->solve(problem.c.rightCols(columns - 5), shifted);
    EXPECT_EQ(shifted, together.rightCols(columns - 5));
}

TYPED_TEST(Nnls, the_objective_never_rises_from_sweep_to_sweep) {
    using Scalar = TypeParam;
    const Problem<Scalar> problem(50, 20, 29, 10);
    const Matrix<double> a = problem.a.template cast<double>();
    const Matrix<double> c = problem.c.template cast<double>();
    for (const Bounds<Scalar> bounds : every_kind_of_bounds<Scalar>()) {
        const auto sweep = coordinate_descent<Scalar>(problem.a, bounds, 1, 0);
        Matrix<Scalar> x =
            Matrix<Scalar>::Zero(50, 20).cwiseMax(bounds.lower).cwiseMin(bounds.upper);
        double before = objective(a, c, x.template cast<double>());
        for (int k = 0; k < 40; ++k) {
            sweep->solve(problem.c, x);
            const double after = objective(a, c, x.template cast<double>());
            EXPECT_LE(after, before + this->rounding * std::abs(before));
            before = after;
        }
    }
}

TYPED_TEST(Nnls, started_at_the_solution_both_solvers_return_at_once) {
    using Scalar = TypeParam;
    const Problem<Scalar> problem(60, 70, 31);
    for (const Bounds<Scalar> bounds : every_kind_of_bounds<Scalar>()) {
        Matrix<Scalar> x = Matrix<Scalar>::Zero(60, 70);
        const auto pivoting = block_pivoting<Scalar>(problem.a, bounds);
        pivoting->solve(problem.c, x);
        const Matrix<Scalar> solution = x;
        for (const auto& report :
             {coordinate_descent<Scalar>(problem.a, bounds, 100, Scalar(1e-5))->solve(problem.c, x),
              pivoting->solve(problem.c, x)}) {
            EXPECT_EQ(report.iterations, 1);
            EXPECT_TRUE(report.converged);
        }
        EXPECT_LE((x - solution).cwiseAbs().maxCoeff(), 10 * this->rounding);
    }
}

TYPED_TEST(Nnls, coordinate_descent_stops_at_the_tolerance_and_says_so) {
    using Scalar = TypeParam;
    const Problem<Scalar> problem(40, 60, 37);
    const Bounds<Scalar> bounds{0, infinity<Scalar>};
    Matrix<Scalar> x = Matrix<Scalar>::Zero(40, 60);
    const NnlsReport met =
        coordinate_descent<Scalar>(problem.a, bounds, 100, Scalar(1e-3))->solve(problem.c, x);
    EXPECT_TRUE(met.converged);
    EXPECT_GT(met.iterations, 2);
    EXPECT_LT(met.iterations, 15);
    EXPECT_LE(optimality_residual<Scalar>(problem.a, problem.c, bounds, x), 1e-2);
    x.setZero();
    const NnlsReport missed =
        coordinate_descent<Scalar>(problem.a, bounds, 2, Scalar(1e-3))->solve(problem.c, x);
    EXPECT_FALSE(missed.converged);
    EXPECT_EQ(missed.iterations, 2);
}

TYPED_TEST(Nnls, without_bounds_block_pivoting_solves_one_linear_system) {
    using Scalar = TypeParam;
    const Problem<Scalar> problem(40, 300, 41);
    const Bounds<Scalar> bounds{-infinity<Scalar>, infinity<Scalar>};
    Matrix<Scalar> x = Matrix<Scalar>::Zero(40, 300);
    const NnlsReport report = block_pivoting<Scalar>(problem.a, bounds)->solve(problem.c, x);
    EXPECT_EQ(report.iterations, 1);
    EXPECT_LE((problem.a * x - problem.c).norm(), this->rounding * problem.c.norm());
}

TYPED_TEST(Nnls, no_columns_are_no_work) {
    using Scalar = TypeParam;
    const Problem<Scalar> problem(9, 0, 43);
    const Bounds<Scalar> bounds{0, infinity<Scalar>};
    Matrix<Scalar> x(9, 0);
    for (const auto& solver : {coordinate_descent<Scalar>(problem.a, bounds, 5, 0),
                               block_pivoting<Scalar>(problem.a, bounds)}) {
        const NnlsReport report = solver->solve(problem.c, x);
        EXPECT_EQ(report.iterations, 0);
        EXPECT_TRUE(report.converged);
    }
    EXPECT_EQ(optimality_residual<Scalar>(problem.a, problem.c, bounds, x), 0);
}

/// The least objective over all 3^n ways to put the coordinates at a bound or free them: the
/// oracle.
double least_objective(const Matrix<double>& a, const Vector<double>& c, Bounds<double> bounds) {
    const Index size = a.rows();
    Index guesses = 1;
    for (Index i = 0; i < size; ++i) guesses *= 3;
    double least = infinity<double>;
    for (Index guess = 0; guess < guesses; ++guess) {
        Matrix<double> system = a;
        Vector<double> rhs = c;
        Index digits = guess;
        for (Index i = 0; i < size; ++i, digits /= 3) {
            if (digits % 3 == 2) continue;
            system.row(i).setZero();
            system(i, i) = 1;
            rhs[i] = digits % 3 == 0 ? bounds.lower : bounds.upper;
        }
        if (!rhs.allFinite()) continue;
        const Vector<double> x = system.partialPivLu().solve(rhs);
        const double outside = 1e-12;
        if (x.minCoeff() < bounds.lower - outside || x.maxCoeff() > bounds.upper + outside)
            continue;
        least = std::min(least, objective(a, c, x));
    }
    return least;
}

TEST(NnlsOracle, both_solvers_find_the_least_objective_over_all_active_sets) {
    for (Index size = 1; size <= 6; ++size) {
        std::mt19937_64 engine(static_cast<std::uint64_t>(size));
        for (int trial = 0; trial < 10; ++trial) {
            const Matrix<double> root = random_normal<double>(size, size, engine);
            Matrix<double> a = root.transpose() * root;
            a.diagonal().array() += 0.1;
            const Matrix<double> c = 3 * random_normal<double>(size, 1, engine);
            for (const Bounds<double> bounds : every_kind_of_bounds<double>()) {
                const double least = least_objective(a, c, bounds);
                Matrix<double> x = random_normal<double>(size, 1, engine);
                block_pivoting<double>(a, bounds)->solve(c, x);
                EXPECT_NEAR(objective(a, c, x), least, 1e-10 * (1 + std::abs(least)));
                coordinate_descent<double>(a, bounds, 20000, 0)->solve(c, x.setZero());
                EXPECT_NEAR(objective(a, c, x), least, 1e-10 * (1 + std::abs(least)));
            }
        }
    }
}

// On the given coordinates of each column the system, elsewhere zero; whatever the start was.
TEST(NnlsOracle, coordinate_descent_solves_the_system_of_the_given_coordinates) {
    for (const Index size : {1, 2, 7, 33, 64}) {
        std::mt19937_64 engine(11);
        const Problem<double> problem(size, 50, 4);
        std::bernoulli_distribution given(0.6);
        const Matrix<double> mask =
            Matrix<double>::NullaryExpr(size, 50, [&] { return given(engine) ? 1.0 : 0.0; });
        Matrix<double> x = random_normal<double>(size, 50, engine);
        const NnlsReport report =
            coordinate_solver<double>(problem.a, {0, infinity<double>}, 5000, 1e-15)
                ->solve_where(mask, problem.c, x);
        EXPECT_LE(report.change, 1e-15);
        for (Index j = 0; j < x.cols(); ++j) {
            const Vector<double> m = mask.col(j);
            Matrix<double> system = m.asDiagonal() * problem.a * m.asDiagonal();
            system.diagonal() += (1.0 - m.array()).matrix();
            const Vector<double> right = m.cwiseProduct(problem.c.col(j));
            const Vector<double> expected =
                Eigen::PartialPivLU<Matrix<double>>(system).solve(right);
            EXPECT_LT((x.col(j) - expected).cwiseAbs().maxCoeff(), 1e-10) << size;
        }
    }
}

// Relative to the largest right-hand side of a column, and the most of all columns.
TEST(NnlsOracle, coordinate_descent_tells_how_far_its_last_sweep_moved) {
    Matrix<double> a(2, 2);
    a << 2.0, 1.0, 1.0, 4.0;
    Matrix<double> c(2, 2);
    c << 8.0, 0.0, 2.0, -0.5;
    Matrix<double> x = Matrix<double>::Zero(2, 2);
    const auto solver =
        coordinate_descent<double>(a, {-infinity<double>, infinity<double>}, 1, 0.0);
    // The first column moves its coordinates by 4 and -1/2, the second by 0 and -1/8.
    EXPECT_DOUBLE_EQ(solver->solve(c, x).change, 1.0);
    x << 3.0, 0.0, 0.0, -0.125;  // by 1 and -1/2; by 1/16 and -1/64
    EXPECT_DOUBLE_EQ(solver->solve(c, x).change, 0.25);
}

TEST(NnlsOracle, block_pivoting_ends_on_problems_that_are_nearly_singular_or_degenerate) {
    std::mt19937_64 engine(47);
    const Matrix<double> root = random_normal<double>(4, 30, engine);
    Matrix<double> a = root.transpose() * root;  // rank 4
    a.diagonal().array() += 1e-5;
    const Matrix<double> solution = random_normal<double>(30, 64, engine).cwiseMax(0);
    const Matrix<double> c = a * solution;  // multipliers are zero at the solution
    for (const Bounds<double> bounds : every_kind_of_bounds<double>()) {
        Matrix<double> x = Matrix<double>::Zero(30, 64);
        const NnlsReport report = block_pivoting<double>(a, bounds)->solve(c, x);
        EXPECT_TRUE(report.converged);
        EXPECT_LE(report.iterations, 2 * 30);
        EXPECT_LE(optimality_residual<double>(a, c, bounds, x), 1e-9);
    }
}

TEST(NnlsOracle, the_residual_is_the_norm_of_the_violations_over_that_of_the_right_hand_sides) {
    const Matrix<double> a = Matrix<double>::Identity(2, 2) * 2;
    Matrix<double> c(2, 2);
    c << 1, -4, 3, 0;
    Matrix<double> x(2, 2);
    x << 0.5, 0, 1, 0.25;
    // A x - c is 0 at (0, 0), -1 at (1, 0), 4 at the bound (0, 1), 0.5 at (1, 1) where x is 0.25.
    EXPECT_DOUBLE_EQ(optimality_residual<double>(a, c, {0, infinity<double>}, x),
                     std::sqrt((1 + 0.0625) / 26));
    EXPECT_DOUBLE_EQ(optimality_residual<double>(a, c, {0, 1}, x), 0.25 / std::sqrt(26));
    EXPECT_TRUE(std::isnan(optimality_residual<double>(a, c, {0, 1}, x * std::nan(""))));
}

TEST(NnlsOracle, ten_cold_sweeps_in_float_reach_2e_5_on_he_random_weights) {
    const Problem<float> problem(300, 200, 53);
    const Bounds<float> bounds{0, infinity<float>};
    Matrix<float> x = Matrix<float>::Zero(300, 200);
    coordinate_descent<float>(problem.a, bounds, 10, 0)->solve(problem.c, x);
    EXPECT_LE(optimality_residual<float>(problem.a, problem.c, bounds, x), 2e-5);
}

TEST(NnlsOracle, wrong_use_and_singular_matrices_are_reported) {
    const Matrix<double> a = Matrix<double>::Identity(3, 3);
    const Matrix<double> c = Matrix<double>::Ones(3, 2);
    Matrix<double> narrow(3, 1);
    const Bounds<double> bounds{0, 1};
    EXPECT_THROW(coordinate_descent<double>(a, bounds, 1, 0)->solve(c, narrow), Defect);
    EXPECT_THROW(block_pivoting<double>(a, bounds)->solve(c, narrow), Defect);
    EXPECT_THROW(coordinate_descent<double>(a.leftCols(2), bounds, 1, 0), Defect);
    EXPECT_THROW(coordinate_descent<double>(-a, bounds, 1, 0), Defect);
    EXPECT_THROW(coordinate_descent<double>(a, {1, 0}, 1, 0), Defect);
    EXPECT_THROW(coordinate_descent<double>(a, bounds, 0, 0), Defect);
    EXPECT_THROW(block_pivoting<double>(-a, bounds), NumericalError);
    EXPECT_THROW(block_pivoting<double>(a * std::nan(""), bounds), NumericalError);
}

}  // namespace
}  // namespace hoist
