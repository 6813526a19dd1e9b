#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "hoist/base/text.hpp"
#include "hoist/run/trainer.hpp"
#include "support/messages.hpp"
#include "support/small_batches.hpp"
#include "support/temporary_folder.hpp"

namespace hoist {
namespace {

struct Case {
    std::string name;
    ConfigText settings;
};

void PrintTo(const Case& a_case, std::ostream* out) { *out << a_case.name; }

const std::vector<Case> cases{
    {"adam", {{"weights.solver", "adam"}}},
    {"sgd", {{"weights.solver", "sgd"}}},
    {"gram_of_the_inputs",
     {{"weights.solver", "gram"}, {"weights.sides", "input"}, {"weights.refresh", "3"}}},
    {"gram_of_both_sides", {{"weights.solver", "gram"}, {"weights.refresh", "7"}}},
    {"implicit_in_rounds",
     {{"weights.solver", "implicit"}, {"weights.step", "0.3"}, {"train.rounds", "2"}}},
    {"passes_under_a_falling_lambda",
     {{"formulation.passes", "3"},
      {"formulation.lambda_end", "0.5"},
      {"weights.solver", "implicit"},
      {"weights.step", "0.3"}}},
    {"passes_to_a_tolerance",
     {{"formulation.passes", "8"}, {"formulation.tolerance", "0.02"}, {"weights.solver", "sgd"}}},
    {"averages", {{"weights.average", "0.7"}}},
    {"steps_of_adam_that_shards_divide", {{"network.layers", "200-180-5-7-3"}}},
    {"steps_of_muon_that_shards_divide",
     {{"network.layers", "200-180-5-7-3"}, {"weights.solver", "muon"}, {"train.staleness", "1"}}},
    {"dropout_and_noise",
     {{"train.dropout", "0.3"}, {"data.noise", "0.1"}, {"data.dropout", "0.1"}}},
    {"orthogonal", {{"weights.orthogonal", "true"}}},
    {"minimized_blocks", {{"formulation.iterations", "3"}}},
    {"stale_signals", {{"train.staleness", "2"}}},
    {"stale_signals_that_are_waited_for",
     {{"train.staleness", "2"}, {"train.drain_every", "2"}, {"train.look_ahead", "true"}}},
    {"mac", {{"formulation.name", "mac"}, {"network.activation", "maxpool(2),sin,relu"}}},
    {"proximal_splines_whose_slopes_are_clipped",
     {{"formulation.name", "bregman"},
      {"formulation.passes", "1"},
      {"network.activation", "proximal_spline(7,3)"},
      {"weights.step", "0.1"}}},
    {"normalized_maps",
     {{"network.layers", "6-8-batchnorm-5-7-batchnorm-3"}, {"train.staleness", "1"}}},
    {"lrrn",
     {{"formulation.name", "lrrn"},
      {"network.activation", "relu"},
      {"formulation.temperature", "0.3"},
      {"formulation.tolerance", "1e-2"}}},
    {"lrrn_unsupervised",
     {{"formulation.name", "lrrn"}, {"network.output", "none"}, {"network.activation", "relu"}}},
    {"plateau",
     {{"weights.schedule", "plateau"},
      {"weights.patience", "0"},
      {"weights.step", "0.2"},
      {"weights.solver", "sgd"}}},
};

ConfigText with(ConfigText settings, const ConfigText& usual) {
    settings.insert(usual.begin(), usual.end());
    return settings;
}

const ConfigText usual{{"network.layers", "6-8-5-7-3"},
                       {"network.activation", "tanh"},
                       {"formulation.name", "fenchel"},
                       {"weights.step", "0.01"},
                       {"train.epochs", "3"},
                       {"train.batch", "5"},
                       {"grid.block", "2"}};

class BatchResume : public testing::Test {
  protected:
    Communicator world = Communicator::world();
    TemporaryFolder folder{world};
    std::filesystem::path file = folder.path() / "checkpoint.h5";

    template <typename Scalar>
    static void finish(SmallBatches<Scalar>& training) {
        while (training.progress().sweep < 3) {
            training.advance();
        }
        training.method().swap_weights();
    }
    // In the second epoch, where that is asked for.
    template <typename Scalar>
    static void stop_early(SmallBatches<Scalar>& training) {
        int asked = 0;
        training.advance();
        training.advance([&] { return ++asked == 3; });
    }
};

TEST_F(BatchResume, ends_with_the_same_bits_as_not_stopping_on_the_same_grid) {
    for (const Case& a_case : cases) {
        const SmallProblem problem = small_problem(with(a_case.settings, usual), 43);
        for (const auto& shards : some_grids(world.size(), 4)) {
            SCOPED_TRACE(a_case.name + " " + grid_text(shards));
            const SmallProblem placed = problem.on_grid(0, shards);
            SmallBatches<float> straight(placed, world);
            SmallBatches<float> stopped(placed, world);
            stop_early(stopped);
            EXPECT_EQ(stopped.progress().batch > 0,
                      !a_case.settings.contains("train.staleness") ||
                          a_case.settings.contains("train.drain_every"));
            stopped.write_checkpoint(file);
            SmallBatches<float> resumed(placed, file, world);
            finish(straight);
            finish(resumed);
            EXPECT_EQ(relative_distance(joined(resumed.weights()), joined(straight.weights())),
                      0.0);
            EXPECT_NEAR(resumed.loss(), straight.loss(), 1e-12);
        }
    }
}

TEST_F(BatchResume, ends_with_the_same_numbers_on_another_grid) {
    constexpr double tolerance = 1e-9;
    const Communicator single = world.split(world.rank());
    for (const Case& a_case : cases) {
        if (a_case.settings.contains("train.staleness")) {
            continue;  // as many batches old as there are stages
        }
        const SmallProblem problem = small_problem(with(a_case.settings, usual), 43);
        SmallBatches<double> alone(problem, single);
        stop_early(alone);
        if (world.rank() == 0) {
            alone.write_checkpoint(file);
        }
        world.barrier();
        finish(alone);
        for (const auto& shards : some_grids(world.size(), 4)) {
            SCOPED_TRACE(a_case.name + " " + grid_text(shards));
            SmallBatches<double> resumed(problem.on_grid(0, shards), file, world);
            finish(resumed);
            EXPECT_LT(relative_distance(joined(resumed.weights()), joined(alone.weights())),
                      tolerance);
            EXPECT_NEAR(resumed.loss(), alone.loss(), tolerance * alone.loss());
        }
    }
}

TEST_F(BatchResume, tells_of_the_whole_epoch_how_lifted_it_was) {
    const SmallProblem problem = small_problem(
        with({{"formulation.passes", "8"}, {"formulation.tolerance", "0.02"}}, usual), 43);
    SmallBatches<double> straight(problem, world);
    straight.advance_epochs(2);
    SmallBatches<double> stopped(problem, world);
    stop_early(stopped);
    stopped.write_checkpoint(file);
    SmallBatches<double> resumed(problem, file, world);
    resumed.advance();
    const Lift expected = straight.method().lift(2);
    const Lift lift = resumed.method().lift(2);
    EXPECT_NEAR(lift.residual.value(), expected.residual.value(), 1e-12);
    EXPECT_NEAR(lift.violation.value(), expected.violation.value(), 1e-12);
    EXPECT_NEAR(lift.energy.value(), expected.energy.value(), 1e-12);
    EXPECT_DOUBLE_EQ(lift.rejected.value(), expected.rejected.value());
    EXPECT_EQ(lift.passes, expected.passes);
    EXPECT_NE(lift.passes, stopped.method().lift(2).passes);
}

struct Silent : TrainObserver {
    void started(const Placement&, Index, Index) override {}
    void swept(const SweepRecord&) override {}
    void noted(const std::string&) override {}
};

class WholeRun : public testing::TestWithParam<Case> {
  protected:
    Communicator world = Communicator::world();
    TemporaryFolder folder{world};

    struct Run {
        Outcome outcome;
        RunSummary summary;
    };
    Run run(const std::string& name, Existing existing, int stop_after) const {
        ConfigText settings = with(GetParam().settings, {{"data.samples", "60"},
                                                         {"data.test_samples", "20"},
                                                         {"data.validation", "10"},
                                                         {"network.layers", "784-8-6-7-10"},
                                                         {"train.batch", "10"}});
        settings = with(settings, usual);
        const Config config = parse_config(settings);
        int asked = 0;
        const RunOptions options{RunDirectory(folder.path() / name), existing,
                                 resolved_ini(settings), [&] { return ++asked >= stop_after; }};
        Silent silent;
        Trainer<float> trainer(config, world, options, silent);
        const Outcome outcome = trainer();
        world.barrier();
        return {outcome, trainer.summary()};
    }
    std::vector<Matrix<double>> model(const std::string& name) const {
        const auto path = folder.path() / name / "model.h5";
        const NetworkSpec network = read_model_header(path).network;
        return joined(read_weights<float>(path, network, {0, network.layers()}));
    }
};

TEST_P(WholeRun, stopped_twice_ends_as_if_never_stopped) {
    constexpr int never = 1 << 30;
    const bool in_epochs = GetParam().name != "stale_signals";  // otherwise asked before each
    const Run straight = run("straight", Existing::refuse, never);
    EXPECT_EQ(straight.outcome, Outcome::complete);
    EXPECT_EQ(run("resumed", Existing::refuse, in_epochs ? 4 : 2).outcome,
              Outcome::stopped_on_request);
    EXPECT_EQ(run("resumed", Existing::resume, in_epochs ? 5 : 2).outcome,
              Outcome::stopped_on_request);
    const Run resumed = run("resumed", Existing::resume, never);
    EXPECT_EQ(resumed.outcome, Outcome::complete);
    EXPECT_EQ(relative_distance(model("resumed"), model("straight")), 0.0);
    EXPECT_NEAR(resumed.summary.last.energy.loss, straight.summary.last.energy.loss, 1e-12);
    EXPECT_EQ(resumed.summary.last.test->accuracy, straight.summary.last.test->accuracy);
    EXPECT_NEAR(resumed.summary.bytes_sent, straight.summary.bytes_sent,
                1e-3 * straight.summary.bytes_sent);
}

std::vector<Case> some_cases() {
    std::vector<Case> some;
    std::ranges::copy_if(cases, std::back_inserter(some), [](const Case& a_case) {
        return a_case.name == "adam" || a_case.name == "averages" || a_case.name == "plateau" ||
               a_case.name == "stale_signals" || a_case.name == "mac";
    });
    return some;
}

INSTANTIATE_TEST_SUITE_P(all, WholeRun, testing::ValuesIn(some_cases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace hoist
