#include "hoist/math/activation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <ostream>
#include <random>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// An activation as its definition has it: F and its conjugate, written down independently of the
/// code under test.
struct Definition {
    std::string text;
    double lower;
    double upper;
    std::function<double(double)> f;
    std::function<double(double)> conjugate;
    std::vector<double> kinks;

    double psi(double x) const { return f(x) - 0.5 * x * x; }
};

void PrintTo(const Definition& definition, std::ostream* out) { *out << definition.text; }

double xlogx(double x) { return x > 0 ? x * std::log(x) : 0; }
double square(double x) { return x * x; }

Definition leaky(const std::string& text, double a) {
    return {text,
            -infinity,
            infinity,
            [a](double x) { return x * x / (x < 0 ? 2 * a : 2); },
            [a](double u) { return u * u / 2 * (u < 0 ? a : 1); },
            {0}};
}

Definition shrinkage(const std::string& text, double t) {
    return {text,
            -infinity,
            infinity,
            [t](double x) { return x * x / 2 + t * std::abs(x); },
            [t](double u) { return square(std::max(std::abs(u) - t, 0.0)) / 2; },
            {-t, t}};
}

std::vector<Definition> definitions() {
    const auto half_square = [](double x) { return x * x / 2; };
    return {
        {"identity", -infinity, infinity, half_square, half_square, {}},
        {"relu",
         0,
         infinity,
         half_square,
         [](double u) { return square(std::max(u, 0.0)) / 2; },
         {0}},
        leaky("leaky_relu(0.1)", 0.1),
        leaky("leaky_relu(0.75)", 0.75),
        {"hard_tanh",
         -1,
         1,
         half_square,
         [](double u) { return std::abs(u) <= 1 ? u * u / 2 : std::abs(u) - 0.5; },
         {-1, 1}},
        {"hard_sigmoid",
         0,
         1,
         half_square,
         [](double u) { return u <= 0   ? 0
                               : u <= 1 ? u * u / 2
                                        : u - 0.5; },
         {0, 1}},
        shrinkage("soft_threshold(0.5)", 0.5),
        shrinkage("soft_threshold(2)", 2),
        {"sigmoid",
         0,
         1,
         [](double x) { return xlogx(x) + xlogx(1 - x); },
         [](double u) { return std::log1p(std::exp(u)); },
         {}},
        {"tanh",
         -1,
         1,
         [](double x) { return 0.5 * (xlogx(1 + x) + xlogx(1 - x)); },
         [](double u) { return std::log(std::cosh(u)); },
         {}},
    };
}

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

class EveryActivation : public testing::TestWithParam<Definition> {
  protected:
    const Definition& definition() const { return GetParam(); }

    double phi(double u) const { return value(u, &Activation::apply); }
    double slope(double u) const { return value(u, &Activation::slope); }
    double gap(double x, double u) const {
        return activation->gap(Matrix<double>::Constant(1, 1, x),
                               Matrix<double>::Constant(1, 1, u));
    }

    std::shared_ptr<const Activation> activation = parse_activation(GetParam().text);

  private:
    using Map = void (Activation::*)(const ConstMatrixRef<double>&, MatrixRef<double>) const;
    double value(double u, Map map) const {
        Matrix<double> in = Matrix<double>::Constant(1, 1, u);
        Matrix<double> out(1, 1);
        ((*activation).*map)(in, out);
        return out(0, 0);
    }
};

TEST_P(EveryActivation, is_the_minimizer_of_its_function_minus_the_product) {
    for (double u : samples()) {
        const auto objective = [&](double x) { return definition().f(x) - u * x; };
        EXPECT_NEAR(phi(u), brute_force(objective, definition().lower, definition().upper), 1e-6)
            << u;
    }
}

TEST_P(EveryActivation, has_the_proximal_map_of_its_remainder) {
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

TEST_P(EveryActivation, has_a_gap_equal_to_its_definition) {
    for (double u : samples()) {
        for (double v : samples()) {
            const double x = phi(v);
            const double expected = definition().f(x) + definition().conjugate(u) - x * u;
            EXPECT_NEAR(gap(x, u), expected, 1e-13 * (1 + square(std::abs(x) + std::abs(u))))
                << "x " << x << " u " << u;
        }
    }
}

TEST_P(EveryActivation, has_a_gap_of_at_least_half_the_squared_distance) {
    for (double u : samples()) {
        for (double v : samples()) {
            const double x = phi(v);
            const double bound = 0.5 * square(x - phi(u));
            EXPECT_GE(gap(x, u), bound * (1 - 1e-12)) << "x " << x << " u " << u;
        }
    }
}

TEST_P(EveryActivation, keeps_the_digits_of_a_small_gap) {
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

TEST_P(EveryActivation, has_no_gap_at_its_own_value) {
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
        const double single = activation->gap(out, in);
        EXPECT_GE(single, 0) << u;
        EXPECT_LE(single, smooth ? 1e-7 : 0) << u;
    }
}

TEST_P(EveryActivation, has_an_infinite_gap_outside_its_domain) {
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

TEST_P(EveryActivation, has_the_slope_of_finite_differences_away_from_kinks) {
    constexpr double h = 1e-6;
    for (double u : samples()) {
        const bool near_kink = std::ranges::any_of(
            definition().kinks, [&](double kink) { return std::abs(u - kink) < 2 * h; });
        if (!near_kink) {
            EXPECT_NEAR(slope(u), (phi(u + h) - phi(u - h)) / (2 * h), 1e-8) << u;
        }
    }
}

TEST_P(EveryActivation, has_the_slope_of_the_documented_side_at_kinks) {
    for (double kink : definition().kinks) {
        const double side = kink < 0 ? kink + 1e-3 : kink - 1e-3;
        EXPECT_EQ(slope(kink), slope(side)) << kink;
    }
}

TEST_P(EveryActivation, has_a_gap_whose_derivative_in_u_is_phi_minus_x) {
    constexpr double h = 1e-5;
    for (double u : samples()) {
        for (double v : {-2.0, -0.4, 0.1, 0.7, 3.0}) {
            const double x = phi(v);
            const double difference = (gap(x, u + h) - gap(x, u - h)) / (2 * h);
            EXPECT_NEAR(difference, phi(u) - x, 2e-5) << "x " << x << " u " << u;
        }
    }
}

TEST_P(EveryActivation, changes_no_faster_than_its_lipschitz_constant_and_somewhere_as_fast) {
    const double lipschitz = activation->traits().lipschitz;
    double steepest = 0;
    for (double u = -6; u < 6; u += 1e-2) {
        const double change = std::abs(phi(u + 1e-2) - phi(u)) / 1e-2;
        EXPECT_LE(change, lipschitz * (1 + 1e-9)) << u;
        steepest = std::max(steepest, change);
    }
    EXPECT_GE(steepest, 0.999 * lipschitz);
}

TEST_P(EveryActivation, states_its_domain_and_whether_it_is_a_projection) {
    const ActivationTraits traits = activation->traits();
    EXPECT_EQ(traits.lower, definition().lower);
    EXPECT_EQ(traits.upper, definition().upper);
    bool half_square = true;
    for (double v : samples()) {
        half_square = half_square && std::abs(definition().psi(phi(v))) < 1e-12;
    }
    EXPECT_EQ(traits.projection, half_square);
}

TEST_P(EveryActivation, acts_in_place_on_blocks_and_in_single_precision_alike) {
    std::mt19937_64 engine(3);
    std::normal_distribution<double> normal(0, 3);
    const Matrix<double> u = Matrix<float>::NullaryExpr(37, 11, [&] {
                                 return static_cast<float>(normal(engine));
                             }).cast<double>();
    Matrix<double> x(37, 11);
    Matrix<double> d(37, 11);
    Matrix<double> p(37, 11);
    activation->apply(u, x);
    activation->slope(u, d);
    activation->prox(0.4, u, p);

    Matrix<double> whole = u;
    activation->apply(whole, whole);
    EXPECT_EQ(whole, x);
    // Rows 3..19 of the columns 2..5: not contiguous, and elsewhere nothing changes.
    Matrix<double> part = u;
    activation->apply(part.block(3, 2, 17, 4), part.block(3, 2, 17, 4));
    EXPECT_EQ(part.block(3, 2, 17, 4), x.block(3, 2, 17, 4));
    part.block(3, 2, 17, 4) = u.block(3, 2, 17, 4);
    EXPECT_EQ(part, u);

    Matrix<float> single = u.cast<float>();
    Matrix<float> single_d = single;
    Matrix<float> single_p = single;
    activation->slope(single_d, single_d);
    activation->prox(0.4, single_p, single_p);
    activation->apply(single, single);
    EXPECT_LT((single.cast<double>() - x).cwiseAbs().maxCoeff(), 2e-6);
    EXPECT_LT((single_d.cast<double>() - d).cwiseAbs().maxCoeff(), 2e-6);
    EXPECT_LT((single_p.cast<double>() - p).cwiseAbs().maxCoeff(), 5e-6);
    // 407 values, each rounded by at most 6e-8 near saturation, where the gap is linear in that.
    EXPECT_NEAR(activation->gap(single, u.cast<float>()), 0, 1e-5);
}

TEST_P(EveryActivation, gives_a_value_that_does_not_depend_on_where_it_lies) {
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

TEST_P(EveryActivation, stays_in_its_domain_in_single_precision_and_lets_nan_through) {
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
    activation->prox(0.5, bad, bad);
    EXPECT_TRUE(bad.array().isNaN().all());
    EXPECT_TRUE(std::isnan(activation->gap(bad, bad)));
}

TEST_P(EveryActivation, has_a_proximal_map_that_meets_its_condition_far_out_and_for_tiny_steps) {
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

TEST_P(EveryActivation, is_named_as_it_is_read) {
    EXPECT_EQ(activation->name(), definition().text);
    EXPECT_EQ(parse_activation(activation->name())->name(), activation->name());
}

INSTANTIATE_TEST_SUITE_P(Table, EveryActivation, testing::ValuesIn(definitions()),
                         [](const auto& suite) {
                             std::string name = suite.param.text;
                             std::erase_if(name, [](char c) { return c == '(' || c == ')'; });
                             std::ranges::replace(name, '.', '_');
                             return name;
                         });

TEST(Activation, every_name_of_the_table_is_tested_here) {
    std::vector<std::string> tested;
    for (const Definition& definition : definitions()) {
        tested.push_back(definition.text);
    }
    for (const std::string& name : activation_names()) {
        EXPECT_NE(std::ranges::find(tested, name), tested.end()) << name;
    }
}

TEST(Activation, is_read_with_white_space_and_default_parameters) {
    EXPECT_EQ(parse_activation("  relu\t")->name(), "relu");
    EXPECT_EQ(parse_activation("leaky_relu")->name(), "leaky_relu(0.1)");
    EXPECT_EQ(parse_activation(" leaky_relu ( 0.2 ) ")->name(), "leaky_relu(0.2)");
    EXPECT_EQ(parse_activation("soft_threshold")->name(), "soft_threshold(0.5)");
}

std::string error_of(std::string_view text) {
    try {
        parse_activation(text);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

TEST(Activation, that_is_unknown_is_refused_with_the_nearest_name) {
    EXPECT_NE(error_of("rleu").find("did you mean 'relu'"), std::string::npos);
    EXPECT_NE(error_of("leaky-relu(0.1)").find("did you mean 'leaky_relu'"), std::string::npos);
    EXPECT_NE(error_of("something_else").find("soft_threshold"), std::string::npos);
    EXPECT_EQ(error_of("something_else").find("did you mean"), std::string::npos);
}

TEST(Activation, with_a_parameter_that_does_not_fit_is_refused) {
    for (const char* text :
         {"leaky_relu(0)", "leaky_relu(1)", "leaky_relu(-0.1)", "leaky_relu(nan)", "leaky_relu()",
          "leaky_relu(a)", "leaky_relu(0.1", "leaky_relu(0.1)x", "leaky_relu(0.1, 0.2)",
          "soft_threshold(0)", "soft_threshold(inf)", "relu(1)", "relu()", "", "()"}) {
        EXPECT_THROW(parse_activation(text), UsageError) << text;
    }
    EXPECT_NE(error_of("leaky_relu(2)").find("between 0 and 1"), std::string::npos);
    EXPECT_NE(error_of("relu(1)").find("no parameter"), std::string::npos);
}

TEST(Activation, refuses_matrices_of_different_sizes) {
    const auto relu = parse_activation("relu");
    const Matrix<double> u = Matrix<double>::Zero(3, 2);
    Matrix<double> x(2, 3);
    EXPECT_THROW(relu->apply(u, x), Defect);
    EXPECT_THROW(relu->gap(x, u), Defect);
}

TEST(Activation, refuses_a_step_that_is_not_positive) {
    Matrix<double> x = Matrix<double>::Zero(3, 2);
    EXPECT_THROW(parse_activation("tanh")->prox(0, x, x), Defect);
    EXPECT_THROW(parse_activation("relu")->prox(-1, x, x), Defect);
}

}  // namespace
}  // namespace hoist
