#include "hoist/train/evaluation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/serial_network.hpp"
#include "support/small_training.hpp"

namespace hoist {
namespace {

struct Case {
    std::string name;
    ConfigText settings;
};

const std::vector<Case> cases{
    {"softmax", {{"network.layers", "6-9-7-4"}}},
    {"simplex", {{"network.layers", "6-9-7-4"}, {"network.output", "simplex"}}},
    {"linear_classes",
     {{"network.layers", "6-9-7-4"},
      {"network.output", "linear"},
      {"network.activation", "hard_tanh"}}},
    {"regression", {{"network.layers", "5-8-6-1"}, {"network.output", "linear"}}},
    {"a_single_map", {{"network.layers", "6-4"}}},
    {"pooled_maps",
     {{"network.layers", "6-9-7-4"},
      {"network.activation", "maxpool(4),maxpool(2)"},
      {"formulation.name", "mac"},
      {"weights.solver", "ridge"}}},
};

// What the serial network says of some samples, by the definitions.
Evaluation by_definition(const SerialNetwork& network, const SmallProblem& problem) {
    SerialNetwork on_samples = network;
    on_samples.activations.front() = problem.inputs;
    on_samples.forward();
    const Matrix<double> u = on_samples.above(network.maps() - 1);
    const Index samples = u.cols();
    Evaluation result;
    result.samples = samples;
    result.loss = network.losses(problem.targets, u).sum() / static_cast<double>(samples);
    double rows = 0.0;
    for (Index l = 1; l < network.maps(); ++l) {
        const Matrix<double> hidden = on_samples.above(l - 1);
        result.share_linear.push_back(100.0 * (hidden.array() > 0.0).cast<double>().mean());
        for (Index row = 0; row < hidden.rows(); ++row, ++rows) {
            result.always_on += hidden.row(row).minCoeff() > 0.0 ? 100.0 : 0.0;
            result.always_off += hidden.row(row).maxCoeff() <= 0.0 ? 100.0 : 0.0;
        }
    }
    result.always_on /= std::max(rows, 1.0);
    result.always_off /= std::max(rows, 1.0);
    if (problem.config.network.regression()) {
        result.rmse = std::sqrt((u - problem.targets).squaredNorm() / static_cast<double>(samples));
        return result;
    }
    result.confusion = Matrix<double>::Zero(u.rows(), u.rows());
    Index right = 0;
    for (Index i = 0; i < samples; ++i) {
        Index truth = 0;
        Index guess = 0;
        for (Index k = 1; k < u.rows(); ++k) {
            truth = problem.targets(k, i) > problem.targets(truth, i) ? k : truth;
            guess = u(k, i) > u(guess, i) ? k : guess;
        }
        result.confusion(truth, guess) += 1.0;
        right += truth == guess ? 1 : 0;
    }
    result.accuracy = 100.0 * static_cast<double>(right) / static_cast<double>(samples);
    return result;
}

void expect_equal(const Evaluation& found, const Evaluation& expected) {
    EXPECT_EQ(found.samples, expected.samples);
    EXPECT_NEAR(found.loss, expected.loss, 1e-11 * (1.0 + expected.loss));
    EXPECT_NEAR(found.accuracy, expected.accuracy, 1e-11);
    EXPECT_NEAR(found.rmse, expected.rmse, 1e-11);
    ASSERT_EQ(found.confusion.size(), expected.confusion.size());
    EXPECT_EQ(found.confusion, expected.confusion);
    ASSERT_EQ(found.share_linear.size(), expected.share_linear.size());
    for (std::size_t i = 0; i < found.share_linear.size(); ++i) {
        EXPECT_NEAR(found.share_linear[i], expected.share_linear[i], 1e-11);
    }
    EXPECT_NEAR(found.always_on, expected.always_on, 1e-11);
    EXPECT_NEAR(found.always_off, expected.always_off, 1e-11);
}

class Evaluating : public testing::TestWithParam<Case> {
  protected:
    Evaluating() {
        ConfigText settings = GetParam().settings;
        settings["grid.block"] = "6";
        settings["weights.ridge"] = "1e-3";
        settings["train.schedule"] = "checkerboard";
        problem = small_problem(settings, 47, 3);
        settings["grid.block"] = "5";
        others = small_problem(settings, 38, 4);
    }

    // Calls `check` on every grid with a training that is two sweeps old.
    template <typename Check>
    void on_every_grid(Check check) {
        for (const auto& shards : some_grids(world.size(), problem.config.network.layers())) {
            SCOPED_TRACE("grid " + grid_text(shards));
            SmallTraining<double> training(problem.on_grid(0, shards), world);
            training.sweep()();
            training.sweep()();
            training.sweep().settle();
            const NetworkSpec& network = training.config().network;
            const ForwardPass<double> forward(network, world, training.placement(),
                                              training.stage());
            const auto output =
                make_output_block<double>(network.output, training.config().formulation);
            const SerialNetwork expected(problem.config, problem.inputs, problem.targets,
                                         training.weights());
            check(training, forward, *output, expected);
        }
    }

    Communicator world = Communicator::world();
    SmallProblem problem;
    SmallProblem others;
};

TEST_P(Evaluating, counts_what_the_definitions_count) {
    on_every_grid([&](const auto& training, const auto& forward, const auto& output,
                      const SerialNetwork& expected) {
        const auto samples = own_samples<double>(others, training.placement(), world.rank());
        const NetworkSpec& network = training.config().network;
        expect_equal(evaluate(forward, network, output, world, samples),
                     by_definition(expected, others));
    });
}

TEST_P(Evaluating, judges_the_training_samples_as_any_others) {
    on_every_grid([&](const auto& training, const auto& forward, const auto& output,
                      const SerialNetwork& expected) {
        const NetworkSpec& network = training.config().network;
        const Evaluation direct = evaluate(forward, network, output, world, training.samples());
        const Evaluation shortcut = evaluate_training(forward, network, output, world,
                                                      training.samples(), training.variables());
        expect_equal(direct, by_definition(expected, problem));
        expect_equal(shortcut, direct);
    });
}

TEST_P(Evaluating, passes_forward_what_the_serial_network_does) {
    on_every_grid([&](const auto& training, const auto& forward, const auto&,
                      const SerialNetwork& expected) {
        const auto samples = own_samples<double>(others, training.placement(), world.rank());
        const NetworkSpec& network = training.config().network;
        const Matrix<double> scores = expected.feed_forward(others.inputs);
        Matrix<double> found = Matrix<double>::Zero(scores.rows(), scores.cols());
        Index visits = 0;
        forward(samples, [&](Index layer, Range own, const ConstMatrixRef<double>& u) {
            const Range range{samples.columns.begin + own.begin, samples.columns.begin + own.end};
            ASSERT_EQ(u.rows(), network.map(layer - 1).outputs());
            ASSERT_EQ(u.cols(), range.size());
            ++visits;
            if (layer == network.layers()) {
                found.middleCols(range.begin, range.size()) = u;
            }
        });
        world.sum(std::span(found.data(), static_cast<std::size_t>(found.size())));
        EXPECT_LT((found - scores).cwiseAbs().maxCoeff(), 1e-12);
        EXPECT_EQ(static_cast<Index>(world.sum(static_cast<double>(visits))),
                  network.layers() * samples.blocks.count());
    });
}

INSTANTIATE_TEST_SUITE_P(all, Evaluating, testing::ValuesIn(cases),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace hoist
