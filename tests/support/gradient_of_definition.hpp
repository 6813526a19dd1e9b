#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "support/one_gradient_step.hpp"

namespace hoist {

/// Holds what such a step has moved map `l` by to the differences of a loss of all weights.
inline void expect_gradient_of_map(
    const std::function<double(const std::vector<Weights<double>>&)>& loss,
    const std::vector<Weights<double>>& start, const std::vector<Weights<double>>& after,
    std::size_t l, double tolerance) {
    constexpr double step = 1e-5;
    const Matrix<double> gradient = start[l].matrix - after[l].matrix;
    const auto differs_at = [&](const auto& number_of) {
        auto up = start;
        auto down = start;
        number_of(up[l]) += step;
        number_of(down[l]) -= step;
        return (loss(up) - loss(down)) / (2.0 * step);
    };
    for (Index entry = 0; entry < gradient.size(); entry += 1 + gradient.size() / 7) {
        EXPECT_NEAR(gradient.data()[entry], differs_at([&](Weights<double>& w) -> double& {
                        return w.matrix.data()[entry];
                    }),
                    tolerance)
            << "map " << l << ", number " << entry;
    }
    EXPECT_NEAR(start[l].bias[0] - after[l].bias[0],
                differs_at([](Weights<double>& w) -> double& { return w.bias[0]; }), tolerance)
        << "map " << l;
}

/// Holds the loss and such a step of training to a loss that is written out, and its differences.
inline void expect_gradient_of(
    const std::function<double(const SmallProblem&, const std::vector<Weights<double>>&)>& loss,
    const ConfigText& settings, double tolerance) {
    const Communicator world = Communicator::world();
    const SmallProblem problem = small_problem(settings, 8);
    const std::vector<Weights<double>> start = problem.start();
    SmallBatches<double> training(problem, start, world);
    training.advance();
    const std::vector<Weights<double>> after = training.weights();
    EXPECT_NEAR(training.loss(), loss(problem, start), 1e-12);
    for (std::size_t l = 0; l < start.size(); ++l) {
        expect_gradient_of_map([&](const auto& weights) { return loss(problem, weights); }, start,
                               after, l, tolerance);
    }
}

}  // namespace hoist
