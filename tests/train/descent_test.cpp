#include <gtest/gtest.h>

#include "support/small_training.hpp"

// Sweeps over all samples with ridge regressions are exact block descent for the convex penalties.

namespace hoist {
namespace {

class Descent : public testing::TestWithParam<std::tuple<std::string, std::string, std::string>> {};

TEST_P(Descent, never_raises_the_objective) {
    const auto& [formulation, activation, output] = GetParam();
    const Communicator world = Communicator::world();
    for (const std::string iterations : {"1", "5"}) {
        for (const std::string schedule : {"wavefront", "checkerboard"}) {
            SCOPED_TRACE(iterations + " iterations, " + schedule);
            ConfigText settings{{"network.layers", "6-9-7-4"},
                                {"network.activation", activation},
                                {"network.output", output},
                                {"formulation.name", formulation},
                                {"formulation.lambda", "0.7"},
                                {"formulation.iterations", iterations},
                                {"weights.solver", "ridge"},
                                {"weights.ridge", "1e-4"},
                                {"train.schedule", schedule},
                                {"train.inner", "3"},
                                {"grid.block", "8"}};
            if (formulation == "contrastive") {
                settings["formulation.contrast"] = "clamped";
            }
            expect_descent(trajectory<double>(small_problem(settings, 53), 12, world), 0.9);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(all, Descent,
                         testing::Combine(testing::Values("fenchel", "bregman", "contrastive"),
                                          testing::Values("relu", "leaky_relu(0.2)", "tanh",
                                                          "sigmoid", "softplus", "hard_tanh",
                                                          "soft_threshold(0.5)", "softmax"),
                                          testing::Values("linear", "softmax", "simplex")),
                         [](const auto& test) {
                             const std::string& activation = std::get<1>(test.param);
                             return std::get<0>(test.param) + "_" +
                                    activation.substr(0, activation.find('(')) + "_" +
                                    std::get<2>(test.param);
                         });

}  // namespace
}  // namespace hoist
