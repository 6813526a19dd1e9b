#include "hoist/formulation/proximal_gradient.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <random>

namespace hoist {
namespace {

/// min 1/2 x'Ax - c'x over x >= 0, A badly conditioned, for a few columns.
class NonnegativeQuadratic : public testing::Test {
  protected:
    static constexpr Index n = 8;
    Matrix<double> a;
    Matrix<double> c;
    double largest = 0.0;
    int gradients = 0;

    void SetUp() override {
        std::mt19937_64 engine(5);
        std::normal_distribution<double> normal;
        const auto draw = [&] { return normal(engine); };
        const Matrix<double> b = Matrix<double>::NullaryExpr(n, n, draw);
        const Eigen::HouseholderQR<Matrix<double>> qr(b);
        const Matrix<double> q = qr.householderQ();
        Vector<double> spectrum(n);
        for (Index i = 0; i < n; ++i) {
            spectrum(i) = std::pow(10.0, -2.0 * static_cast<double>(i) / (n - 1));
        }
        a = q * spectrum.asDiagonal() * q.transpose();
        c = Matrix<double>::NullaryExpr(n, 6, draw);
        largest = 1.0;
    }
    double value(const Matrix<double>& x) const {
        return 0.5 * x.cwiseProduct(a * x).sum() - c.cwiseProduct(x).sum();
    }
    ProximalProblem<double> problem(double length) {
        ProximalProblem<double> result;
        result.length = length;
        result.gradient = [this](const Matrix<double>& x, Matrix<double>& g) {
            ++gradients;
            g = a * x - c;
        };
        result.step = [](Range columns, const Matrix<double>& x, const Matrix<double>& g, double t,
                         Matrix<double>& next) {
            next.middleCols(columns.begin, columns.size()) =
                (x - t * g).cwiseMax(0.0).middleCols(columns.begin, columns.size());
        };
        result.value = [this](const Matrix<double>& x) -> Vector<double> {
            return (0.5 * x.cwiseProduct(a * x) - c.cwiseProduct(x)).colwise().sum().transpose();
        };
        return result;
    }
    Matrix<double> after(int iterations, BlockMethod method) {
        Matrix<double> x = Matrix<double>::Ones(n, c.cols());
        proximal_gradient<double>(problem(1.0 / largest), method, iterations, x);
        return x;
    }
    double violation(const Matrix<double>& x) const {
        return (x - (x - (a * x - c)).cwiseMax(0.0)).cwiseAbs().maxCoeff();
    }
};

TEST_F(NonnegativeQuadratic, is_solved_by_every_method) {
    for (const auto method :
         {BlockMethod::plain, BlockMethod::accelerated, BlockMethod::adaptive}) {
        EXPECT_LT(violation(after(5000, method)), 1e-10);
    }
}

TEST_F(NonnegativeQuadratic, falls_at_every_plain_step_and_takes_so_many) {
    double before = value(after(0, BlockMethod::plain));
    for (int iterations = 1; iterations < 40; ++iterations) {
        const double now = value(after(iterations, BlockMethod::plain));
        EXPECT_LE(now, before);
        before = now;
    }
    gradients = 0;
    after(17, BlockMethod::plain);
    EXPECT_EQ(gradients, 17);
}

TEST_F(NonnegativeQuadratic, converges_faster_with_acceleration_and_as_fast_by_backtracking) {
    const double least = value(after(20000, BlockMethod::plain));
    const double plain = value(after(100, BlockMethod::plain)) - least;
    EXPECT_LT(value(after(100, BlockMethod::accelerated)) - least, 0.01 * plain);
    EXPECT_LT(value(after(100, BlockMethod::adaptive)) - least, 0.01 * plain);
}

TEST_F(NonnegativeQuadratic, is_accelerated_within_its_known_rate) {
    // 2 L |x_0 - x*|^2 / (k + 1)^2, Beck and Teboulle 2009, theorem 4.4.
    const Matrix<double> solution = after(20000, BlockMethod::plain);
    const double distance = (Matrix<double>::Ones(n, c.cols()) - solution).squaredNorm();
    for (const int k : {1, 2, 5, 10, 30}) {
        EXPECT_LE(value(after(k, BlockMethod::accelerated)) - value(solution),
                  2.0 * largest * distance / ((k + 1.0) * (k + 1.0)));
    }
}

TEST_F(NonnegativeQuadratic, is_solved_by_backtracking_from_a_length_that_is_far_too_long) {
    Matrix<double> x = Matrix<double>::Ones(n, c.cols());
    proximal_gradient<double>(problem(20.0 / largest), BlockMethod::adaptive, 5000, x);
    EXPECT_LT(violation(x), 1e-4);
    Matrix<double> y = Matrix<double>::Ones(n, c.cols());
    proximal_gradient<double>(problem(20.0 / largest), BlockMethod::plain, 50, y);
    EXPECT_GT(violation(y), 1e-4) << "the length was not too long";
}

TEST_F(NonnegativeQuadratic, moves_each_column_as_if_it_were_alone) {
    for (const auto method :
         {BlockMethod::plain, BlockMethod::accelerated, BlockMethod::adaptive}) {
        const Matrix<double> all_right_sides = c;
        const Matrix<double> together = after(60, method);
        for (Index j = 0; j < all_right_sides.cols(); ++j) {
            c = all_right_sides.col(j);
            EXPECT_LT((after(60, method) - together.col(j)).cwiseAbs().maxCoeff(), 1e-12) << j;
        }
        c = all_right_sides;
    }
}

TEST_F(NonnegativeQuadratic, stays_where_it_is_at_the_solution) {
    const Matrix<double> solution = after(20000, BlockMethod::plain);
    for (const auto method :
         {BlockMethod::plain, BlockMethod::accelerated, BlockMethod::adaptive}) {
        Matrix<double> x = solution;
        proximal_gradient<double>(problem(1.0 / largest), method, 10, x);
        EXPECT_LT((x - solution).cwiseAbs().maxCoeff(), 1e-7);
    }
}

}  // namespace
}  // namespace hoist
