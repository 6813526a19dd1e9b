#include "hoist/math/activation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "activation_definitions.hpp"
#include "hoist/base/error.hpp"
#include "test_name.hpp"

namespace hoist {
namespace {

std::vector<double> samples() {
    std::vector<double> values{0, 0.5, -0.5, 1, -1, 2, -2, 1e-7, -1e-7};
    std::mt19937_64 engine(7);
    std::normal_distribution<double> normal(0, 2);
    while (values.size() < 60) {
        values.push_back(normal(engine));
    }
    return values;
}

/// The minimizer of a convex function over [lower, upper], by grids each finer than the one before.
double brute_force(const std::function<double(double)>& f, double lower, double upper) {
    lower = std::max(lower, -50.0);
    upper = std::min(upper, 50.0);
    while (upper - lower > 1e-7) {
        constexpr int points = 200;
        const double width = (upper - lower) / points;
        int best = 0;
        for (int i = 1; i <= points; ++i) {
            best = f(lower + i * width) < f(lower + best * width) ? i : best;
        }
        const double center = lower + best * width;
        lower = std::max(lower, center - width);
        upper = std::min(upper, center + width);
    }
    return (lower + upper) / 2;
}

class EveryMinimizer : public testing::TestWithParam<Definition> {
  protected:
    const Definition& definition() const { return GetParam(); }

    double phi(double u) const {
        Matrix<double> x(1, 1);
        activation->apply(Matrix<double>::Constant(1, 1, u), x);
        return x(0, 0);
    }
    double slope(double u) const {
        Matrix<double> d = Matrix<double>::Ones(1, 1);
        activation->pull_back(Matrix<double>::Constant(1, 1, u), d, d);
        return d(0, 0);
    }
    double gap(double x, double u) const {
        return activation->gap(Matrix<double>::Constant(1, 1, x),
                               Matrix<double>::Constant(1, 1, u))[0];
    }
    bool near_kink(double u, double distance) const {
        return std::ranges::any_of(definition().kinks,
                                   [&](double kink) { return std::abs(u - kink) < distance; });
    }

    std::shared_ptr<const Activation> activation = parse_activation(GetParam().text);
};

TEST_P(EveryMinimizer, is_the_minimizer_of_its_function_minus_the_product) {
    for (double u : samples()) {
        if (u == 0 && !definition().strongly_convex) {
            continue;  // every x of the domain is a minimizer
        }
        const auto objective = [&](double x) { return definition().f(x) - u * x; };
        EXPECT_NEAR(phi(u), brute_force(objective, definition().lower, definition().upper), 1e-6)
            << u;
    }
}

TEST_P(EveryMinimizer, has_the_proximal_map_of_its_remainder) {
    if (!definition().strongly_convex) {
        Matrix<double> x = Matrix<double>::Zero(1, 1);
        EXPECT_THROW(activation->prox(1, x, x), Defect);
        return;
    }
    for (double s : {0.01, 0.3, 0.9, 1.0, 1.5, 20.0}) {
        for (double v : samples()) {
            Matrix<double> x(1, 1);
            activation->prox(s, Matrix<double>::Constant(1, 1, v), x);
            const auto objective = [&](double z) {
                return s * definition().psi(z) + 0.5 * square(z - v);
            };
            const double expected = brute_force(objective, definition().lower, definition().upper);
            EXPECT_NEAR(x(0, 0), expected, 1e-6) << "s " << s << " v " << v;
        }
    }
}

TEST_P(EveryMinimizer, has_a_gap_equal_to_its_definition) {
    for (double u : samples()) {
        for (double v : samples()) {
            const double x = phi(v);
            const double expected = definition().f(x) + definition().conjugate(u) - x * u;
            EXPECT_NEAR(gap(x, u), expected, 1e-13 * (1 + square(std::abs(x) + std::abs(u))))
                << "x " << x << " u " << u;
        }
    }
}

TEST_P(EveryMinimizer, has_a_gap_of_at_least_half_the_squared_distance) {
    for (double u : samples()) {
        for (double v : samples()) {
            const double x = phi(v);
            const double bound = definition().strongly_convex ? 0.5 * square(x - phi(u)) : 0;
            EXPECT_GE(gap(x, u), bound * (1 - 1e-12)) << "x " << x << " u " << u;
        }
    }
}

TEST_P(EveryMinimizer, keeps_the_digits_of_a_small_gap) {
    // Close to x = phi(u) the gap is F''(x) (x - phi(u))^2/2, far below the rounding of F + F* -
    // xu.
    for (double u : {-1.3, -0.2, 0.3, 0.8, 1.7}) {
        const double slope_here = slope(u);
        if (slope_here == 0) {
            continue;
        }
        const double p = phi(u);
        const double x = p + 1e-6;
        if (x > definition().lower && x < definition().upper) {
            const double expected = square(x - p) / (2 * slope_here);
            EXPECT_NEAR(gap(x, u) / expected, 1, 1e-4) << u;
        }
    }
}

TEST_P(EveryMinimizer, has_no_gap_at_its_own_value) {
    const bool smooth = definition().kinks.empty() && definition().text != "identity";
    std::vector<double> values = samples();
    values.insert(values.end(), {30, -30, 700, -700, 1e4, -1e4});
    for (double u : values) {
        const double own = gap(phi(u), u);
        EXPECT_GE(own, 0) << u;
        EXPECT_LE(own, smooth ? 1e-15 : 0) << u;

        const Matrix<float> in = Matrix<float>::Constant(1, 1, static_cast<float>(u));
        Matrix<float> out(1, 1);
        activation->apply(in, out);
        const double single = activation->gap(out, in)[0];
        EXPECT_GE(single, 0) << u;
        EXPECT_LE(single, smooth ? 1e-7 : 0) << u;
    }
}

TEST_P(EveryMinimizer, has_an_infinite_gap_outside_its_domain) {
    for (double u : samples()) {
        if (definition().upper < infinity) {
            EXPECT_EQ(gap(definition().upper + 1e-9, u), infinity);
            EXPECT_TRUE(std::isfinite(gap(definition().upper, u)));
        }
        if (definition().lower > -infinity) {
            EXPECT_EQ(gap(definition().lower - 1e-9, u), infinity);
            EXPECT_TRUE(std::isfinite(gap(definition().lower, u)));
        }
    }
}

TEST_P(EveryMinimizer, has_the_slope_of_finite_differences_away_from_kinks) {
    constexpr double h = 1e-6;
    for (double u : samples()) {
        if (!near_kink(u, 2 * h)) {
            EXPECT_NEAR(slope(u), (phi(u + h) - phi(u - h)) / (2 * h), 1e-8) << u;
        }
    }
}

TEST_P(EveryMinimizer, has_the_slope_of_the_documented_side_at_kinks) {
    for (double kink : definition().kinks) {
        const bool above = kink < 0 || definition().text.starts_with("proximal_spline");
        const double side = above ? kink + 1e-3 : kink - 1e-3;
        EXPECT_EQ(slope(kink), slope(side)) << kink;
    }
}

TEST_P(EveryMinimizer, has_a_gap_whose_derivative_in_u_is_phi_minus_x) {
    constexpr double h = 1e-5;
    for (double u : samples()) {
        if (!definition().strongly_convex && near_kink(u, 2 * h)) {
            continue;  // phi jumps
        }
        for (double v : {-2.0, -0.4, 0.1, 0.7, 3.0}) {
            const double x = phi(v);
            const double difference = (gap(x, u + h) - gap(x, u - h)) / (2 * h);
            EXPECT_NEAR(difference, phi(u) - x, 2e-5) << "x " << x << " u " << u;
        }
    }
}

TEST_P(EveryMinimizer, changes_no_faster_than_its_lipschitz_constant_and_somewhere_as_fast) {
    const double lipschitz = activation->traits().lipschitz;
    if (std::isinf(lipschitz)) {
        EXPECT_GT(phi(1e-9) - phi(-1e-9), 1);
        return;
    }
    double steepest = 0;
    for (double u = -9; u < 9; u += 1e-2) {
        const double change = std::abs(phi(u + 1e-2) - phi(u)) / 1e-2;
        EXPECT_LE(change, lipschitz * (1 + 1e-9)) << u;
        steepest = std::max(steepest, change);
    }
    EXPECT_GE(steepest, 0.999 * lipschitz);
}

TEST_P(EveryMinimizer, states_its_domain_and_whether_it_is_a_projection) {
    const ActivationTraits traits = activation->traits();
    EXPECT_EQ(traits.lower, definition().lower);
    EXPECT_EQ(traits.upper, definition().upper);
    bool half_square = true;
    for (double v : samples()) {
        half_square = half_square && std::abs(definition().psi(phi(v))) < 1e-12;
    }
    EXPECT_EQ(traits.projection, half_square);
    EXPECT_TRUE(traits.minimizer);
    EXPECT_EQ(traits.has_prox, definition().strongly_convex);
    EXPECT_EQ(traits.group, 1);
}

TEST_P(EveryMinimizer, gives_a_value_that_does_not_depend_on_where_it_lies) {
    std::mt19937_64 engine(5);
    std::normal_distribution<float> normal(0, 4);
    const Matrix<float> u = Matrix<float>::NullaryExpr(131, 1, [&] { return normal(engine); });
    Matrix<float> x(131, 1);
    activation->apply(u, x);
    for (Index offset = 1; offset < 9; ++offset) {
        Matrix<float> tail(131 - offset, 1);
        activation->apply(u.bottomRows(131 - offset), tail);
        EXPECT_EQ(tail, x.bottomRows(131 - offset)) << offset;
    }
}

TEST_P(EveryMinimizer, stays_in_its_domain_in_single_precision_and_lets_nan_through) {
    const Matrix<float> u = Matrix<float>::NullaryExpr(4096, 50, [](Index i, Index j) {
        return -40 + 80 * static_cast<float>(i * 50 + j) / 204800;
    });
    Matrix<float> x(4096, 50);
    activation->apply(u, x);
    EXPECT_GE(x.minCoeff(), definition().lower);
    EXPECT_LE(x.maxCoeff(), definition().upper);

    const float nan = std::numeric_limits<float>::quiet_NaN();
    Matrix<float> bad = Matrix<float>::Constant(9, 1, nan);
    activation->apply(bad, bad);
    EXPECT_TRUE(bad.array().isNaN().all());
    if (definition().strongly_convex) {
        activation->prox(0.5, bad, bad);
        EXPECT_TRUE(bad.array().isNaN().all());
    }
    EXPECT_TRUE(std::isnan(activation->gap(bad, bad)[0]));
}

TEST_P(EveryMinimizer, has_a_proximal_map_that_meets_its_condition_far_out_and_for_tiny_steps) {
    if (!definition().strongly_convex) {
        return;
    }
    // x = prox(v) satisfies (v - (1-s) x)/s in dF(x), hence x = phi of it.
    for (double s : {1e-6, 1e-3, 0.5, 1e3}) {
        for (double v : {-1e4, -30.0, -1.0, 0.0, 0.999, 1.0, 1.001, 30.0, 1e4}) {
            Matrix<double> x(1, 1);
            activation->prox(s, Matrix<double>::Constant(1, 1, v), x);
            const double u = (v - (1 - s) * x(0, 0)) / s;
            EXPECT_NEAR(x(0, 0), phi(u), 1e-9 * (1 + std::abs(x(0, 0)) / s)) << s << " " << v;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Table, EveryMinimizer, testing::ValuesIn(definitions()),
                         [](const auto& suite) { return test_name(suite.param.text); });

}  // namespace
}  // namespace hoist
