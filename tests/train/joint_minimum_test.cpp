#include <gtest/gtest.h>

#include "support/one_gradient_step.hpp"
#include "support/serial_batches.hpp"

// Many passes over a batch lead to the joint minimum of all activations, which the serial network
// finds block by block; and the signals there to the gradient of what is left of the energy.

namespace hoist {
namespace {

struct Case {
    std::string name;
    ConfigText settings;
};

void PrintTo(const Case& a_case, std::ostream* out) { *out << a_case.name; }

ConfigText with(ConfigText settings) {
    ConfigText usual = one_gradient_step("6-8-5-7-3");
    usual["network.activation"] = "relu";
    usual["formulation.name"] = "fenchel";
    usual["formulation.lambda"] = "2,3,1.5";
    usual["formulation.passes"] = "200";
    settings.insert(usual.begin(), usual.end());
    return settings;
}

const std::vector<Case> cases{
    {"relu", with({})},
    {"tanh_under_squares", with({{"network.activation", "tanh"}, {"network.output", "linear"}})},
    {"softplus_and_hard_tanh", with({{"network.activation", "softplus,hard_tanh,leaky_relu(0.1)"},
                                     {"formulation.lambda", "8,12,6"}})},
    {"columns_on_a_simplex", with({{"network.activation", "softmax,simplex,relu"}})},
    {"explicit_output", with({{"network.output", "simplex"}, {"formulation.lambda", "2,3,1.5,2"}})},
    {"bregman", with({{"formulation.name", "bregman"}})},
    {"clamped_contrastive", with({{"formulation.name", "contrastive"},
                                  {"formulation.contrast", "clamped"},
                                  {"formulation.gamma", "0.4"},
                                  {"formulation.lambda", "1"}})},
    {"mac", with({{"formulation.name", "mac"},
                  {"network.activation", "tanh"},
                  {"formulation.lambda", "20"}})},
};

class EveryPenalty : public testing::TestWithParam<Case> {
  protected:
    Communicator world = Communicator::world();
};

TEST_P(EveryPenalty, is_minimized_over_all_activations_by_many_passes) {
    const SmallProblem problem = small_problem(GetParam().settings, 7);
    const std::vector<Weights<double>> start = some_weights(problem);
    const SerialBatches serial(problem, start);
    const auto expected = serial.at_joint_minimum(serial.weights(), serial.all_samples());
    const auto feedforward = serial.lifted(serial.weights(), serial.all_samples());
    EXPECT_GT(relative_distance(feedforward, expected), 0.02) << "it lies at the start";
    for (const auto& shards : some_grids(world.size(), problem.config.network.layers())) {
        SCOPED_TRACE("grid " + grid_text(shards));
        SmallBatches<double> training(problem.on_grid(0, shards), start, world);
        training.advance();
        EXPECT_LT(relative_distance(gradient_of(problem, training), expected), 1e-7);
        EXPECT_LT(training.method().lift(1).residual.value(), 1e-7);
    }
}

INSTANTIATE_TEST_SUITE_P(all, EveryPenalty, testing::ValuesIn(cases),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace hoist
