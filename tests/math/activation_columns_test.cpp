#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <ostream>
#include <random>

#include "hoist/base/error.hpp"
#include "hoist/math/activation.hpp"

namespace hoist {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using Column = Vector<double>;

/// An activation of columns as its definition has it, on the probability simplex.
struct Definition {
    std::string text;
    std::function<double(const Column&)> f;
    std::function<double(const Column&)> conjugate;
    /// The gradient of F where x > 0.
    std::function<Column(const Column&)> gradient;
    /// Whether the gradient ends at -infinity where a coordinate vanishes, so that none does.
    bool interior;
};

void PrintTo(const Definition& definition, std::ostream* out) { *out << definition.text; }

/// sup <u,x> - |x|^2/2 over the simplex is the least nu + sum max(u_i - nu, 0)^2/2, its dual.
double simplex_conjugate(const Column& u) {
    double lower = u.minCoeff() - 1;
    double upper = u.maxCoeff();
    for (int step = 0; step < 200; ++step) {
        const double nu = (lower + upper) / 2;
        ((u.array() - nu).max(0.0).sum() > 1 ? lower : upper) = nu;
    }
    return lower + (u.array() - lower).max(0.0).square().sum() / 2;
}

double exponential(double x) { return std::exp(x); }
double xlogx(double x) { return x > 0 ? x * std::log(x) : 0; }

std::vector<Definition> definitions() {
    return {{"simplex", [](const Column& x) { return x.squaredNorm() / 2; }, simplex_conjugate,
             [](const Column& x) { return x; }, false},
            {"softmax", [](const Column& x) { return x.unaryExpr(&xlogx).sum(); },
             [](const Column& u) {
                 return u.maxCoeff() +
                        std::log((u.array() - u.maxCoeff()).unaryExpr(&exponential).sum());
             },
             [](const Column& x) -> Column { return x.array().log() + 1; }, true}};
}

/// Columns of 1 to 12 entries from tiny to large, some with ties.
std::vector<Column> columns() {
    std::mt19937_64 engine(11);
    std::normal_distribution<double> normal;
    std::vector<Column> columns{Column::Zero(1), Column::Zero(4), Column::Ones(7),
                                Column{{0.5, -0.5, 0.5}}, Column{{1.0, 0.0, 0.0}}};
    for (int k = 0; k < 60; ++k) {
        const double scale = std::pow(10.0, k % 4 - 2);
        columns.push_back(Column::NullaryExpr(1 + k % 12, [&] { return scale * normal(engine); }));
    }
    return columns;
}

Column random_like(const Column& u, int seed) {
    std::mt19937_64 engine(static_cast<unsigned long>(seed));
    std::normal_distribution<double> normal;
    return Column::NullaryExpr(u.size(), [&] { return normal(engine); });
}

class EveryColumnActivation : public testing::TestWithParam<Definition> {
  protected:
    const Definition& definition() const { return GetParam(); }
    Column phi(const Column& u) const {
        Matrix<double> x(u.size(), 1);
        activation->apply(u, x);
        return x.col(0);
    }
    Column prox(double s, const Column& v) const {
        Matrix<double> x(v.size(), 1);
        activation->prox(s, v, x);
        return x.col(0);
    }
    double gap(const Column& x, const Column& u) const { return activation->gap(x, u)[0]; }

    /// The minimizer over the simplex of a convex function with this gradient: there the gradient
    /// is the same on the support and not less outside.
    void expect_optimal(const Column& x, const Column& gradient, double tolerance) const {
        EXPECT_NEAR(x.sum(), 1, 1e-13);
        EXPECT_GE(x.minCoeff(), 0);
        Index largest;
        x.maxCoeff(&largest);
        for (Index i = 0; i < x.size(); ++i) {
            if (x[i] > 1e-300) {
                EXPECT_NEAR(gradient[i], gradient[largest], tolerance) << x.transpose();
            } else if (!definition().interior) {
                EXPECT_GE(gradient[i], gradient[largest] - tolerance) << x.transpose();
            }
        }
    }

    std::shared_ptr<const Activation> activation = parse_activation(GetParam().text);
};

TEST_P(EveryColumnActivation, is_the_minimizer_of_its_function_minus_the_product) {
    for (const Column& u : columns()) {
        const Column x = phi(u);
        expect_optimal(x, definition().gradient(x) - u, 1e-13 * (1 + 10 * u.cwiseAbs().maxCoeff()));
    }
}

TEST_P(EveryColumnActivation, has_the_proximal_map_of_its_remainder) {
    for (double s : {1e-6, 1e-3, 0.1, 0.7, 1.0, 1.5, 20.0, 1e3}) {
        for (const Column& v : columns()) {
            const Column x = prox(s, v);
            const Column gradient = s * (definition().gradient(x) - x) + x - v;
            // A coordinate e^y leaves s y + (1-s) e^y off by its rounding.
            const double size = (1 + s) * (1 + 10 * v.cwiseAbs().maxCoeff());
            expect_optimal(x, gradient, 2e-13 * size);
        }
    }
}

TEST_P(EveryColumnActivation, has_a_gap_equal_to_its_definition) {
    for (const Column& u : columns()) {
        const Column x = phi(random_like(u, 1));
        const double expected = definition().f(x) + definition().conjugate(u) - x.dot(u);
        EXPECT_NEAR(gap(x, u), expected, 1e-13 * (1 + u.cwiseAbs().maxCoeff())) << u.transpose();
        EXPECT_GE(gap(x, u), 0.5 * (x - phi(u)).squaredNorm() * (1 - 1e-12));
    }
}

TEST_P(EveryColumnActivation, has_no_gap_at_its_own_value) {
    for (const Column& u : columns()) {
        const double own = gap(phi(u), u);
        EXPECT_GE(own, 0);
        EXPECT_LE(own, definition().interior ? 1e-15 : 0) << u.transpose();
        const Matrix<float> single = u.cast<float>();
        Matrix<float> x(u.size(), 1);
        activation->apply(single, x);
        EXPECT_LE(activation->gap(x, single)[0], definition().interior ? 1e-7 : 0);
    }
}

TEST_P(EveryColumnActivation, keeps_the_digits_of_a_small_gap) {
    // Close to x = phi(u) in the interior the gap is sum F''_i (x_i - p_i)^2/2.
    const Column u{{0.1, -0.2, 0.05}};
    const Column p = phi(u);
    const Column x = p + Column{{1e-6, -3e-6, 2e-6}};
    const Column curvature =
        definition().interior ? Column(p.cwiseInverse()) : Column(Column::Ones(3));
    const double expected = (curvature.array() * (x - p).array().square()).sum() / 2;
    EXPECT_NEAR(gap(x, u) / expected, 1, 1e-4);
}

TEST_P(EveryColumnActivation, has_an_infinite_gap_outside_the_simplex) {
    const Column u{{0.3, -1.0, 2.0}};
    EXPECT_EQ(gap(Column{{0.5, 0.6, -0.1}}, u), infinity);
    EXPECT_EQ(gap(Column{{0.5, 0.3, 0.1}}, u), infinity);
    EXPECT_TRUE(std::isfinite(gap(Column{{1.0, 0.0, 0.0}}, u)));
    EXPECT_TRUE(std::isfinite(gap(Column{{0.5, 0.5, 0.0}}, u)));
}

TEST_P(EveryColumnActivation, has_a_gap_whose_derivative_in_u_is_phi_minus_x) {
    constexpr double h = 1e-5;
    for (const Column& u : columns()) {
        const Column x = phi(random_like(u, 2));
        const Column direction = random_like(u, 3);
        const double difference = (gap(x, u + h * direction) - gap(x, u - h * direction)) / (2 * h);
        EXPECT_NEAR(difference, (phi(u) - x).dot(direction), 5e-5 * (1 + direction.squaredNorm()));
    }
}

TEST_P(EveryColumnActivation, fills_a_column_with_nan_and_leaves_the_others) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    Matrix<float> u = Matrix<float>::Random(20, 3);
    const Matrix<float> sound = u;
    u(4, 1) = nan;
    Matrix<float> x(20, 3);
    activation->apply(u, x);
    EXPECT_TRUE(x.col(1).array().isNaN().all());
    EXPECT_TRUE(x.col(0).allFinite() && x.col(2).allFinite());
    EXPECT_TRUE(std::isnan(activation->gap(x, sound)[1]));
    activation->apply(sound, x);
    EXPECT_TRUE(std::isnan(activation->gap(x, u)[1]));
    activation->prox(0.5, u, x);
    EXPECT_TRUE(x.col(1).array().isNaN().all());
    EXPECT_TRUE(x.col(0).allFinite() && x.col(2).allFinite());
}

TEST_P(EveryColumnActivation, changes_somewhere_as_fast_as_its_lipschitz_constant) {
    const Column u = Column::Zero(2);
    const Column step{{1e-4, -1e-4}};
    const double change = (phi(u + step) - phi(u - step)).norm() / (2 * step.norm());
    EXPECT_NEAR(change, activation->traits().lipschitz, 1e-7);
}

INSTANTIATE_TEST_SUITE_P(Table, EveryColumnActivation, testing::ValuesIn(definitions()),
                         [](const auto& suite) { return suite.param.text; });

TEST(Simplex, lets_nothing_back_through_coordinates_outside_or_on_the_edge_of_the_support) {
    // The second coordinate is projected to exactly zero without being pushed there.
    const Column u{{1.0, 0.0, -3.0}};
    Matrix<double> d(3, 1);
    parse_activation("simplex")->pull_back(u, Column{{5.0, 2.0, 7.0}}, d);
    EXPECT_EQ(d, Column::Zero(3));
}

TEST(Maxpool, takes_the_maximum_of_each_group_and_gives_back_to_the_first_of_them) {
    const auto pool = parse_activation("maxpool(3)");
    EXPECT_EQ(pool->output({4, 5, 6}), (Shape{4, 5, 2}));
    EXPECT_EQ(pool->input({4, 5, 2}), (Shape{4, 5, 6}));
    EXPECT_FALSE(pool->output(Shape::vector(7)));
    EXPECT_FALSE(pool->output(Shape::vector(0)));
    EXPECT_EQ(pool->parameter(), 3);
    const Matrix<float> u{{1, -9}, {4, -5}, {4, -7}, {0, 2}, {-1, 8}, {0, 8}};
    Matrix<float> x(2, 2);
    pool->apply(u, x);
    EXPECT_EQ(x, (Matrix<float>{{4, -5}, {0, 8}}));
    Matrix<float> d(6, 2);
    pool->pull_back(u, Matrix<float>{{10, 20}, {30, 40}}, d);
    EXPECT_EQ(d, (Matrix<float>{{0, 0}, {10, 20}, {0, 0}, {30, 0}, {0, 40}, {0, 0}}));
}

TEST(Maxpool, lets_nan_through) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    Matrix<float> x(3, 1);
    parse_activation("maxpool(2)")->apply(Matrix<float>{{nan}, {1}, {1}, {nan}, {2}, {3}}, x);
    EXPECT_TRUE(std::isnan(x(0, 0)) && std::isnan(x(1, 0)));
    EXPECT_EQ(x(2, 0), 3);
}

}  // namespace
}  // namespace hoist
