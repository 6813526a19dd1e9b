#include "hoist/train/sweep.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hoist/base/text.hpp"
#include "support/serial_network.hpp"
#include "support/small_training.hpp"

namespace hoist {
namespace {

SmallProblem problem_with(ConfigText settings, Index samples = 23) {
    settings.emplace("network.layers", "5-7-6-3");
    settings.emplace("formulation.nnls", "block_pivoting");
    settings.emplace("formulation.lambda", "1.5");
    settings.emplace("weights.ridge", "1e-3");
    settings.emplace("grid.block", "4");
    settings.emplace("network.bias", "0.1");
    return small_problem(settings, samples);
}

// The network as it stands, for the definitions to be applied to.
SerialNetwork network_of(const SmallProblem& problem, const SmallTraining<double>& training) {
    SerialNetwork network(problem.config, problem.inputs, problem.targets, training.weights());
    for (Index l = 1; l < network.maps(); ++l) {
        network.activations[static_cast<std::size_t>(l)] = training.activations(l);
    }
    return network;
}

double distance(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
    return (a - b).cwiseAbs().maxCoeff();
}

// The central difference of E when `value` moves.
double slope(SerialNetwork& network, double& value, double step) {
    const double center = value;
    value = center + step;
    const double above = network.energy().objective();
    value = center - step;
    const double below = network.energy().objective();
    value = center;
    return (above - below) / (2.0 * step);
}

// The largest violation of the optimality conditions of N E in X_l: |x - clip(x - gradient)|.
double activation_residual(SerialNetwork network, Index layer) {
    Eigen::MatrixXd& x = network.activations[static_cast<std::size_t>(layer)];
    const double samples = static_cast<double>(x.cols());
    double worst = 0.0;
    for (double& value : x.reshaped()) {
        const double gradient = samples * slope(network, value, 1e-5);
        const double moved =
            std::clamp(value - gradient, network.lower(layer), network.upper(layer));
        worst = std::max(worst, std::abs(value - moved));
    }
    return worst;
}

// The largest entry of the gradient of E in [W_l b_l].
double weight_gradient(SerialNetwork network, Index layer) {
    double worst = 0.0;
    for (double& value : network.weights[static_cast<std::size_t>(layer)].reshaped()) {
        worst = std::max(worst, std::abs(slope(network, value, 1e-5)));
    }
    for (double& value : network.biases[static_cast<std::size_t>(layer)]) {
        worst = std::max(worst, std::abs(slope(network, value, 1e-5)));
    }
    return worst;
}

using Choice = std::tuple<std::string, std::string, std::string, std::string>;

std::string name_of(const testing::TestParamInfo<Choice>& info) {
    std::string name = std::get<0>(info.param) + "_" + std::get<1>(info.param) + "_" +
                       std::get<2>(info.param) + "_inner_" + std::get<3>(info.param);
    std::ranges::replace(name, ',', '_');
    return name;
}

ConfigText settings_of(const Choice& choice) {
    return {{"network.activation", std::get<0>(choice)},
            {"network.output", std::get<1>(choice)},
            {"train.schedule", std::get<2>(choice)},
            {"train.inner", std::get<3>(choice)}};
}

class EveryNetwork : public testing::TestWithParam<Choice> {
  protected:
    Communicator world = Communicator::world();
};

TEST_P(EveryNetwork, sweeps_as_the_textbook_formulas_say) {
    const SmallProblem problem = problem_with(settings_of(GetParam()));
    SmallTraining<double> training(problem, world);
    SerialNetwork expected(problem.config, problem.inputs, problem.targets, problem.start());
    for (int sweep = 0; sweep < 4; ++sweep) {
        const Energy found = training.energy();
        const Energy textbook = expected.energy();
        EXPECT_NEAR(found.loss, textbook.loss, 1e-8 * textbook.objective());
        EXPECT_NEAR(found.penalty, textbook.penalty, 1e-8 * textbook.objective());
        EXPECT_NEAR(found.ridge, textbook.ridge, 1e-8 * textbook.objective());
        const auto weights = training.weights();
        for (Index l = 0; l < expected.maps(); ++l) {
            const auto i = static_cast<std::size_t>(l);
            EXPECT_LT(distance(weights[i].matrix, expected.weights[i]), 1e-8) << "W " << l;
            EXPECT_LT(distance(weights[i].bias, expected.biases[i]), 1e-8) << "b " << l;
            if (l > 0) {
                EXPECT_LT(distance(training.activations(l), expected.activations[i]), 1e-8)
                    << "X " << l << " sweep " << sweep;
            }
        }
        training.sweep()();
        if (problem.config.schedule == Schedule::wavefront) {
            expected.sweep_backward();
        } else {
            expected.sweep_in_two_colors(problem.config.grid.block);
        }
    }
}

// From one lambda to another in equal ratios: each sweep, weights and all, is that of its own.
TEST_P(EveryNetwork, sweeps_with_the_lambda_of_the_moment) {
    constexpr int sweeps = 4;
    const double ratio = std::cbrt(0.3 / 2.4);
    ConfigText settings = settings_of(GetParam());
    settings["formulation.lambda"] = "2.4";
    settings["formulation.lambda_end"] = "0.3";
    settings["formulation.lambda_until"] = "1";
    settings["train.sweeps"] = std::to_string(sweeps);
    const SmallProblem problem = problem_with(settings);
    SmallTraining<double> training(problem, world);
    SerialNetwork expected(problem.config, problem.inputs, problem.targets, problem.start());
    for (int sweep = 0; sweep < sweeps; ++sweep) {
        std::vector<double>& lambda = expected.config.formulation.lambda;
        lambda[0] = lambda[1] = 2.4 * std::pow(ratio, sweep);
        const double before = expected.energy().objective();
        training.sweep().weigh(problem.config.lambda_after(sweep + 1));
        training.sweep()();
        if (problem.config.schedule == Schedule::wavefront) {
            expected.sweep_backward();
        } else {
            expected.sweep_in_two_colors(problem.config.grid.block);
        }
        const Energy found = training.energy();
        EXPECT_NEAR(found.objective(), expected.energy().objective(), 1e-8 * before);
        EXPECT_LT(found.objective(), before);
        const auto weights = training.weights();
        for (Index l = 0; l < expected.maps(); ++l) {
            const auto i = static_cast<std::size_t>(l);
            EXPECT_LT(distance(weights[i].matrix, expected.weights[i]), 1e-8) << "W " << l;
        }
    }
}

TEST_P(EveryNetwork, never_raises_the_objective) {
    for (const std::string solver : {"coordinate_descent", "block_pivoting"}) {
        ConfigText settings = settings_of(GetParam());
        settings["formulation.nnls"] = solver;
        settings["formulation.nnls_sweeps"] = "1";
        settings["formulation.lambda"] = "0.4";
        settings["weights.ridge"] = "1e-5";
        SmallTraining<double> training(problem_with(settings), world);
        double last = training.energy().objective();
        const double first = last;
        for (int sweep = 0; sweep < 12; ++sweep) {
            training.sweep()();
            const double now = training.energy().objective();
            EXPECT_LE(now, last * (1.0 + 1e-12)) << solver << ", sweep " << sweep;
            last = now;
        }
        EXPECT_LT(last, 0.9 * first);
    }
}

TEST_P(EveryNetwork, leaves_the_weights_where_the_objective_is_level) {
    ConfigText settings = settings_of(GetParam());
    const SmallProblem problem = problem_with(settings);
    SmallTraining<double> training(problem, world);
    training.sweep()();
    const SerialNetwork network = network_of(problem, training);
    for (Index l = 0; l < network.maps(); ++l) {
        const bool exact =
            l + 1 < network.maps() || problem.config.network.output == Output::linear;
        if (exact) {
            EXPECT_LT(weight_gradient(network, l), 1e-8) << "map " << l;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(all, EveryNetwork,
                         testing::Combine(testing::Values("relu", "hard_tanh", "hard_sigmoid",
                                                          "identity", "hard_tanh,relu"),
                                          testing::Values("softmax", "linear", "simplex"),
                                          testing::Values("wavefront", "checkerboard"),
                                          testing::Values("1", "3")),
                         name_of);

class EveryOutput : public testing::TestWithParam<std::string> {
  protected:
    Communicator world = Communicator::world();
};

TEST_P(EveryOutput, the_block_that_moved_last_meets_its_optimality_conditions) {
    for (const std::string activation : {"relu", "hard_tanh", "hard_sigmoid", "identity"}) {
        const SmallProblem problem =
            problem_with({{"network.output", GetParam()}, {"network.activation", activation}});
        SmallTraining<double> training(problem, world);
        training.sweep()();
        const double before = activation_residual(network_of(problem, training), 1);
        training.sweep().relaxation()();
        EXPECT_LT(activation_residual(network_of(problem, training), 1), 1e-7) << activation;
        EXPECT_GT(before, 1e-4);
    }
}

TEST_P(EveryOutput, says_how_far_activations_are_from_those_of_a_network) {
    const SmallProblem problem = problem_with({{"network.output", GetParam()}});
    SmallTraining<double> training(problem, world);
    EXPECT_EQ(training.sweep().lift_sums().violation(), 0.0);
    training.sweep()();
    const SerialNetwork network = network_of(problem, training);
    double expected = 0.0;
    for (Index l = 1; l < network.maps(); ++l) {
        const Eigen::MatrixXd phi = network.activated(l, network.above(l - 1));
        expected = std::max(
            expected, (network.activations[static_cast<std::size_t>(l)] - phi).norm() / phi.norm());
    }
    EXPECT_GT(expected, 1e-3);
    EXPECT_NEAR(training.sweep().lift_sums().violation().value(), expected, 1e-9);
}

TEST_P(EveryOutput, many_moves_meet_the_optimality_conditions_of_all_activations) {
    for (const std::string schedule : {"wavefront", "checkerboard"}) {
        const SmallProblem problem =
            problem_with({{"network.output", GetParam()}, {"train.schedule", schedule}});
        SmallTraining<double> training(problem, world);
        training.sweep()();
        for (int i = 0; i < 200; ++i) {
            training.sweep().relaxation()();
        }
        const SerialNetwork network = network_of(problem, training);
        EXPECT_LT(activation_residual(network, 1), 1e-7) << schedule;
        EXPECT_LT(activation_residual(network, 2), 1e-7) << schedule;
    }
}

TEST_P(EveryOutput, the_joint_step_finds_the_joint_minimum) {
    const ConfigText settings{{"network.output", GetParam()},
                              {"network.activation", "relu,hard_tanh"},
                              {"network.layers", "5-7-6-3"}};
    ConfigText jointly = settings;
    jointly["formulation.step"] = "joint";
    jointly["formulation.joint_iterations"] = "120";
    const SmallProblem problem = problem_with(jointly);
    SmallTraining<double> joint(problem, world);
    joint.sweep().relaxation()();
    const SerialNetwork network = network_of(problem, joint);
    EXPECT_LT(activation_residual(network, 1), 1e-7);
    EXPECT_LT(activation_residual(network, 2), 1e-7);
    EXPECT_NEAR(joint.energy().objective(), network.energy().objective(), 1e-12);

    SmallTraining<double> blocks(problem_with(settings), world);
    blocks.sweep().relaxation()();
    EXPECT_LT(joint.energy().objective(), blocks.energy().objective());
    for (int i = 0; i < 200; ++i) {
        blocks.sweep().relaxation()();
    }
    EXPECT_NEAR(joint.energy().objective(), blocks.energy().objective(), 1e-10);
}

INSTANTIATE_TEST_SUITE_P(all, EveryOutput, testing::Values("softmax", "linear", "simplex"),
                         [](const auto& test) { return test.param; });

// X_l -> sqrt(lambda_l) X_l makes all lambdas equal where the activations are homogeneous.
TEST(Rescaling, turns_any_lambdas_into_equal_ones) {
    const Communicator world = Communicator::world();
    const double a = 3.0;
    const double b = 0.2;
    for (const std::string activation : {"relu", "identity"}) {
        for (const std::string solver : {"coordinate_descent", "block_pivoting"}) {
            const ConfigText settings{{"network.activation", activation},
                                      {"formulation.nnls", solver},
                                      {"formulation.lambda", to_text(a) + "," + to_text(b)},
                                      {"weights.ridge", "0.004,0.002,0.001"}};
            const SmallProblem problem = problem_with(settings);
            SmallProblem equal = problem;
            equal.config.formulation.lambda = {1.0, 1.0};
            equal.config.ridge = {0.004 / a, 0.002 * a / b, 0.001 * b};
            std::vector<Weights<double>> start = problem.start();
            start[0].matrix *= std::sqrt(a);
            start[0].bias *= std::sqrt(a);
            start[1].matrix *= std::sqrt(b / a);
            start[1].bias *= std::sqrt(b);
            start[2].matrix /= std::sqrt(b);
            SmallTraining<double> one(problem, world);
            SmallTraining<double> other(equal, start, world);
            for (int sweep = 0; sweep < 8; ++sweep) {
                EXPECT_NEAR(one.energy().loss, other.energy().loss, 1e-9);
                EXPECT_NEAR(one.energy().penalty, other.energy().penalty, 1e-9);
                EXPECT_NEAR(one.energy().ridge, other.energy().ridge, 1e-9);
                one.sweep()();
                other.sweep()();
            }
            EXPECT_LT(distance(std::sqrt(a) * one.activations(1), other.activations(1)), 1e-8);
            EXPECT_LT(distance(one.weights()[2].matrix / std::sqrt(b), other.weights()[2].matrix),
                      1e-8);
        }
    }
}

}  // namespace
}  // namespace hoist
