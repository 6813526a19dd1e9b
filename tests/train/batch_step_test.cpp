#include "hoist/train/batch_step.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "hoist/base/text.hpp"
#include "support/serial_batches.hpp"
#include "support/small_batches.hpp"

namespace hoist {
namespace {

struct Case {
    std::string name;
    ConfigText settings;
};

void PrintTo(const Case& a_case, std::ostream* out) { *out << a_case.name; }

ConfigText with(ConfigText settings) {
    const ConfigText usual{{"network.layers", "6-8-5-7-3"}, {"formulation.name", "fenchel"},
                           {"network.activation", "tanh"},  {"formulation.lambda", "2"},
                           {"formulation.passes", "1"},     {"weights.solver", "adam"},
                           {"weights.step", "0.01"},        {"train.epochs", "2"},
                           {"train.batch", "12"},           {"grid.block", "3"}};
    settings.insert(usual.begin(), usual.end());
    return settings;
}

const std::vector<Case> cases{
    {"fenchel_adam", with({{"weights.decay", "0.5"}, {"weights.ridge", "0.01"}})},
    {"classical_sgd", with({{"formulation.name", "classical"},
                            {"weights.solver", "sgd"},
                            {"network.activation", "relu"}})},
    {"mac_sgd", with({{"formulation.name", "mac"},
                      {"weights.solver", "sgd"},
                      {"weights.decay", "0.5"},
                      {"weights.ridge", "0.01"},
                      {"network.activation", "sin,softmax,maxpool(2)"},
                      {"network.output", "linear"}})},
    {"bregman_implicit", with({{"formulation.name", "bregman"},
                               {"weights.solver", "implicit"},
                               {"weights.ridge", "0.01,0,0.02,0.03"},
                               {"weights.step", "0.5"},
                               {"network.activation", "sigmoid,relu,softplus"},
                               {"train.rounds", "3"}})},
    {"contrastive_gram_of_the_inputs", with({{"formulation.name", "contrastive"},
                                             {"weights.solver", "gram"},
                                             {"weights.sides", "input"},
                                             {"weights.refresh", "3"},
                                             {"weights.memory", "0.3"},
                                             {"network.activation", "sigmoid"}})},
    {"contrastive_gram_of_both_sides", with({{"formulation.name", "contrastive"},
                                             {"formulation.nudge", "negative"},
                                             {"weights.solver", "gram"},
                                             {"weights.refresh", "3"},
                                             {"weights.decay", "0.5"},
                                             {"network.activation", "leaky_relu(0.3)"}})},
    {"clamped_under_simplex", with({{"formulation.name", "contrastive"},
                                    {"formulation.contrast", "clamped"},
                                    {"network.output", "simplex"}})},
    {"a_constant_rate_and_one_batch",
     with({{"weights.schedule", "constant"}, {"train.batch", "0"}})},
    {"minimized_blocks", with({{"formulation.iterations", "600"}, {"weights.solver", "sgd"}})},
    {"minimized_blocks_under_simplex", with({{"formulation.iterations", "600"},
                                             {"formulation.name", "bregman"},
                                             {"formulation.method", "adaptive"},
                                             {"network.activation", "relu"},
                                             {"network.output", "simplex"},
                                             {"weights.solver", "implicit"}})},
    {"minimized_blocks_of_mac", with({{"formulation.iterations", "600"},
                                      {"formulation.name", "mac"},
                                      {"formulation.lambda", "20"},
                                      {"weights.solver", "sgd"}})},
};

class EveryMethod : public testing::TestWithParam<Case> {
  protected:
    Communicator world = Communicator::world();

    // The delay of each map on a grid, or on one with the emulated stages.
    static std::vector<Index> delays_on(const Placement& placement, const Config& config) {
        const int emulated = config.grid.emulated_stages;
        const std::vector<Range> layers =
            emulated > 0
                ? place(layer_costs(config), {.stages = emulated, .shards = {}}, emulated).layers
                : placement.layers;
        std::vector<Index> delays;
        for (std::size_t stage = 0; stage < layers.size(); ++stage) {
            delays.insert(
                delays.end(), static_cast<std::size_t>(layers[stage].size()),
                std::min<Index>(config.staleness, static_cast<Index>(layers.size() - 1 - stage)));
        }
        return delays;
    }

    // On one rank per stage, and with shards.
    void expect_the_serial_answer(const SmallProblem& problem) const {
        for (const auto& shards : some_grids(world.size(), problem.config.network.layers())) {
            SCOPED_TRACE("grid " + grid_text(shards));
            SmallBatches<double> training(problem.on_grid(0, shards), world);
            SerialBatches serial(problem, problem.start(),
                                 delays_on(training.placement(), problem.config));
            for (int epoch = 0; epoch < 2; ++epoch) {
                training.advance();
                serial.epoch();
                EXPECT_LT(relative_distance(joined(training.weights()), serial.weights()), 1e-9)
                    << "epoch " << epoch;
                EXPECT_NEAR(training.loss(), serial.loss(), 1e-9 * serial.loss());
            }
        }
    }
};

TEST_P(EveryMethod, trains_by_its_definition) {
    if (parse_config(GetParam().settings).formulation.iterations > 1 && world.size() > 1) {
        return;  // slow; other grids are compared with one rank elsewhere
    }
    expect_the_serial_answer(small_problem(GetParam().settings, 41));
}

INSTANTIATE_TEST_SUITE_P(all, EveryMethod, testing::ValuesIn(cases),
                         [](const auto& test) { return test.param.name; });

class Stale : public EveryMethod {};

TEST_P(Stale, signals_are_those_of_weights_so_many_batches_old) {
    ConfigText settings = GetParam().settings;
    settings["train.rounds"] = "1";
    settings["formulation.iterations"] = "1";
    for (const std::string staleness : {"1", "3"}) {
        SCOPED_TRACE("staleness " + staleness);
        settings["train.staleness"] = staleness;
        expect_the_serial_answer(small_problem(settings, 41));
    }
}

TEST_P(Stale, signals_may_be_those_of_more_stages_than_run) {
    ConfigText settings = GetParam().settings;
    settings["train.rounds"] = "1";
    settings["formulation.iterations"] = "1";
    for (const int stages : {3, 4}) {
        if (stages < world.size()) {
            continue;  // more than these are running
        }
        SCOPED_TRACE(std::to_string(stages) + " stages");
        settings["grid.emulated_stages"] = std::to_string(stages);
        settings["train.staleness"] = std::to_string(stages - 1);
        settings["train.look_ahead"] = stages == 3 ? "true" : "false";
        expect_the_serial_answer(small_problem(settings, 41));
    }
}

TEST_P(Stale, signals_answer_predicted_weights) {
    ConfigText settings = GetParam().settings;
    settings["train.rounds"] = "1";
    settings["formulation.iterations"] = "1";
    settings["train.staleness"] = "2";
    settings["train.look_ahead"] = "true";
    expect_the_serial_answer(small_problem(settings, 41));
}

INSTANTIATE_TEST_SUITE_P(all, Stale, testing::ValuesIn(cases.begin(), cases.begin() + 8),
                         [](const auto& test) { return test.param.name; });

TEST(Staleness, changes_nothing_on_one_stage_and_something_on_more) {
    const Communicator world = Communicator::world();
    const auto trained = [&](const std::string& staleness) {
        const SmallProblem problem = small_problem(with({{"train.staleness", staleness}}), 41);
        SmallBatches<double> training(
            problem.on_grid(0, std::vector<int>(static_cast<std::size_t>(world.size()), 1)), world);
        training.advance();
        return joined(training.weights());
    };
    const double change = relative_distance(trained("2"), trained("0"));
    EXPECT_EQ(change > 0.0, world.size() > 1);
}

// One step of length `step` from `start` on all samples, in epoch 0, under dropout.
SmallProblem dropping(const std::string& step) {
    return small_problem(with({{"formulation.name", "mac"},
                               {"weights.solver", "sgd"},
                               {"weights.momentum", "0"},
                               {"weights.schedule", "constant"},
                               {"weights.ridge", "0"},
                               {"weights.step", step},
                               {"train.batch", "0"},
                               {"train.epochs", "1"},
                               {"train.dropout", "0.5,0,0.25"},
                               {"data.dropout", "0.3"},
                               {"data.noise", "0.1"}}),
                         20);
}

TEST(Dropout, steps_along_the_gradient_of_the_loss_of_the_thinned_network) {
    const Communicator world = Communicator::world();
    const auto start = dropping("1").start();
    SmallBatches<double> training(dropping("1"), start, world);
    training.advance();
    const auto before = joined(start);
    const auto after = joined(training.weights());
    std::mt19937_64 engine(8);
    std::normal_distribution<double> normal;
    constexpr double step = 1e-6;
    for (int direction = 0; direction < 5; ++direction) {
        auto up = start;
        auto down = start;
        double slope = 0.0;
        for (std::size_t l = 0; l < start.size(); ++l) {
            const Matrix<double> d = Matrix<double>::NullaryExpr(before[l].rows(), before[l].cols(),
                                                                 [&] { return normal(engine); });
            const Index n = d.cols() - 1;
            up[l].matrix += step * d.leftCols(n);
            up[l].bias += step * d.col(n);
            down[l].matrix -= step * d.leftCols(n);
            down[l].bias -= step * d.col(n);
            slope += d.cwiseProduct(before[l] - after[l]).sum();
        }
        const auto loss_at = [&](const std::vector<Weights<double>>& weights) {
            SmallBatches<double> still(dropping("0"), weights, world);
            still.advance();
            return still.loss();
        };
        EXPECT_NEAR((loss_at(up) - loss_at(down)) / (2.0 * step), slope,
                    1e-6 * (1.0 + std::abs(slope)));
    }
}

class DropoutShare : public testing::TestWithParam<double> {};

TEST_P(DropoutShare, of_units_is_set_to_zero_and_keeps_their_mean) {
    const Communicator world = Communicator::world();
    constexpr Index width = 32;
    constexpr double samples = 4000.0;
    const double share = GetParam();
    SmallProblem problem = small_problem({{"network.layers", "2-32-32"},
                                          {"network.activation", "identity"},
                                          {"network.output", "linear"},
                                          {"formulation.name", "mac"},
                                          {"weights.solver", "sgd"},
                                          {"weights.schedule", "constant"},
                                          {"weights.step", "0"},
                                          {"train.dropout", to_text(share)},
                                          {"train.epochs", "2"},
                                          {"train.batch", "500"}},
                                         static_cast<Index>(samples));
    problem.targets.setZero();
    // Every unit is 1, and the loss is half the sum of squares of what is left of them.
    const std::vector<Weights<double>> start{
        {Matrix<double>::Zero(width, 2), Vector<double>::Ones(width)},
        {Matrix<double>::Identity(width, width), Vector<double>::Zero(width)}};
    SmallBatches<double> training(problem, start, world);
    training.advance();
    const double first = training.loss();
    const double units = 2.0 * (1.0 - share) * (1.0 - share) * first * samples;  // that are left
    EXPECT_NEAR(units, std::round(units), 1e-5);
    EXPECT_NEAR(units / (samples * width), 1.0 - share,
                5.0 * std::sqrt(share * (1.0 - share) / (samples * width)));
    training.advance();
    EXPECT_NE(training.loss(), first) << "the same units in every epoch";
}

// Those that bytes of randomness hold exactly, and those that they do not.
INSTANTIATE_TEST_SUITE_P(shares, DropoutShare,
                         testing::Values(0.25, 0.5, 0.001, 0.0036, 0.9, 0.99));

class LearnedCoefficients : public testing::TestWithParam<std::string> {};

TEST_P(LearnedCoefficients, descend_the_loss_of_the_ordinary_network) {
    const Communicator world = Communicator::world();
    const auto settings = [](double slope) {
        return with({{"network.activation", "leaky_relu(" + to_text(slope) + ")"},
                     {"network.layers", "6-8-3"},
                     {"network.learn_slopes", "true"},
                     {"formulation.name", GetParam()},
                     {"formulation.lambda", "1e7"},
                     {"weights.solver", "sgd"},
                     {"weights.step", "0"},
                     {"train.batch", "0"}});
    };
    const auto loss_at = [&](double slope) {
        SmallBatches<double> still(small_problem(settings(slope), 20), world);
        still.advance();
        return still.loss();
    };
    SmallBatches<double> training(small_problem(settings(0.3), 20), world);
    training.advance();
    // Adam's first moment after one step is a tenth of the derivative; the slope belongs to the
    // owner of the map that enters the layer.
    double derivative = 0.0;
    for (const auto& entries : training.method().state().solver) {
        derivative += (*entries.back())(0, 1) / 0.1;
    }
    derivative = world.max(std::max(derivative, 0.0)) - world.max(std::max(-derivative, 0.0));
    constexpr double step = 1e-5;
    const double expected = (loss_at(0.3 + step) - loss_at(0.3 - step)) / (2.0 * step);
    EXPECT_GT(std::abs(expected), 1e-3);
    EXPECT_NEAR(derivative, expected, 1e-5 * std::abs(expected));
}

INSTANTIATE_TEST_SUITE_P(all, LearnedCoefficients, testing::Values("mac", "fenchel", "bregman"),
                         [](const auto& test) { return test.param; });

TEST(Averages, are_the_mean_of_the_weights_at_the_end) {
    const Communicator world = Communicator::world();
    ConfigText settings = with({{"train.epochs", "4"}, {"train.batch", "0"}});
    SmallBatches<double> plain(small_problem(settings, 20), world);
    settings["weights.average"] = "0.5";
    SmallBatches<double> averaging(small_problem(settings, 20), world);
    std::vector<Matrix<double>> mean;
    for (int epoch = 0; epoch < 4; ++epoch) {
        plain.advance();
        averaging.advance();
        const auto now = joined(plain.weights());
        EXPECT_EQ(relative_distance(joined(averaging.weights()), now), 0.0);
        if (epoch == 2) {
            mean = now;
        } else if (epoch == 3) {
            for (std::size_t l = 0; l < mean.size(); ++l) {
                mean[l] = 0.5 * (mean[l] + now[l]);
            }
        }
    }
    averaging.method().swap_weights();
    EXPECT_LT(relative_distance(joined(averaging.weights()), mean), 1e-14);
    averaging.method().swap_weights();
    EXPECT_EQ(relative_distance(joined(averaging.weights()), joined(plain.weights())), 0.0);
}

}  // namespace
}  // namespace hoist
