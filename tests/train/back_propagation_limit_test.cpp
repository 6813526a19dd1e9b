#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "support/messages.hpp"
#include "support/one_gradient_step.hpp"
#include "support/serial_batches.hpp"

// As the loss becomes weak beside the penalties, the error signals of every lifted formulation tend
// to the back-propagated ones: for one step of any length in each block, and at the joint minimum
// over all activations.

namespace hoist {
namespace {

using Matrices = std::vector<Matrix<double>>;

const std::vector<std::string> outputs{"linear", "softmax", "simplex"};

std::string bare(const std::string& name) { return name.substr(0, name.find('(')); }

ConfigText one_gradient_step(const std::string& formulation, const std::string& activation,
                             const std::string& output) {
    ConfigText settings = hoist::one_gradient_step("5-6-6-6-3");
    settings["network.activation"] = activation;
    settings["network.output"] = output;
    settings["formulation.name"] = formulation;
    return settings;
}

// The lambda of an explicit output belongs to the loss, and stays.
std::string lambdas(double scale, const std::string& output) {
    return to_text(scale) + "," + to_text(2.0 * scale) + "," + to_text(0.5 * scale) +
           (output == "simplex" ? ",3" : "");
}

// What BatchStep moves the weights by, as a gradient.
Matrices gradient_of(const SmallProblem& problem) {
    const Communicator world = Communicator::world();
    SmallBatches<double> training(problem, some_weights(problem), world);
    training.advance();
    return gradient_of(problem, training);
}

Matrices back_propagated(const SmallProblem& problem) {
    const SerialBatches serial(problem, some_weights(problem));
    return serial.back_propagated(serial.weights(), serial.all_samples());
}

double error_of(const ConfigText& settings) {
    const SmallProblem problem = small_problem(settings, 9);
    return relative_distance(gradient_of(problem), back_propagated(problem));
}

// What the rounding of weights before and after a step makes of a gradient that is their difference, relative to it:
// more than others where a gradient is small, as below several splines.
double rounding_of(const ConfigText& settings) {
    const SmallProblem problem = small_problem(settings, 9);
    const Matrices weights = joined(some_weights(problem));
    const Matrices gradients = back_propagated(problem);
    double most = 0.0;
    for (std::size_t l = 0; l < weights.size(); ++l) {
        most =
            std::max(most, weights[l].cwiseAbs().maxCoeff() / gradients[l].cwiseAbs().maxCoeff());
    }
    return 2.0 * std::numeric_limits<double>::epsilon() * most;
}

/// A formulation with the number that goes to its limit.
struct Limit {
    std::string name;
    std::string formulation;
    ConfigText settings;
    /// Sets the number to a tenth to the power of so many.
    std::function<void(ConfigText&, int tenths, const std::string& output)> weaken;
    /// A power at which no unit crosses a kink.
    int small = 5;
    /// What a tenfold change divides the error of smooth activations by.
    double order = 10.0;
    /// How much rounding is amplified at a tenth to the power of `small`.
    double amplification = 1e5;
};

void PrintTo(const Limit& limit, std::ostream* out) { *out << limit.name; }

void grow_lambda(ConfigText& settings, int tenths, const std::string& output) {
    settings["formulation.lambda"] = lambdas(std::pow(10.0, tenths), output);
}

void shrink_beta(ConfigText& settings, int tenths, const std::string& output) {
    settings["formulation.lambda"] = lambdas(1.0, output);
    settings["formulation.beta"] = to_text(std::pow(10.0, -tenths));
}

void shrink_gamma(ConfigText& settings, int tenths, const std::string& output) {
    settings["formulation.lambda"] = lambdas(1.0, output);
    settings["formulation.gamma"] = to_text(std::pow(10.0, -tenths));
}

const std::vector<Limit> limits{
    {"fenchel", "fenchel", {}, grow_lambda},
    {"bregman", "bregman", {{"formulation.passes", "1"}}, grow_lambda},
    {"dual_nudged_both_ways",
     "contrastive",
     {{"formulation.nudge", "both"}},
     shrink_beta,
     5,
     100.0},
    {"dual_nudged_toward_the_label",
     "contrastive",
     {{"formulation.nudge", "positive"}},
     shrink_beta},
    {"dual_nudged_away_from_it", "contrastive", {{"formulation.nudge", "negative"}}, shrink_beta},
    // Its lambda_1 is the third power.
    {"clamped", "contrastive", {{"formulation.contrast", "clamped"}}, shrink_gamma, 3, 10.0, 1e9},
};

class BackPropagationLimit
    : public testing::TestWithParam<std::tuple<Limit, std::string, std::string>> {
  protected:
    Limit limit = std::get<0>(GetParam());
    std::string activation = std::get<1>(GetParam());
    std::string output = std::get<2>(GetParam());

    ConfigText settings() const {
        ConfigText all = one_gradient_step(limit.formulation, activation, output);
        all.insert(limit.settings.begin(), limit.settings.end());
        return all;
    }
    double error_at(int tenths) const {
        ConfigText all = settings();
        limit.weaken(all, tenths, output);
        return error_of(all);
    }
};

TEST_P(BackPropagationLimit, is_approached_in_proportion_or_reached_at_once) {
    const ActivationTraits traits = parse_activation(activation)->traits();
    const bool dual = limit.name.starts_with("dual");  // which needs phi alone
    if (!traits.has_prox && !(dual && std::isfinite(traits.lipschitz))) {
        ConfigText all = settings();
        limit.weaken(all, 1, output);
        expect_mentions(message_of<UsageError>([&] { parse_config(all); }),
                        {limit.formulation, bare(activation), "use "});
        return;
    }
    if (DefinedActivation(activation).piecewise_linear()) {
        EXPECT_LT(error_at(limit.small), 1e-13 * limit.amplification);
        return;
    }
    // The second derivative of gelu vanishes at sqrt 2, so that the next order counts for longer.
    const int first = activation == "gelu" ? 2 : 1;
    const double far = error_at(first);
    const double near = error_at(first + 1);
    const double nearer = error_at(first + 2);
    EXPECT_GT(error_at(1), 1e-5) << "there is nothing to approach";
    EXPECT_LT(near, far);
    EXPECT_NEAR(near / nearer, limit.order, 0.1 * limit.order);
}

// Those of the table; splines that have a gap with so few knots that units lie as far from them as from other kinks.
std::vector<std::string> activations_with_few_kinks() {
    std::vector<std::string> names = activation_names();
    std::ranges::replace(names, std::string("proximal_spline(31)"),
                         std::string("proximal_spline(4)"));
    return names;
}

INSTANTIATE_TEST_SUITE_P(all, BackPropagationLimit,
                         testing::Combine(testing::ValuesIn(limits),
                                          testing::ValuesIn(activations_with_few_kinks()),
                                          testing::ValuesIn(outputs)),
                         [](const auto& test) {
                             return std::get<0>(test.param).name + "_" +
                                    bare(std::get<1>(test.param)) + "_" + std::get<2>(test.param);
                         });

class Mac : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(Mac, has_the_gradient_of_the_ordinary_network_whatever_lambda_is) {
    const auto& [activation, output] = GetParam();
    for (const double lambda : {1e-3, 1.0, 1e3}) {
        ConfigText settings = one_gradient_step("mac", activation, output);
        settings["formulation.lambda"] = lambdas(lambda, output);
        if (std::isinf(parse_activation(activation)->traits().lipschitz)) {
            expect_mentions(message_of<UsageError>([&] { parse_config(settings); }),
                            {"mac", activation, "use "});
        } else {
            EXPECT_LT(error_of(settings), std::max(1e-13, rounding_of(settings)))
                << "lambda " << lambda;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    all, Mac, testing::Combine(testing::ValuesIn(activation_names()), testing::ValuesIn(outputs)),
    [](const auto& test) { return bare(std::get<0>(test.param)) + "_" + std::get<1>(test.param); });

/// lambda R [X;1]' where all activations together have moved to the minimum.
Matrices gradient_at_the_minimum(const SmallProblem& problem) {
    const Communicator world = Communicator::world();
    const Communicator peers = world.split(0);
    const Placement placement = place(layer_costs(problem.config), problem.config.grid, 1);
    const auto samples = own_samples<double>(problem, placement, 0);
    const auto start = some_weights(problem);
    Stage<double> stage{problem.config.network, {0, std::ssize(start)}, start};
    Variables<double> variables(stage.layers);
    Relaxation<double> relaxation(problem.config, world, peers, placement, samples, stage,
                                  variables);
    relaxation.forward();
    for (int i = 0; i < 100; ++i) {
        relaxation();
    }
    relaxation.settle();
    const SerialBatches serial(problem, start);
    Matrices gradient;
    for (std::size_t l = 0; l < start.size(); ++l) {
        const Matrix<double>& x = l == 0 ? problem.inputs : variables.x(static_cast<Index>(l));
        const Matrix<double> u = (start[l].matrix * x).colwise() + start[l].bias;
        const Matrix<double> s = l + 1 < start.size()
                                     ? serial.signal(static_cast<Index>(l) + 1,
                                                     variables.x(static_cast<Index>(l) + 1), u)
                                     : serial.output_slope(problem.targets, u);
        Matrix<double> both(s.rows(), x.rows() + 1);
        both << s * x.transpose(), s.rowwise().sum();
        gradient.push_back(both / static_cast<double>(x.cols()));
    }
    return gradient;
}

class JointMinimum : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(JointMinimum, tends_to_back_propagation_in_proportion) {
    const auto& [activation, output] = GetParam();
    const auto error_at = [&](int tenths) {
        ConfigText settings = one_gradient_step("fenchel", activation, output);
        settings["network.layers"] = "5-6-5-4-3";
        settings["formulation.iterations"] = "60";
        settings["weights.solver"] = "ridge";
        grow_lambda(settings, tenths, output);
        const SmallProblem problem = small_problem(settings, 9);
        return relative_distance(gradient_at_the_minimum(problem), back_propagated(problem));
    };
    const double near = error_at(3);
    const double nearer = error_at(4);
    EXPECT_GT(near, 1e-5) << "there is nothing to approach";
    EXPECT_NEAR(near / nearer, 10.0, 1.0);
}

INSTANTIATE_TEST_SUITE_P(
    all, JointMinimum,
    testing::Combine(testing::Values("tanh", "sigmoid", "softplus", "identity", "leaky_relu(0.5)"),
                     testing::ValuesIn(outputs)),
    [](const auto& test) { return bare(std::get<0>(test.param)) + "_" + std::get<1>(test.param); });

TEST(EveryFormulation, but_classical_has_its_limit_tested) {
    std::vector<std::string> tested{"classical", "mac", "lrrn"};  // the last in lrrn_test.cpp
    for (const Limit& limit : limits) {
        tested.push_back(limit.formulation);
    }
    for (const std::string& name : formulation_names()) {
        EXPECT_NE(std::ranges::find(tested, name), tested.end()) << name;
    }
}

TEST(TheOrdinaryNetwork, of_the_tests_has_the_gradient_of_its_loss) {
    for (const std::string& activation : activation_names()) {
        if (activation == "sign") {
            continue;
        }
        for (const std::string& output : outputs) {
            ConfigText settings = one_gradient_step("mac", activation, output);
            settings["formulation.lambda"] = lambdas(1.0, output);
            const SmallProblem problem = small_problem(settings, 9);
            const SerialBatches serial(problem, some_weights(problem));
            const auto samples = serial.all_samples();
            const Matrices gradient = serial.back_propagated(serial.weights(), samples);
            constexpr double step = 1e-6;
            for (std::size_t l = 0; l < gradient.size(); ++l) {
                Matrix<double> differences = gradient[l];
                for (Index i = 0; i < gradient[l].size(); ++i) {
                    Matrices up = serial.weights();
                    Matrices down = serial.weights();
                    up[l](i) += step;
                    down[l](i) -= step;
                    differences(i) =
                        (serial.plain_loss(up, samples) - serial.plain_loss(down, samples)) /
                        (2.0 * step);
                }
                EXPECT_LT((differences - gradient[l]).cwiseAbs().maxCoeff(),
                          1e-7 * (1.0 + gradient[l].cwiseAbs().maxCoeff()))
                    << activation << " " << output << " map " << l;
            }
        }
    }
}

}  // namespace
}  // namespace hoist
