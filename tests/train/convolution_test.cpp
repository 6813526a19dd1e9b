#include <gtest/gtest.h>

#include <cmath>

#include "support/explicit_map.hpp"
#include "support/gradient_of_definition.hpp"

// Networks of convolutions and pooling, held to their definition by loops.

namespace hoist {
namespace {

/// The mean loss of a network whose units are tanh, and pooled by 2 x 2 where they are.
double loss_by_definition(const SmallProblem& problem,
                          const std::vector<Weights<double>>& weights) {
    const NetworkSpec& network = problem.config.network;
    double sum = 0.0;
    for (Index i = 0; i < problem.inputs.cols(); ++i) {
        Vector<double> x = problem.inputs.col(i);
        Vector<double> u;
        for (Index l = 0; l < network.layers(); ++l) {
            u = mapped_by_definition(network.map(l), weights[static_cast<std::size_t>(l)], x);
            const Shape& from = network.map(l).to;
            const Shape& to = network.block(l + 1);
            x = u.array().tanh();
            if (to != from) {
                Vector<double> pooled = Vector<double>::Constant(to.size(), -1.0);
                for (Index r = 0; r < 2 * to.rows; ++r) {
                    for (Index c = 0; c < 2 * to.columns; ++c) {
                        for (Index k = 0; k < to.channels; ++k) {
                            double& largest = pooled[position_in(to, r / 2, c / 2, k)];
                            largest = std::max(largest, x[position_in(from, r, c, k)]);
                        }
                    }
                }
                x = pooled;
            }
        }
        sum += std::log(u.array().exp().sum()) - problem.targets.col(i).dot(u);
    }
    return sum / static_cast<double>(problem.inputs.cols());
}

void expect_gradient_of_definition(const ConfigText& settings, double tolerance) {
    expect_gradient_of(loss_by_definition, settings, tolerance);
}

TEST(Convolution, has_the_gradient_of_its_definition_under_mac) {
    for (const std::string layers :
         {"6x5x2-conv(3,3)-maxpool(2)-conv(4,3,2)-3", "5x5x1-conv(3,2,1,0)-avgpool(2)-conv(2,1)-3",
          "4x4x2-conv(2,3)-5-3", "12-5-3",
          "5x5x2-residual(3)-avgpool(2)-residual(1)-4-residual-3"}) {
        SCOPED_TRACE(layers);
        ConfigText settings = one_gradient_step(layers);
        settings["formulation.name"] = "mac";
        expect_gradient_of_definition(settings, 1e-8);
    }
}

TEST(Convolution, tends_to_that_gradient_under_every_lifted_formulation) {
    for (const std::string formulation : {"fenchel", "bregman", "contrastive"}) {
        SCOPED_TRACE(formulation);
        ConfigText settings = one_gradient_step("6x5x2-conv(3,3)-avgpool(2)-conv(4,2,1,0)-3");
        settings["formulation.name"] = formulation;
        if (formulation == "contrastive") {
            settings["formulation.beta"] = "1e-5";
        } else {
            settings["formulation.lambda"] = "1e5";
        }
        expect_gradient_of_definition(settings, 1e-5);
    }
}

TEST(Convolution, never_raises_the_objective_of_sweeps) {
    const Communicator world = Communicator::world();
    for (const std::string formulation : {"classical", "fenchel", "bregman", "contrastive"}) {
        for (const std::string schedule : {"wavefront", "checkerboard"}) {
            SCOPED_TRACE(formulation + ", " + schedule);
            ConfigText settings{
                {"network.layers", "5x4x2-conv(3,3)-residual(3)-conv(4,2,2,0)-avgpool-4"},
                {"network.activation", "relu"},
                {"formulation.name", formulation},
                {"formulation.lambda", "0.7"},
                {"formulation.iterations", "5"},
                {"weights.solver", "ridge"},
                {"weights.ridge", "1e-4"},
                {"train.schedule", schedule},
                {"train.inner", "3"},
                {"grid.block", "8"}};
            if (formulation == "contrastive") {
                settings["formulation.contrast"] = "clamped";
            }
            expect_descent(trajectory<double>(small_problem(settings, 37), 12, world), 0.95);
        }
    }
}

}  // namespace
}  // namespace hoist
