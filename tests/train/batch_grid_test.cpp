#include <gtest/gtest.h>

#include <numeric>

#include "support/messages.hpp"
#include "support/small_batches.hpp"

namespace hoist {
namespace {

struct Case {
    std::string name;
    ConfigText settings;
    Index samples;
};

// A network of four maps unless it says otherwise, on batches that do not divide.
ConfigText with(ConfigText settings) {
    const ConfigText usual{{"network.layers", "6-8-5-7-3"}, {"formulation.name", "fenchel"},
                           {"network.activation", "relu"},  {"formulation.lambda", "2"},
                           {"formulation.passes", "1"},     {"weights.solver", "adam"},
                           {"weights.step", "0.01"},        {"train.epochs", "2"},
                           {"train.batch", "12"},           {"grid.block", "3"}};
    settings.insert(usual.begin(), usual.end());
    return settings;
}

const std::vector<Case> cases{
    {"fenchel_adam", with({}), 41},
    {"classical_adam", with({{"formulation.name", "classical"}}), 41},
    {"mac_sgd",
     with({{"formulation.name", "mac"},
           {"weights.solver", "sgd"},
           {"network.activation", "tanh,sin,softplus"},
           {"network.output", "linear"}}),
     41},
    {"mac_with_pooled_maps",
     with({{"formulation.name", "mac"}, {"network.activation", "maxpool(2),relu,maxpool(3)"}}), 37},
    {"bregman_implicit",
     with({{"formulation.name", "bregman"},
           {"weights.solver", "implicit"},
           {"weights.step", "0.5"},
           {"network.activation", "tanh"}}),
     41},
    {"implicit_in_the_size_of_the_batch",
     with({{"network.layers", "12-8-9-7-3"},
           {"formulation.name", "bregman"},
           {"weights.solver", "implicit"},
           {"weights.step", "20"},
           {"weights.ridge", "0.1"},
           {"train.batch", "7"},
           {"network.activation", "tanh"}}),
     41},
    {"contrastive_gram_of_the_inputs",
     with({{"formulation.name", "contrastive"},
           {"weights.solver", "gram"},
           {"weights.sides", "input"},
           {"weights.refresh", "2"},
           {"network.activation", "sigmoid"}}),
     41},
    {"contrastive_gram_of_both_sides",
     with({{"formulation.name", "contrastive"},
           {"formulation.nudge", "positive"},
           {"weights.solver", "gram"},
           {"weights.refresh", "3"},
           {"network.activation", "leaky_relu(0.1)"}}),
     41},
    {"clamped_under_simplex",
     with({{"formulation.name", "contrastive"},
           {"formulation.contrast", "clamped"},
           {"network.output", "simplex"}}),
     41},
    {"columnwise_activations",
     with({{"network.activation", "softmax,simplex,relu"}, {"weights.decay", "0.1"}}), 41},
    {"a_layer_of_width_one",
     with({{"network.layers", "5-6-1-5-3"}, {"network.activation", "softplus"}}), 30},
    {"one_batch_of_everything", with({{"train.batch", "0"}, {"grid.block", "7"}}), 45},
    {"a_block_for_each_sample_of_a_batch", with({{"grid.block", "1"}, {"train.batch", "4"}}), 21},
    {"fewer_samples_than_ranks", with({{"train.batch", "2"}, {"grid.block", "1"}}), 3},
    {"gram_of_fewer_samples_than_ranks",
     with({{"train.batch", "2"}, {"grid.block", "1"}, {"weights.solver", "gram"}}), 3},
    {"implicit_with_fewer_samples_than_ranks",
     with({{"train.batch", "2"},
           {"grid.block", "1"},
           {"weights.solver", "implicit"},
           {"weights.step", "0.5"}}),
     3},
    {"muon", with({{"weights.solver", "muon"}}), 41},
    {"steps_of_adam_that_shards_divide", with({{"network.layers", "200-180-7-3"}}), 41},
    {"steps_of_sgd_that_shards_divide",
     with({{"network.layers", "200-180-7-3"},
           {"weights.solver", "sgd"},
           {"weights.decay", "0.1"},
           {"weights.ridge", "0.01"},
           {"weights.average", "0.6"}}),
     41},
    {"steps_of_muon_that_shards_divide",
     with({{"network.layers", "200-180-190-3"},
           {"network.activation", "tanh"},
           {"weights.solver", "muon"},
           {"weights.ridge", "0.01"}}),
     41},
    {"steps_of_orthogonal_maps_that_shards_do_not_divide",
     with({{"network.layers", "200-180-3"},
           {"network.activation", "tanh"},
           {"weights.orthogonal", "true"},
           {"weights.solver", "muon"}}),
     13},
    {"convolutions_and_pooling",
     with({{"network.layers", "6x5x2-conv(4,3)-maxpool(2)-residual(3)-conv(3,3,2)-avgpool-5-3"},
           {"formulation.name", "mac"},
           {"network.activation", "relu,tanh,tanh,relu"}}),
     41},
    {"convolutions_in_the_gram_of_both_sides",
     with({{"network.layers", "6x5x2-conv(4,3)-avgpool(2)-conv(3,2)-3"},
           {"formulation.name", "contrastive"},
           {"weights.solver", "gram"}}),
     41},
    {"convolutions_with_fewer_samples_than_ranks",
     with({{"network.layers", "6x5x2-conv(4,3)-conv(3,2)-3"},
           {"formulation.name", "bregman"},
           {"weights.solver", "implicit"},
           {"weights.step", "0.5"},
           {"train.batch", "2"},
           {"grid.block", "1"}}),
     3},
    {"normalized_maps",
     with({{"network.layers", "6x5x2-conv(4,3)-batchnorm-maxpool(2)-5-batchnorm-3"},
           {"formulation.name", "contrastive"},
           {"network.activation", "gelu"},
           {"train.label_smoothing", "0.1"},
           {"weights.solver", "muon,muon,sgd"},
           {"weights.step", "0.01,0.02,0.1"}}),
     41},
    {"normalized_maps_with_fewer_samples_than_ranks",
     with({{"network.layers", "6-8-batchnorm-5-batchnorm-3"},
           {"train.batch", "2"},
           {"grid.block", "2"}}),
     3},
    {"batches_larger_than_the_data", with({{"train.batch", "100"}}), 8},
    {"lrrn",
     with({{"formulation.name", "lrrn"},
           {"formulation.sweeps", "5"},
           {"formulation.temperature", "0.5"},
           {"data.noise", "0.1"},
           {"weights.average", "0.6"}}),
     41},
    {"lrrn_to_a_tolerance",
     with({{"formulation.name", "lrrn"},
           {"formulation.beta", "0.5,1,2"},
           {"formulation.gamma", "0.7"},
           {"formulation.sweeps", "30"},
           {"formulation.tolerance", "1e-2"},
           {"train.label_smoothing", "0.1"},
           {"weights.solver", "muon"}}),
     41},
    {"lrrn_whose_output_moves",
     with({{"formulation.name", "lrrn"},
           {"formulation.beta", "1,1,1,1"},
           {"weights.solver", "sgd"}}),
     41},
    {"lrrn_nudged",
     with({{"formulation.name", "lrrn"},
           {"formulation.phase", "nudged"},
           {"formulation.sweeps", "5"},
           {"formulation.energy", "0.1"}}),
     41},
    {"lrrn_clamped",
     with({{"formulation.name", "lrrn"},
           {"formulation.phase", "clamped"},
           {"formulation.gamma", "0.7"},
           {"formulation.sweeps", "1000"},
           {"formulation.tolerance", "1e-6"},
           {"network.output", "linear"}}),
     41},
    {"lrrn_unsupervised",
     with({{"formulation.name", "lrrn"}, {"network.output", "none"}, {"network.bias", "none"}}),
     41},
    {"lrrn_with_fewer_samples_than_ranks",
     with({{"formulation.name", "lrrn"}, {"train.batch", "2"}, {"grid.block", "1"}}), 3},
    {"rounds",
     with({{"train.rounds", "2"},
           {"formulation.name", "bregman"},
           {"weights.solver", "implicit"},
           {"weights.step", "0.5"}}),
     41},
    {"minimized_blocks", with({{"formulation.iterations", "3"}}), 41},
    {"minimized_blocks_of_adaptive_steps",
     with({{"formulation.iterations", "3"},
           {"formulation.name", "bregman"},
           {"formulation.method", "adaptive"},
           {"weights.solver", "sgd"},
           {"network.activation", "tanh"},
           {"train.rounds", "2"}}),
     41},
    {"minimized_blocks_of_mac",
     with({{"formulation.iterations", "3"},
           {"formulation.name", "mac"},
           {"network.activation", "tanh,maxpool(2),relu"}}),
     41},
    {"minimized_classical_blocks",
     with({{"formulation.iterations", "2"}, {"formulation.name", "classical"}}), 41},
    {"passes",
     with({{"formulation.name", "bregman"},
           {"formulation.passes", "3"},
           {"formulation.lambda_end", "1,0.5,2"},
           {"weights.solver", "implicit"},
           {"weights.step", "0.5"},
           {"train.rounds", "2"}}),
     41},
    {"passes_of_mac_with_dropout",
     with({{"formulation.name", "mac"},
           {"formulation.passes", "2"},
           {"formulation.lambda", "20"},
           {"network.activation", "tanh,maxpool(2),relu"},
           {"train.dropout", "0.2,0,0.1"}}),
     41},
    {"passes_of_convolutions",
     with({{"network.layers", "6x5x2-conv(4,3)-avgpool(2)-conv(3,2)-3"},
           {"formulation.passes", "4"}}),
     41},
    {"passes_with_fewer_samples_than_ranks",
     with({{"formulation.passes", "3"}, {"train.batch", "2"}, {"grid.block", "1"}}), 3},
    {"passes_of_a_single_map", with({{"network.layers", "6-3"}, {"formulation.passes", "3"}}), 41},
    {"dropout_noise_and_averages",
     with({{"train.dropout", "0.3,0,0.5"},
           {"data.noise", "0.1"},
           {"data.dropout", "0.2"},
           {"weights.average", "0.6"}}),
     41},
    {"orthogonal_maps", with({{"weights.orthogonal", "true"}, {"network.activation", "tanh"}}), 41},
    {"learned_slopes",
     with({{"network.learn_slopes", "true"}, {"network.activation", "leaky_relu(0.3)"}}), 41},
    {"a_single_map", with({{"network.layers", "6-3"}}), 41},
};

// Every formulation and way to minimize blocks in a few steps, with enough samples for decisions
// that are made of sums over them to fall either way.
std::vector<Case> minimized() {
    const auto in_steps = [](ConfigText settings) {
        const ConfigText usual{{"network.layers", "6-12-10-3"},
                               {"formulation.iterations", "4"},
                               {"formulation.lambda", "1"},
                               {"train.batch", "60"},
                               {"grid.block", "5"},
                               {"train.rounds", "1"}};
        settings.insert(usual.begin(), usual.end());
        return with(settings);
    };
    std::vector<Case> all;
    for (const std::string activation : {"relu", "tanh", "softmax"}) {
        const ConfigText phi{{"network.activation", activation}};
        const auto add = [&](const std::string& name, ConfigText settings) {
            settings.insert(phi.begin(), phi.end());
            all.push_back({name + "_" + activation, in_steps(settings), 303});
        };
        add("fenchel", {});
        for (const std::string method : {"plain", "accelerated", "adaptive"}) {
            add("bregman_" + method,
                {{"formulation.name", "bregman"}, {"formulation.method", method}});
        }
        add("clamped", {{"formulation.name", "contrastive"}, {"formulation.contrast", "clamped"}});
        add("mac", {{"formulation.name", "mac"}});
    }
    all.push_back({"classical", in_steps({{"formulation.name", "classical"}}), 303});
    all.push_back(
        {"classical_pivoting",
         in_steps({{"formulation.name", "classical"}, {"formulation.nnls", "block_pivoting"}}),
         303});
    return all;
}

// The same where x stays so near phi(u) that their difference in float would be rounding.
std::vector<Case> minimized_under_large_penalties() {
    std::vector<Case> all;
    for (const Case& a_case : minimized()) {
        for (const std::string kind : {"fenchel_", "clamped_", "mac_"}) {
            if (a_case.name.starts_with(kind)) {
                all.push_back({a_case.name + "_under_large_penalties", a_case.settings, 123});
                all.back().settings["formulation.lambda"] = "1e5";
                all.back().settings["formulation.gamma"] = "0.001";
            }
        }
    }
    return all;
}

struct Trained {
    std::vector<Matrix<double>> weights;
    double loss = 0.0;
};

template <typename Scalar>
Trained train(const SmallProblem& problem, const Communicator& world) {
    SmallBatches<Scalar> training(problem, world);
    training.advance_epochs(2);
    EXPECT_TRUE(training.shards_agree());
    training.method().swap_weights();
    return {joined(training.weights()), training.loss()};
}

void PrintTo(const Case& a_case, std::ostream* out) { *out << a_case.name; }

class AnyGrid : public testing::TestWithParam<Case> {
  protected:
    // Learned slopes belong to the configuration: every run has one of its own.
    static SmallProblem fresh() { return small_problem(GetParam().settings, GetParam().samples); }

    template <typename Scalar>
    void expect_the_same_on_every_grid(double tolerance) const {
        const Communicator world = Communicator::world();
        const Communicator single = world.split(world.rank());
        const Trained expected = train<Scalar>(fresh(), single);
        const SmallProblem problem = fresh();
        EXPECT_GT(relative_distance(expected.weights, joined(problem.start())), 1e-3);
        for (const auto& shards : some_grids(world.size(), problem.config.network.layers())) {
            SCOPED_TRACE("grid " + grid_text(shards));
            const Trained found = train<Scalar>(fresh().on_grid(0, shards), world);
            EXPECT_LT(relative_distance(found.weights, expected.weights), tolerance);
            EXPECT_NEAR(found.loss, expected.loss, tolerance * expected.loss);
        }
    }
};

TEST_P(AnyGrid, gives_the_same_weights_in_double) { expect_the_same_on_every_grid<double>(1e-9); }

TEST_P(AnyGrid, gives_the_same_weights_in_float) { expect_the_same_on_every_grid<float>(1e-4); }

TEST_P(AnyGrid, without_shards_gives_the_same_bits) {
    const Communicator world = Communicator::world();
    const SmallProblem problem = fresh();
    const int stages = world.size();
    if (stages > problem.config.network.layers()) {
        const SmallProblem impossible = problem.on_grid(stages, {});
        EXPECT_EQ(status_of([&] { SmallBatches<float>(impossible, world); }), ExitStatus::usage);
        return;
    }
    const Communicator single = world.split(world.rank());
    const Trained expected = train<float>(problem, single);
    const Trained found = train<float>(fresh().on_grid(stages, std::vector<int>(stages, 1)), world);
    EXPECT_EQ(relative_distance(found.weights, expected.weights), 0.0);
}

INSTANTIATE_TEST_SUITE_P(all, AnyGrid, testing::ValuesIn(cases),
                         [](const auto& test) { return test.param.name; });
INSTANTIATE_TEST_SUITE_P(minimized, AnyGrid, testing::ValuesIn(minimized()),
                         [](const auto& test) { return test.param.name; });
INSTANTIATE_TEST_SUITE_P(large, AnyGrid, testing::ValuesIn(minimized_under_large_penalties()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace hoist
