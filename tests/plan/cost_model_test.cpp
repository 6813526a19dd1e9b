#include "hoist/plan/cost_model.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "support/small_batches.hpp"

namespace hoist {
namespace {

constexpr MachineRates rates{1e11, 1e10};

SmallProblem problem_of(const ConfigText& settings) {
    ConfigText all{{"network.layers", "6-9-7-4"},
                   {"grid.block", "8"},
                   {"weights.ridge", "1e-3"},
                   {"formulation.joint_iterations", "4"}};
    for (const auto& [key, value] : settings) {
        all[key] = value;
    }
    return small_problem(all, 53);
}

void expect_the_bytes_that_a_sweep_sends(const SmallProblem& problem, const Communicator& world) {
    SmallTraining<float> training(problem, world);
    training.sweep().forward();
    const auto sent = [&] {
        return static_cast<double>(world.bytes_sent() + training.peers().bytes_sent());
    };
    const double before = sent();
    training.sweep()();
    training.sweep().settle();
    const double bytes = sent() - before;
    const RunPlan plan = plan_run(problem.config, {53, 0, 0}, world.size(), rates);
    EXPECT_EQ(plan.ranks[static_cast<std::size_t>(world.rank())].bytes_sent, bytes)
        << plan.placement.text();
}

TEST(CostModel, predicts_the_traffic_of_every_rank_to_the_byte) {
    const Communicator world = Communicator::world();
    const std::vector<ConfigText> cases{
        {{"train.inner", "1"}},
        {{"train.inner", "3"}},
        {{"train.schedule", "checkerboard"}},
        {{"formulation.step", "joint"}},
        {{"network.output", "linear"}},
        {{"network.output", "simplex"}, {"train.inner", "2"}, {"formulation.lambda", "1"}},
        {{"network.layers", "6-4"}, {"train.inner", "3"}},
        {{"network.activation", "maxpool(3),maxpool(2)"},
         {"formulation.name", "mac"},
         {"weights.solver", "ridge"}},
        {{"formulation.name", "fenchel"}, {"weights.solver", "ridge"}},
    };
    for (const ConfigText& settings : cases) {
        const SmallProblem problem = problem_of(settings);
        for (const auto& shards : some_grids(world.size(), problem.config.network.layers())) {
            const int stages = static_cast<int>(shards.size());
            expect_the_bytes_that_a_sweep_sends(problem.on_grid(stages, shards), world);
        }
    }
}

// Beside these an epoch sends sums of figures, always as many. Wherever the cuts are the same for both values of
// `key`, and they are on one stage and with a map on every stage.
void expect_the_bytes_that_more_of_it_sends(ConfigText settings, const std::string& key,
                                            const std::vector<std::string>& values) {
    const Communicator world = Communicator::world();
    settings["weights.solver"] = "sgd";
    settings["train.batch"] = "20";
    const auto maps = static_cast<std::size_t>(problem_of(settings).config.network.layers());
    for (const auto& shards : some_grids(world.size(), static_cast<Index>(maps))) {
        std::vector<double> sent;
        std::vector<double> planned;
        std::vector<std::string> cuts;
        for (const std::string& value : values) {
            settings[key] = value;
            const SmallProblem problem =
                problem_of(settings).on_grid(static_cast<int>(shards.size()), shards);
            SmallBatches<float> training(problem, world);
            const auto before = world.bytes_sent();
            training.advance();
            sent.push_back(static_cast<double>(world.bytes_sent() - before));
            const RunPlan plan = plan_run(problem.config, {53, 0, 0}, world.size(), rates);
            planned.push_back(plan.ranks[static_cast<std::size_t>(world.rank())].bytes_sent);
            cuts.push_back(plan.placement.text());
            EXPECT_GT(plan.seconds, 0.0);
        }
        const bool fixed = shards.size() == 1 || shards.size() == maps;
        if (fixed || cuts[0] == cuts[1]) {
            EXPECT_EQ(planned[1] - planned[0], sent[1] - sent[0]) << grid_text(shards);
        }
        if (fixed) {
            EXPECT_EQ(cuts[0], cuts[1]);
            EXPECT_EQ(shards.size() > 1, world.max(planned[1] - planned[0]) > 0.0);
        }
    }
}

TEST(CostModel, predicts_the_traffic_of_further_passes_to_the_byte) {
    expect_the_bytes_that_more_of_it_sends({{"formulation.name", "fenchel"}}, "formulation.passes",
                                           {"1", "3"});
}

TEST(CostModel, predicts_the_traffic_of_further_sweeps_to_the_byte) {
    for (const ConfigText& phases : std::vector<ConfigText>{
             {},
             {{"formulation.phase", "nudged"}},
             {{"formulation.phase", "class_energy"}, {"network.output", "linear"}},
             {{"network.output", "none"}}}) {
        ConfigText settings{{"formulation.name", "lrrn"}, {"network.layers", "6-9-7-5-4"}};
        settings.insert(phases.begin(), phases.end());
        expect_the_bytes_that_more_of_it_sends(settings, "formulation.sweeps", {"2", "5"});
    }
}

Config config_of(const ConfigText& settings) {
    ConfigText all{{"network.layers", "784-300-100-10"}};
    for (const auto& [key, value] : settings) {
        all[key] = value;
    }
    return parse_config(all);
}

RunPlan plan_of(const ConfigText& settings, int ranks, SampleFacts samples = {60000, 0, 10000}) {
    return plan_run(config_of(settings), samples, ranks, rates);
}

double sum(const RunPlan& plan, double MemoryPlan::*part) {
    return std::accumulate(
        plan.ranks.begin(), plan.ranks.end(), 0.0,
        [&](double total, const RankPlan& rank) { return total + rank.memory.*part; });
}

TEST(CostModel, no_rank_holds_the_whole_data_set_when_there_are_shards) {
    for (const int ranks : {1, 2, 4, 7}) {
        const RunPlan plan = plan_of({{"grid.stages", "1"}}, ranks);
        // 784 inputs and 10 targets of each sample, once in all
        EXPECT_DOUBLE_EQ(sum(plan, &MemoryPlan::samples), 794.0 * 70000.0 * 4.0);
        for (const RankPlan& rank : plan.ranks) {
            EXPECT_LT(rank.memory.samples * ranks, 1.1 * 794.0 * 70000.0 * 4.0);
        }
    }
}

TEST(CostModel, stages_hold_what_is_theirs_and_one_matrix_of_each_neighbor) {
    const RunPlan plan = plan_of({{"grid.stages", "3"}}, 3);
    const double column = 60000.0 * 4.0;
    const double energy = 60000.0 * 8.0;
    EXPECT_DOUBLE_EQ(plan.ranks[0].memory.samples, 784.0 * 70000.0 * 4.0);
    EXPECT_DOUBLE_EQ(plan.ranks[0].memory.activations, 300.0 * column + energy);
    EXPECT_DOUBLE_EQ(plan.ranks[1].memory.samples, 0.0);
    EXPECT_DOUBLE_EQ(plan.ranks[1].memory.activations, (2 * 300.0 + 100.0) * column + energy);
    EXPECT_DOUBLE_EQ(plan.ranks[2].memory.samples, 10.0 * 70000.0 * 4.0);
    EXPECT_DOUBLE_EQ(plan.ranks[2].memory.activations, (2 * 100.0 + 10.0) * column + energy);
}

// One matrix of all places for all steps of a stage, beside one in double of which it is made.
TEST(CostModel, a_stage_holds_what_solves_for_all_pixels_together_once) {
    const auto plan_with = [](const std::string& fidelity) {
        return plan_of(
            {{"network.layers", "28x28x1-keep_input-(potential(4,3)-" + fidelity + ")*3"},
             {"network.activation", "relu"},
             {"network.output", "linear"},
             {"formulation.name", "contrastive"},
             {"weights.solver", "adam"},
             {"train.batch", "100"},
             {"grid.stages", "2"}},
            2);
    };
    const RunPlan solving = plan_with("fidelity(radon(9),0.1)");
    const RunPlan by_gradient = plan_with("fidelity");
    for (std::size_t rank = 0; rank < 2; ++rank) {
        const double more =
            solving.ranks[rank].memory.weights - by_gradient.ranks[rank].memory.weights;
        EXPECT_NEAR(more, 784.0 * 784.0 * (4.0 + 8.0), 1e3);
    }
}

TEST(CostModel, double_precision_doubles_the_samples_and_the_traffic_of_columns) {
    const RunPlan single = plan_of({{"grid.stages", "2"}}, 2);
    const RunPlan full = plan_of({{"grid.stages", "2"}, {"train.precision", "double"}}, 2);
    for (std::size_t rank = 0; rank < 2; ++rank) {
        EXPECT_DOUBLE_EQ(full.ranks[rank].memory.samples, 2 * single.ranks[rank].memory.samples);
        EXPECT_DOUBLE_EQ(full.ranks[rank].bytes_sent, 2 * single.ranks[rank].bytes_sent);
    }
}

TEST(CostModel, limits_the_speed_up_by_the_rank_with_most_work) {
    const std::vector<double> costs = layer_costs(config_of({}));
    const double all = costs[0] + costs[1] + costs[2];
    const RunPlan plan = plan_of({{"grid.stages", "3"}}, 3);
    EXPECT_NEAR(plan.most_speedup, all / *std::ranges::max_element(costs), 1e-9);
    EXPECT_LE(plan.speedup(), plan.most_speedup);
    EXPECT_DOUBLE_EQ(plan_of({}, 1).speedup(), 1.0);
    EXPECT_DOUBLE_EQ(plan_of({}, 1).most_speedup, 1.0);
}

TEST(CostModel, gives_every_rank_the_time_of_the_sweep) {
    const RunPlan plan = plan_of({{"grid.shards", "2,1"}}, 3);
    for (const RankPlan& rank : plan.ranks) {
        EXPECT_GE(rank.wait, 0.0);
        EXPECT_NEAR(rank.compute + rank.exchange + rank.wait, plan.seconds, 1e-12);
    }
}

TEST(CostModel, ranks_without_a_block_hold_no_samples) {
    const RunPlan plan = plan_of({{"grid.stages", "1"}, {"grid.block", "10"}}, 4, {20, 0, 0});
    Index columns = 0;
    for (const RankPlan& rank : plan.ranks) {
        columns += rank.columns;
        EXPECT_EQ(rank.columns == 0, rank.memory.samples == 0.0);
    }
    EXPECT_EQ(columns, 20);
}

// Layers of 1,440 on stages of their own, in batches of 8 blocks of 8 columns, where nothing but products takes time.
RunPlan plan_of_equal_stages(Index layers, const ConfigText& settings) {
    ConfigText all{{"network.output", "linear"},
                   {"formulation.name", "mac"},
                   {"formulation.passes", "1"},
                   {"weights.solver", "sgd"},
                   {"train.batch", "64"},
                   {"grid.block", "8"},
                   {"grid.stages", std::to_string(layers)}};
    std::string widths = "1440";
    for (Index l = 0; l < layers; ++l) {
        widths += "-1440";
    }
    all["network.layers"] = widths;
    for (const auto& [key, value] : settings) {
        all[key] = value;
    }
    return plan_run(parse_config(all), {64 * 30, 0, 0}, static_cast<int>(layers),
                    {1e9, 1e30, 1e30, 0.0});
}

TEST(CostModel, pipelines_that_empty_themselves_have_the_bubbles_of_their_papers) {
    const RunPlan plan = plan_of_equal_stages(4, {});
    ASSERT_TRUE(plan.flushed);
    const double block = 2.0 * 1440 * 1440 * 8 / 1e9;
    // Huang et al. 2019: 3 blocks more than the 8 of a batch, there, back and for the gradient.
    EXPECT_NEAR(plan.flushed->fill_and_drain, 30 * (8 + 3) * 3 * block, 1e-3 * plan.seconds);
    // Qi et al. 2023: (p - 1) (F + B - W) and (p - 1) (F + B - 2 W), where all three take as long.
    EXPECT_NEAR(plan.flushed->zero_bubble_h1, 30 * (8 * 3 + 3) * block, 1e-3 * plan.seconds);
    EXPECT_NEAR(plan.flushed->zero_bubble_h2, 30 * 8 * 3 * block, 1e-3 * plan.seconds);
    EXPECT_FALSE(plan_of_equal_stages(1, {}).flushed);
}

TEST(CostModel, late_steps_leave_no_time_to_the_heaviest_stage) {
    const double block = 2.0 * 1440 * 1440 * 8 / 1e9;
    const RunPlan exact = plan_of_equal_stages(12, {});
    const RunPlan late = plan_of_equal_stages(12, {{"train.staleness", "11"}});
    EXPECT_NEAR(late.seconds_steady, 30 * 8 * 3 * block, 0.01 * late.seconds_steady);
    EXPECT_LT(late.seconds, exact.seconds);
    // What fills and empties the stages: once up and down through those below and above the heaviest.
    EXPECT_LT(late.seconds - late.seconds_steady, 2.0 * 12 * 3 * block);
    EXPECT_GT(exact.seconds_steady, 1.1 * late.seconds_steady);
}

TEST(CostModel, late_steps_that_are_waited_for_fill_and_empty_the_stages_each_time) {
    const auto seconds = [](const std::string& every) {
        const RunPlan plan =
            plan_of_equal_stages(12, {{"train.staleness", "11"}, {"train.drain_every", every}});
        EXPECT_LE(plan.seconds_steady, plan.seconds * 1.001);
        return plan.seconds;
    };
    const RunPlan late = plan_of_equal_stages(12, {{"train.staleness", "11"}});
    const double bubble = late.seconds - late.seconds_steady;
    EXPECT_NEAR(seconds("15"), late.seconds + bubble, 0.2 * bubble);
    EXPECT_NEAR(seconds("8"), late.seconds + 3.0 * bubble, 0.2 * 3.0 * bubble);
    EXPECT_EQ(seconds("30"), late.seconds);
    EXPECT_EQ(seconds("1000"), late.seconds);
    // Exact steps do as much, but for what the last of one and the first of the next do beside one another.
    EXPECT_NEAR(seconds("1"), plan_of_equal_stages(12, {}).seconds, 0.05 * seconds("1"));
}

}  // namespace
}  // namespace hoist
