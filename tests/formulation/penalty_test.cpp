#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "hoist/base/error.hpp"
#include "hoist/formulation/formulation.hpp"
#include "hoist/formulation/output_block.hpp"
#include "math/activation_definitions.hpp"
#include "support/defined_activation.hpp"
#include "support/random_matrix.hpp"

// What every formulation but classical promises of its penalty and of the two minimizations.

namespace hoist {
namespace {

constexpr Index columns = 12;
constexpr double own_lambda = 1.7;
constexpr double lambda_above = 0.6;

/// A formulation and the activation of both hidden layers.
struct Setting {
    std::string formulation;
    Contrast contrast = Contrast::dual;
    std::string activation;

    bool gap() const {
        return formulation != "mac" && parse_activation(activation)->traits().minimizer;
    }
};

void PrintTo(const Setting& setting, std::ostream* out) {
    *out << setting.formulation << " " << setting.activation;
}

FormulationOptions options_of(const Setting& setting) {
    FormulationOptions options;
    options.name = setting.formulation;
    options.contrast = setting.contrast;
    options.lambda = {own_lambda, lambda_above};
    options.gamma = 0.8;
    return options;
}

NetworkSpec spec_of(const Setting& setting) {
    return parse_network("3-6-6-4", setting.activation, "softmax");
}

std::vector<Setting> settings() {
    std::vector<Setting> all;
    for (const std::string& activation : activation_names()) {
        for (const Setting& setting : {Setting{"mac", Contrast::dual, activation},
                                       Setting{"fenchel", Contrast::dual, activation},
                                       Setting{"bregman", Contrast::dual, activation},
                                       Setting{"contrastive", Contrast::dual, activation},
                                       Setting{"contrastive", Contrast::clamped, activation}}) {
            try {
                check_formulation(spec_of(setting), options_of(setting));
                all.push_back(setting);
            } catch (const UsageError&) {  // the refusals have tests of their own
            }
        }
    }
    return all;
}

class EveryPenalty : public testing::TestWithParam<Setting> {
  protected:
    NetworkSpec spec = spec_of(GetParam());
    FormulationOptions options = options_of(GetParam());
    DefinedActivation phi{GetParam().activation};
    /// Of u where x has 6 rows.
    Index rows = spec.activation(1).input(Shape::vector(6)).size();
    std::unique_ptr<Formulation<double>> formulation = make_formulation<double>(spec, options);

    // Of layer 1: contrastive discounts it by its own rule.
    double lambda() const {
        return options.name == "contrastive" && options.contrast == Contrast::clamped
                   ? std::pow(options.gamma, -2.0)
                   : own_lambda;
    }
    Matrix<double> some_u(std::uint64_t seed, double size = 1.5) const {
        return random_matrix(rows, columns, seed, size);
    }
    // Where the penalty is finite.
    Matrix<double> some_x(std::uint64_t seed) const {
        return GetParam().gap() ? phi.of(some_u(seed)) : random_matrix(6, columns, seed);
    }
    Vector<double> penalty(const Matrix<double>& x, const Matrix<double>& u) const {
        return formulation->penalty(1, x, u);
    }
    Matrix<double> signal(const Matrix<double>& x, const Matrix<double>& u) const {
        Matrix<double> s(u.rows(), u.cols());
        formulation->signal(1, x, u, s);
        return s;
    }
    Matrix<double> response(const Matrix<double>& u, const Matrix<double>& g) const {
        Matrix<double> s(u.rows(), u.cols());
        formulation->respond(1, u, g, phi.of(u), s);
        return s;
    }
};

TEST_P(EveryPenalty, is_zero_at_the_activation_and_positive_elsewhere) {
    const Matrix<double> u = some_u(1);
    EXPECT_LT(penalty(phi.of(u), u).cwiseAbs().maxCoeff(), 1e-14);
    EXPECT_LT(signal(phi.of(u), u).cwiseAbs().maxCoeff(), 1e-14);
    for (std::uint64_t seed = 2; seed < 6; ++seed) {
        const Matrix<double> x = some_x(seed);
        const Matrix<double> distance = x - phi.of(u);
        const Vector<double> value = penalty(x, u);
        for (Index j = 0; j < columns; ++j) {
            EXPECT_GE(value(j), 0.5 * lambda() * distance.col(j).squaredNorm() * (1.0 - 1e-12));
        }
    }
}

// That of lambda D(x, u) + <g, x>, by its definition and by the signal that respond() makes of it.
TEST_P(EveryPenalty, is_minimized_under_a_pull_where_its_response_leads) {
    const Matrix<double> u = some_u(2);
    const Matrix<double> g = random_matrix(6, columns, 3);
    Matrix<double> x(6, columns);
    formulation->minimizer(1, u, g, x);
    const Matrix<double> expected =
        GetParam().gap() ? phi.pulled(u, g / lambda()) : Matrix<double>(phi.of(u) - g / lambda());
    EXPECT_LT((x - expected).cwiseAbs().maxCoeff(), 1e-12);
    const bool two_states =
        GetParam().formulation == "contrastive" && GetParam().contrast == Contrast::dual;
    if (!two_states) {
        EXPECT_LT((signal(x, u) - response(u, g)).cwiseAbs().maxCoeff(), 1e-11);
    }
}

TEST_P(EveryPenalty, is_that_of_its_definition) {
    const Matrix<double> u = some_u(1);
    const Matrix<double> x = some_x(2);
    const Vector<double> value = penalty(x, u);
    const auto all = definitions();
    const auto known = std::ranges::find(all, GetParam().activation, &Definition::text);
    for (Index j = 0; j < columns; ++j) {
        double expected = 0.5 * (x.col(j) - phi.of(u).col(j)).squaredNorm();
        if (GetParam().gap()) {
            expected = 0.0;
            if (known == all.end()) {  // those of columns are tested with the activations
                return;
            }
            for (Index i = 0; i < x.rows(); ++i) {
                expected += known->f(x(i, j)) + known->conjugate(u(i, j)) - x(i, j) * u(i, j);
            }
        }
        EXPECT_NEAR(value(j), lambda() * expected, 1e-8 * (1.0 + value(j)));
    }
}

TEST_P(EveryPenalty, has_the_signal_as_its_slope) {
    const Matrix<double> u = some_u(1);
    const Matrix<double> x = some_x(2);
    const Matrix<double> s = signal(x, u);
    constexpr double step = 1e-5;
    for (Index i = 0; i < u.rows(); ++i) {
        Matrix<double> up = u;
        Matrix<double> down = u;
        up.row(i).array() += step;
        down.row(i).array() -= step;
        const Vector<double> slope = (penalty(x, up) - penalty(x, down)) / (2.0 * step);
        EXPECT_LT((slope - s.row(i).transpose()).cwiseAbs().maxCoeff(), 1e-7) << "row " << i;
    }
}

TEST_P(EveryPenalty, is_never_above_the_quadratic_that_the_weights_are_fitted_by) {
    if (!GetParam().gap()) {  // the curvature of phi is left out of that of mac
        EXPECT_DOUBLE_EQ(formulation->pull_weight(1),
                         own_lambda * std::pow(spec.activation(1).traits().lipschitz, 2));
        return;
    }
    const double c = formulation->pull_weight(1);
    for (const double size : {0.01, 0.3, 3.0}) {
        for (std::uint64_t seed = 1; seed < 8; ++seed) {
            const Matrix<double> u = some_u(seed);
            const Matrix<double> x = some_x(seed + 10);
            const Matrix<double> move = size * some_u(seed + 20);
            const Vector<double> now = penalty(x, u);
            const Vector<double> then = penalty(x, u + move);
            const Matrix<double> s = signal(x, u);
            for (Index j = 0; j < columns; ++j) {
                const double bound =
                    now(j) + s.col(j).dot(move.col(j)) + 0.5 * c * move.col(j).squaredNorm();
                EXPECT_LE(then(j), bound + 1e-12 * (1.0 + std::abs(bound)));
            }
        }
    }
}

TEST_P(EveryPenalty, answers_with_the_signal_at_the_least_of_penalty_and_slope) {
    if (options.name == "contrastive" && options.contrast == Contrast::dual) {
        return;  // has two states
    }
    const Matrix<double> u = some_u(1);
    const Matrix<double> g = random_matrix(6, columns, 2, 2.0);
    const Matrix<double> s = response(u, g);
    if (!GetParam().gap()) {
        EXPECT_LT((s - phi.pull_back(u, g)).cwiseAbs().maxCoeff(), 1e-14);
        // J' lambda (phi - x) = J'g at the minimizer x = phi - g / lambda
        EXPECT_LT((s - signal(phi.of(u) - g / lambda(), u)).cwiseAbs().maxCoeff(), 1e-13);
        return;
    }
    const ActivationTraits traits = spec.activation(1).traits();
    Matrix<double> least = phi.pulled(u, g / lambda());
    EXPECT_LT((s - lambda() * phi.summed(phi.of(u) - least)).cwiseAbs().maxCoeff(), 1e-12);
    least = least.cwiseMax(traits.lower).cwiseMin(traits.upper);  // but rounding
    const auto objective = [&](const Matrix<double>& x) -> Vector<double> {
        return penalty(x, u) + g.cwiseProduct(x).colwise().sum().transpose();
    };
    const Vector<double> reached = objective(least);
    for (std::uint64_t seed = 3; seed < 40; ++seed) {
        const double share = std::pow(0.3, static_cast<double>(seed % 10));
        const Matrix<double> other = (1.0 - share) * least + share * some_x(seed);
        const Vector<double> value = objective(other);
        for (Index j = 0; j < columns; ++j) {
            EXPECT_GE(value(j), reached(j) - 1e-11 * (1.0 + std::abs(reached(j))));
        }
    }
}

TEST_P(EveryPenalty, answers_a_nudge_with_the_distance_of_its_two_states) {
    if (options.name != "contrastive" || options.contrast != Contrast::dual) {
        return;
    }
    const Matrix<double> u = some_u(1);
    const Matrix<double> g = random_matrix(6, columns, 2);
    options.beta = 0.7;
    const double scale = options.beta / own_lambda;
    for (const auto& [nudge, toward] :
         {std::pair{Nudge::positive, 1.0}, {Nudge::negative, 0.0}, {Nudge::both, 0.5}}) {
        options.nudge = nudge;
        formulation = make_formulation<double>(spec, options);
        if (GetParam().activation.starts_with("maxpool")) {  // the identity, of the largest
            EXPECT_EQ(response(u, g), phi.pull_back(u, g));
            continue;
        }
        const Matrix<double> plus = phi.pulled(u, toward * scale * g);
        const Matrix<double> minus = phi.pulled(u, (toward - 1.0) * scale * g);
        EXPECT_LT((response(u, g) - phi.summed(minus - plus) / scale).cwiseAbs().maxCoeff(), 1e-12);
    }
}

TEST_P(EveryPenalty, answers_in_float_with_all_its_digits_however_large_lambda_is) {
    const Matrix<float> u = some_u(1).cast<float>();
    const Matrix<float> g = random_matrix(6, columns, 2).cast<float>();
    const Matrix<double> error = phi.pull_back(u.cast<double>(), g.cast<double>());
    Matrix<float> x(6, columns);
    spec.activation(1).apply(u, x);
    options.contrast = Contrast::dual;  // clamped has no lambda
    for (const Nudge nudge : {Nudge::positive, Nudge::negative, Nudge::both}) {
        options.nudge = nudge;
        for (const double lambda : {1e6, 1e8, 1e12}) {
            options.lambda = {lambda, lambda};
            Matrix<float> s(u.rows(), u.cols());
            make_formulation<float>(spec, options)->respond(1, u, g, x, s);
            EXPECT_LT((s.cast<double>() - error).cwiseAbs().maxCoeff(), 1e-5) << lambda;
        }
    }
}

TEST_P(EveryPenalty, answers_in_float_as_in_double) {
    const auto coarse = make_formulation<float>(spec, options);
    const Matrix<float> u = some_u(1).cast<float>();
    const Matrix<float> g = random_matrix(6, columns, 2).cast<float>();
    const Matrix<float> x = phi.of(u.cast<double>()).cast<float>();
    Matrix<float> s(u.rows(), u.cols());
    coarse->respond(1, u, g, x, s);
    EXPECT_LT(
        (s.cast<double>() - response(u.cast<double>(), g.cast<double>())).cwiseAbs().maxCoeff(),
        1e-5);
}

/// A block of layer 1 with what is above it: the penalty of layer 2, or the output.
class EveryBlock : public EveryPenalty {
  protected:
    Weights<double> weights{random_matrix(rows, 6, 11, 0.7), random_matrix(rows, 1, 12, 0.5)};
    Matrix<double> u = some_u(13);
    Matrix<double> x_above =
        GetParam().gap() ? phi.of(random_matrix(rows, columns, 14)) : random_matrix(6, columns, 14);

    void make(int iterations, BlockMethod method) {
        options.iterations = iterations;
        options.method = method;
        formulation = make_formulation<double>(spec, options);
        formulation->prepare(1, weights, formulation->pull_weight(2));
    }
    Matrix<double> moved(const Matrix<double>& from) {
        Matrix<double> x = from;
        const PenaltyAbove<double> above(*formulation, 2, x_above);
        formulation->update_activations(1, weights, u, above, x);
        return x;
    }
    Vector<double> objective(const Matrix<double>& x) const {
        const Matrix<double> w_x = (weights.matrix * x).colwise() + weights.bias;
        return formulation->penalty(1, x, u) + formulation->penalty(2, x_above, w_x);
    }
    // How far x is from the one that its optimality condition makes of it.
    double distance_from_stationarity(const Matrix<double>& x) const {
        const Matrix<double> w_x = (weights.matrix * x).colwise() + weights.bias;
        Matrix<double> s(w_x.rows(), w_x.cols());
        formulation->signal(2, x_above, w_x, s);
        const Matrix<double> g = weights.matrix.transpose() * s / lambda();
        const Matrix<double> image =
            GetParam().gap() ? phi.pulled(u, g) : Matrix<double>(phi.of(u) - g);
        return (image - x).cwiseAbs().maxCoeff();
    }
};

TEST_P(EveryBlock, ends_where_its_optimality_condition_holds) {
    if (options.name == "contrastive" && options.contrast == Contrast::dual) {
        return;  // moves once
    }
    if (!GetParam().gap() && phi.piecewise_linear()) {
        return;  // minima lie on kinks, where there is no such condition
    }
    for (const auto method :
         {BlockMethod::plain, BlockMethod::accelerated, BlockMethod::adaptive}) {
        make(300, method);
        const Matrix<double> x = moved(phi.of(u));
        EXPECT_LT(distance_from_stationarity(x), 1e-9) << static_cast<int>(method);
        if (GetParam().gap()) {
            EXPECT_LT((moved(some_x(31)) - x).cwiseAbs().maxCoeff(), 1e-8) << "not unique";
        }
    }
}

TEST_P(EveryBlock, is_never_raised_by_a_step_of_safe_length) {
    if (options.name == "contrastive" && options.contrast == Contrast::dual) {
        return;
    }
    make(1, BlockMethod::plain);
    Matrix<double> x = some_x(32);
    const Vector<double> first = objective(x);
    Vector<double> before = first;
    for (int step = 0; step < 30; ++step) {
        x = moved(x);
        const Vector<double> after = objective(x);
        EXPECT_LE((after - before).maxCoeff(), 1e-12) << step;
        before = after;
    }
    EXPECT_LT(before.sum(), 0.9 * first.sum());
}

// Of the identity with one larger singular value, to which power iteration has a long way.
TEST(AcceleratedBlocks, converge_where_one_singular_value_stands_out) {
    constexpr Index n = 100;
    for (const Index place : {Index{0}, Index{57}, n - 1}) {
        for (const std::string name : {"fenchel", "bregman"}) {
            FormulationOptions options;
            options.name = name;
            options.lambda = {0.01, 1.0};
            options.iterations = 400;
            const NetworkSpec spec = parse_network("3-100-100-4", "identity", "linear");
            const auto formulation = make_formulation<double>(spec, options);
            Weights<double> weights{Matrix<double>::Identity(n, n), Vector<double>::Zero(n)};
            weights.matrix(place, place) = 1.5;
            const Matrix<double> u = random_matrix(n, 3, 1);
            const Matrix<double> x_above = random_matrix(n, 3, 2);
            Matrix<double> x = u;
            formulation->prepare(1, weights, formulation->pull_weight(2));
            formulation->update_activations(1, weights, u,
                                            PenaltyAbove<double>(*formulation, 2, x_above), x);
            // lambda_1 (x - u) + lambda_2 W'(W x - x_above) = 0, W diagonal
            const Vector<double> w = weights.matrix.diagonal();
            for (Index j = 0; j < 3; ++j) {
                const Vector<double> exact =
                    (0.01 * u.col(j) + w.cwiseProduct(x_above.col(j)))
                        .cwiseQuotient((w.array().square() + 0.01).matrix());
                EXPECT_LT((x.col(j) - exact).cwiseAbs().maxCoeff(), 1e-9) << name << " " << place;
            }
        }
    }
}

std::string name_of(const testing::TestParamInfo<Setting>& test) {
    const std::string& activation = test.param.activation;
    return test.param.formulation + (test.param.contrast == Contrast::clamped ? "_clamped_" : "_") +
           activation.substr(0, activation.find('('));
}

INSTANTIATE_TEST_SUITE_P(all, EveryPenalty, testing::ValuesIn(settings()), name_of);
INSTANTIATE_TEST_SUITE_P(all, EveryBlock, testing::ValuesIn(settings()), name_of);

}  // namespace
}  // namespace hoist
