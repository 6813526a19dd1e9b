#pragma once

#include <random>
#include <string>
#include <vector>

#include "support/small_batches.hpp"

namespace hoist {

/// One step of length 1 along the gradient of all samples, in blocks of three.
inline ConfigText one_gradient_step(const std::string& layers) {
    return {{"network.layers", layers},    {"network.activation", "tanh"},
            {"network.output", "softmax"}, {"weights.solver", "sgd"},
            {"weights.momentum", "0"},     {"weights.schedule", "constant"},
            {"weights.step", "1"},         {"weights.ridge", "0"},
            {"train.epochs", "1"},         {"train.batch", "0"},
            {"train.precision", "double"}, {"grid.block", "3"}};
}

/// Biases away from zero, so that every unit lies away from its kinks.
inline std::vector<Weights<double>> some_weights(const SmallProblem& problem) {
    std::vector<Weights<double>> weights = problem.start();
    std::mt19937_64 engine(3);
    std::normal_distribution<double> normal;
    for (Weights<double>& map : weights) {
        map.bias =
            Vector<double>::NullaryExpr(map.bias.size(), [&] { return 0.5 * normal(engine); });
    }
    return weights;
}

/// What an epoch has moved the weights by, as a gradient: they departed from some_weights().
inline std::vector<Matrix<double>> gradient_of(const SmallProblem& problem,
                                               const SmallBatches<double>& training) {
    std::vector<Matrix<double>> gradient = joined(some_weights(problem));
    const std::vector<Matrix<double>> after = joined(training.weights());
    for (std::size_t l = 0; l < gradient.size(); ++l) {
        gradient[l] -= after[l];
    }
    return gradient;
}

}  // namespace hoist
