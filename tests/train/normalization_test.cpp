#include <gtest/gtest.h>

#include <cmath>

#include "support/explicit_map.hpp"
#include "support/gradient_of_definition.hpp"

// Networks of normalized maps, held to their definition by loops: each column block of a batch by its
// own moments.

namespace hoist {
namespace {

using Columns = Matrix<double>;

/// W F(x) without b.
Columns products(const MapSpec& map, Weights<double> weights, const Columns& x) {
    weights.bias.setZero();
    Columns v(map.to.size(), x.cols());
    for (Index i = 0; i < x.cols(); ++i) {
        v.col(i) = mapped_by_definition(map, weights, x.col(i));
    }
    return v;
}

/// Mean and variance of channel k.
std::pair<double, double> moments_of(const Columns& v, const MapSpec& map, Index k) {
    double sum = 0.0;
    double squares = 0.0;
    for (Index at = k; at < v.rows(); at += map.outputs()) {
        sum += v.row(at).sum();
        squares += v.row(at).squaredNorm();
    }
    const double count = static_cast<double>(v.cols() * map.places());
    return {sum / count, squares / count - sum * sum / (count * count)};
}

/// u of the blocks of `width` columns, one after another.
Columns mapped(const MapSpec& map, const Weights<double>& weights, const Columns& x, Index width) {
    Columns u = products(map, weights, x);
    for (Index begin = 0; begin < u.cols(); begin += width) {
        auto block = u.middleCols(begin, std::min(width, u.cols() - begin));
        for (Index k = 0; k < map.outputs(); ++k) {
            const auto [mean, variance] =
                map.normalized ? moments_of(block, map, k) : std::pair(0.0, 1.0 - 1e-5);
            for (Index at = k; at < u.rows(); at += map.outputs()) {
                block.row(at) =
                    (block.row(at).array() - mean) / std::sqrt(variance + 1e-5) + weights.bias[k];
            }
        }
    }
    return u;
}

double loss_by_definition(const SmallProblem& problem,
                          const std::vector<Weights<double>>& weights) {
    const NetworkSpec& network = problem.config.network;
    const double smoothing = problem.config.label_smoothing;
    Columns x = problem.inputs;
    for (Index l = 0; l < network.layers(); ++l) {
        x = mapped(network.map(l), weights[static_cast<std::size_t>(l)], x,
                   problem.config.grid.block);
        if (l + 1 < network.layers()) {
            Columns next(network.block(l + 1).size(), x.cols());
            network.activation(l + 1).apply(x, next);
            x = next;
        }
    }
    double sum = 0.0;
    for (Index i = 0; i < x.cols(); ++i) {
        const Vector<double> y = (1.0 - smoothing) * problem.targets.col(i).array() +
                                 smoothing / static_cast<double>(x.rows());
        sum += std::log(x.col(i).array().exp().sum()) - y.dot(x.col(i));
    }
    return sum / static_cast<double>(x.cols());
}

void expect_gradient_of_definition(const ConfigText& settings, double tolerance) {
    expect_gradient_of(loss_by_definition, settings, tolerance);
}

ConfigText one_step_of_mac(const std::string& layers) {
    ConfigText settings = one_gradient_step(layers);
    settings["formulation.name"] = "mac";
    return settings;
}

TEST(Normalization, has_the_gradient_of_its_definition) {
    for (const std::string layers :
         {"9-6-batchnorm-5-batchnorm-3", "6x5x2-conv(3,3)-batchnorm-maxpool(2)-conv(4,3,2)-3",
          "6x5x2-avgpool(2)-conv(3,2,1,0)-batchnorm-conv(2,1)-batchnorm-4-3"}) {
        SCOPED_TRACE(layers);
        expect_gradient_of_definition(one_step_of_mac(layers), 1e-8);
    }
}

TEST(Normalization, tends_to_that_gradient_under_lifted_formulations) {
    for (const std::string formulation : {"fenchel", "bregman", "contrastive"}) {
        SCOPED_TRACE(formulation);
        ConfigText settings = one_step_of_mac("6x5x2-conv(3,3)-batchnorm-avgpool(2)-5-batchnorm-3");
        settings["formulation.name"] = formulation;
        settings["formulation.passes"] = "1";
        settings[formulation == "contrastive" ? "formulation.beta" : "formulation.lambda"] =
            formulation == "contrastive" ? "1e-5" : "1e5";
        expect_gradient_of_definition(settings, 1e-5);
    }
}

TEST(DualPropagation, tends_to_the_gradient_through_activations_without_a_gap) {
    for (const std::string activation : {"gelu", "sin", "maxpool(2)"}) {
        SCOPED_TRACE(activation);
        ConfigText settings = one_step_of_mac("6x6x2-conv(3,3)-maxpool(2)-conv(4,3)-5-3");
        settings["network.activation"] = activation;
        settings["formulation.name"] = "contrastive";
        settings["formulation.beta"] = "1e-5";
        expect_gradient_of_definition(settings, 1e-5);
    }
}

TEST(LabelSmoothing, spreads_a_share_of_each_label_over_the_classes) {
    ConfigText settings = one_step_of_mac("9-6-3");
    settings["train.label_smoothing"] = "0.3";
    expect_gradient_of_definition(settings, 1e-8);
}

TEST(Normalization, keeps_the_moments_of_all_samples_so_far_for_prediction) {
    const Communicator world = Communicator::world();
    ConfigText settings = one_step_of_mac("6x5x2-conv(3,3)-batchnorm-4-batchnorm-3");
    settings["weights.step"] = "0";  // so that both batches are of the same weights
    settings["train.batch"] = "4";
    const SmallProblem problem = small_problem(settings, 8);
    const std::vector<Weights<double>> start = problem.start();
    SmallBatches<double> training(problem, start, world);
    training.advance();
    const Weights<double> first = training.weights().front();
    const MapSpec& map = problem.config.network.map(0);
    const Columns v = products(map, start.front(), problem.inputs);
    for (Index k = 0; k < map.outputs(); ++k) {
        const auto [mean, variance] = moments_of(v, map, k);
        EXPECT_NEAR(first.moments.mean[k], mean, 1e-13);
        // That of batches about their own means, on average.
        EXPECT_LE(first.moments.variance[k], variance + 1e-13);
        EXPECT_GT(first.moments.variance[k], 0.5 * variance);
    }

    // One batch of all: exactly.
    settings["train.batch"] = "0";
    SmallBatches<double> whole(small_problem(settings, 8), start, world);
    whole.advance();
    for (Index k = 0; k < map.outputs(); ++k) {
        EXPECT_NEAR(whole.weights().front().moments.variance[k], moments_of(v, map, k).second,
                    1e-13);
    }
}

TEST(Steps, are_those_of_each_map) {
    const Communicator world = Communicator::world();
    ConfigText settings = one_step_of_mac("9-6-5-3");
    settings["weights.solver"] = "sgd,adam,sgd";
    settings["weights.step"] = "1,0.01,0";
    const SmallProblem problem = small_problem(settings, 8);
    const std::vector<Weights<double>> start = problem.start();
    SmallBatches<double> training(problem, start, world);
    training.advance();
    const std::vector<Weights<double>> after = training.weights();
    settings["weights.solver"] = "sgd";
    settings["weights.step"] = "1";
    SmallBatches<double> plain(small_problem(settings, 8), start, world);
    plain.advance();
    EXPECT_EQ(after[0].matrix, plain.weights()[0].matrix);
    // Adam's first step has its length in each number.
    EXPECT_NEAR((after[1].matrix - start[1].matrix).cwiseAbs().maxCoeff(), 0.01, 1e-5);
    EXPECT_EQ(after[2].matrix, start[2].matrix);
}

}  // namespace
}  // namespace hoist
