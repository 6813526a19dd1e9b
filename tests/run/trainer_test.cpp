#include "hoist/run/trainer.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "hoist/base/text.hpp"
#include "support/messages.hpp"
#include "support/small_training.hpp"
#include "support/temporary_folder.hpp"

namespace hoist {
namespace {

namespace fs = std::filesystem;

/// What a run told, and how it ended.
struct Told : TrainObserver {
    Index first = -1;
    std::vector<SweepRecord> records;
    std::vector<std::string> notes;
    std::function<void(const SweepRecord&)> on_sweep = [](const SweepRecord&) {};
    Outcome outcome = Outcome::complete;
    RunSummary summary;

    void started(const Placement&, Index, Index from) override { first = from; }
    void swept(const SweepRecord& record) override {
        records.push_back(record);
        on_sweep(record);
    }
    void noted(const std::string& text) override { notes.push_back(text); }
};

constexpr int never = std::numeric_limits<int>::max();

std::vector<std::string> lines_of(const fs::path& path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        lines.push_back(line);
    }
    return lines;
}

class Training : public testing::Test {
  protected:
    template <typename Scalar>
    void run(Told& told, const fs::path& directory, Existing existing, int stop_after = never) {
        const Config config = parse_config(settings);
        int asked = 0;
        const RunOptions options{RunDirectory(directory), existing, resolved_ini(settings),
                                 [&] { return ++asked > stop_after; }};
        Trainer<Scalar> trainer(config, world, options, told);
        told.outcome = trainer();
        if (told.outcome != Outcome::already_complete) {
            told.summary = trainer.summary();
        }
        world.barrier();
    }

    template <typename Scalar = float>
    Told train(const fs::path& directory, Existing existing = Existing::refuse,
               int stop_after = never) {
        Told told;
        run<Scalar>(told, directory, existing, stop_after);
        return told;
    }

    ExitStatus refusal_of(Existing existing) {
        return status_of([&] { train(run_folder(), existing); });
    }

    template <typename Scalar>
    void expect_equal_models(const fs::path& a, const fs::path& b) {
        const NetworkSpec network = read_model_header(a).network;
        const Range all{0, network.layers()};
        const auto one = read_weights<Scalar>(a, network, all);
        const auto other = read_weights<Scalar>(b, network, all);
        for (std::size_t l = 0; l < one.size(); ++l) {
            EXPECT_EQ(one[l].matrix, other[l].matrix) << "W " << l;
            EXPECT_EQ(one[l].bias, other[l].bias) << "b " << l;
        }
    }

    template <typename Scalar>
    void expect_resumed_equals_straight() {
        const Told straight = train<Scalar>(folder.path() / "straight", Existing::overwrite);
        EXPECT_EQ(straight.outcome, Outcome::complete);
        const Told stopped = train<Scalar>(folder.path() / "resumed", Existing::overwrite, 3);
        EXPECT_EQ(stopped.outcome, Outcome::stopped_on_request);
        EXPECT_EQ(stopped.summary.last.sweep, 3);
        if (world.rank() == 0) {
            EXPECT_FALSE(fs::exists(folder.path() / "resumed" / "model.h5"));
        }
        const Told resumed = train<Scalar>(folder.path() / "resumed", Existing::resume);
        EXPECT_EQ(resumed.outcome, Outcome::complete);
        EXPECT_EQ(resumed.summary.last.sweep, 6);
        EXPECT_EQ(resumed.summary.last.energy.objective(),
                  straight.summary.last.energy.objective());
        expect_equal_models<Scalar>(folder.path() / "straight" / "model.h5",
                                    folder.path() / "resumed" / "model.h5");
        if (world.rank() == 0) {
            EXPECT_EQ(resumed.first, 3);
            ASSERT_EQ(resumed.records.size(), 3U);
            EXPECT_EQ(resumed.records[1].test->accuracy, straight.records[4].test->accuracy);
            EXPECT_EQ(resumed.records[1].energy.loss, straight.records[4].energy.loss);
        }
    }

    fs::path run_folder() const { return folder.path() / "run"; }

    void damage(const fs::path& file) {
        if (world.rank() == 0) {
            std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
            bytes.seekg(0, std::ios::end);
            const auto middle = bytes.tellg() / 2;
            bytes.seekg(middle);
            const char byte = static_cast<char>(bytes.get() ^ 1);
            bytes.seekp(middle);
            bytes.put(byte);
        }
        world.barrier();
    }

    Communicator world = Communicator::world();
    TemporaryFolder folder{world};
    ConfigText settings{{"data.samples", "90"},       {"data.test_samples", "30"},
                        {"data.validation", "10"},    {"network.layers", "784-12-8-10"},
                        {"formulation.lambda", "5"},  {"weights.ridge", "1e-3"},
                        {"train.sweeps", "6"},        {"grid.block", "16"},
                        {"data.standardize", "true"}, {"train.inner", "2"}};
};

TEST_F(Training, warns_once_of_activations_that_are_not_near_their_joint_minimum) {
    settings["formulation.name"] = "bregman";
    settings["formulation.passes"] = "2";
    settings["weights.solver"] = "sgd";
    settings["weights.step"] = "1e-3";
    settings["train.epochs"] = "3";
    settings["train.batch"] = "20";
    settings.erase("train.sweeps");
    for (const auto& [lambda, warnings] : {std::pair{"0.01", 1U}, std::pair{"1000", 0U}}) {
        settings["formulation.lambda"] = lambda;
        const Told told = train(run_folder(), Existing::overwrite);
        EXPECT_EQ(told.outcome, Outcome::complete);
        EXPECT_EQ(told.summary.last.lift.residual.value() > 0.5, warnings > 0);
        ASSERT_EQ(told.notes.size(), world.rank() == 0 ? warnings : 0U);
        if (!told.notes.empty()) {
            expect_mentions(told.notes.front(), {"warning", "epoch 1", "residual"});
        }
    }
}

TEST_F(Training, looks_at_the_training_part_as_often_as_asked_and_at_the_end) {
    settings["train.sweeps"] = "5";
    for (const auto& [every, looked_at] :
         {std::pair{"1", std::vector{1, 1, 1, 1, 1}}, std::pair{"2", std::vector{0, 1, 0, 1, 1}},
          std::pair{"0", std::vector{0, 0, 0, 0, 1}}}) {
        settings["train.evaluate_every"] = every;
        Told told = train(run_folder(), Existing::overwrite, 3);
        const Told resumed = train(run_folder(), Existing::resume);
        EXPECT_TRUE(resumed.summary.last.train.has_value());
        std::ranges::copy(resumed.records, std::back_inserter(told.records));
        ASSERT_EQ(told.records.size(), world.rank() == 0 ? 5U : 0U);
        for (std::size_t i = 0; i < told.records.size(); ++i) {
            EXPECT_EQ(told.records[i].train.has_value(), looked_at[i] == 1) << every << ' ' << i;
            EXPECT_TRUE(told.records[i].validation.has_value());
            EXPECT_TRUE(told.records[i].test.has_value());
        }
    }
}

TEST_F(Training, stopped_and_resumed_ends_with_the_same_bits_as_never_stopped) {
    for (const std::string schedule : {"wavefront", "checkerboard"}) {
        settings["train.schedule"] = schedule;
        for (const auto& shards : some_grids(world.size(), 3)) {
            SCOPED_TRACE(schedule + " " + grid_text(shards));
            std::vector<std::string> texts;
            for (const int count : shards) {
                texts.push_back(std::to_string(count));
            }
            settings["grid.shards"] = shards.empty() ? "auto" : join(texts, ",");
            expect_resumed_equals_straight<float>();
        }
        expect_resumed_equals_straight<double>();
    }
}

TEST_F(Training, goes_back_to_the_checkpoint_before_a_damaged_one_and_says_so) {
    settings["checkpoint.every"] = "1";
    settings["checkpoint.keep"] = "3";
    train(folder.path() / "straight");
    const Told stopped = train(run_folder(), Existing::refuse, 4);
    EXPECT_EQ(stopped.outcome, Outcome::stopped_on_request);
    damage(run_folder() / "checkpoint-000004.h5");
    const Told resumed = train(run_folder(), Existing::resume);
    expect_equal_models<float>(folder.path() / "straight" / "model.h5", run_folder() / "model.h5");
    if (world.rank() == 0) {
        EXPECT_EQ(resumed.first, 3);
        ASSERT_EQ(resumed.notes.size(), 1U);
        expect_mentions(resumed.notes.front(),
                        {"checkpoint-000004.h5", "damaged", "the one before it"});
        const auto rows = lines_of(run_folder() / "metrics.csv");
        ASSERT_EQ(rows.size(), 7U);
        for (std::size_t sweep = 1; sweep < rows.size(); ++sweep) {
            EXPECT_TRUE(rows[sweep].starts_with(std::to_string(sweep) + ","));
        }
    }
}

TEST_F(Training, with_all_checkpoints_damaged_ends_on_every_rank) {
    settings["checkpoint.every"] = "1";
    train(run_folder(), Existing::refuse, 3);
    damage(run_folder() / "checkpoint-000003.h5");
    damage(run_folder() / "checkpoint-000002.h5");
    EXPECT_EQ(refusal_of(Existing::resume), ExitStatus::data);
}

TEST_F(Training, keeps_the_last_checkpoints_and_every_file_of_a_run) {
    settings["checkpoint.every"] = "2";
    settings["checkpoint.keep"] = "2";
    const Told told = train(run_folder());
    if (world.rank() != 0) {
        return;
    }
    EXPECT_FALSE(fs::exists(run_folder() / "checkpoint-000002.h5"));
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(run_folder())) {
        names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    EXPECT_EQ(names, (std::vector<std::string>{"checkpoint-000004.h5", "checkpoint-000006.h5",
                                               "config.ini", "log.txt", "metrics.csv", "model.h5",
                                               "summary.json"}));
    const ModelHeader model = read_model_header(run_folder() / "model.h5");
    EXPECT_FALSE(model.checkpoint);
    EXPECT_EQ(model.network.layers_text(), "784-12-8-10");
    EXPECT_EQ(model.config, resolved_ini(settings));
    EXPECT_EQ(model.class_names.size(), 10U);
    EXPECT_EQ(model.standardization.mean.size(), 784);
    const ModelHeader saved = read_model_header(run_folder() / "checkpoint-000004.h5");
    EXPECT_TRUE(saved.checkpoint);
    EXPECT_EQ(saved.progress.sweep, 4);
    double bytes = 0.0;
    for (const SweepRecord& record : told.records) {
        bytes += record.bytes_sent;
    }
    EXPECT_EQ(told.summary.bytes_sent, bytes);
    EXPECT_EQ(told.summary.ranks, world.size());
    EXPECT_EQ(told.records.front().train->samples, 80);
    EXPECT_EQ(told.records.front().validation->samples, 10);
    EXPECT_EQ(told.records.front().test->samples, 30);
}

TEST_F(Training, refuses_a_directory_that_holds_a_run_and_one_that_holds_none) {
    EXPECT_EQ(refusal_of(Existing::resume), ExitStatus::missing);
    train(run_folder());
    EXPECT_EQ(refusal_of(Existing::refuse), ExitStatus::output);
    EXPECT_EQ(train(run_folder(), Existing::resume).outcome, Outcome::already_complete);
    EXPECT_EQ(train(run_folder(), Existing::overwrite).outcome, Outcome::complete);
}

TEST_F(Training, refuses_to_resume_another_architecture_or_with_other_data) {
    train(run_folder(), Existing::refuse, 2);
    settings["network.layers"] = "784-12-9-10";
    EXPECT_EQ(refusal_of(Existing::resume), ExitStatus::usage);
    settings["network.layers"] = "784-12-8-10";
    settings["network.activation"] = "relu,hard_tanh";
    EXPECT_EQ(refusal_of(Existing::resume), ExitStatus::usage);
    settings.erase("network.activation");
    settings["data.samples"] = "60";
    EXPECT_EQ(refusal_of(Existing::resume), ExitStatus::usage);
    settings["data.samples"] = "90";
    EXPECT_EQ(refusal_of(Existing::resume), ExitStatus::done);
}

TEST_F(Training, ends_at_the_target) {
    settings["train.target_accuracy"] = "15";
    settings["train.sweeps"] = "50";
    settings["data.samples"] = "300";
    const Told told = train(run_folder());
    EXPECT_EQ(told.outcome, Outcome::complete);
    EXPECT_LT(told.summary.last.sweep, 50);
    EXPECT_GE(told.summary.last.test->accuracy, 15.0);
    EXPECT_TRUE(told.summary.target_set);
    EXPECT_TRUE(told.summary.seconds_to_target.has_value());
}

TEST_F(Training, stops_with_a_checkpoint_when_its_time_is_up) {
    settings["train.time_limit"] = "1e-9";
    const Told told = train(run_folder());
    EXPECT_EQ(told.outcome, Outcome::out_of_time);
    EXPECT_EQ(told.summary.last.sweep, 0);
    EXPECT_TRUE(fs::exists(run_folder() / "checkpoint-000000.h5"));
}

TEST_F(Training, stopped_before_the_first_sweep_and_again_ends_with_the_same_bits) {
    train(folder.path() / "straight");
    EXPECT_EQ(train(run_folder(), Existing::refuse, 0).outcome, Outcome::stopped_on_request);
    const fs::path checkpoint = run_folder() / "checkpoint-000000.h5";
    const auto written = fs::last_write_time(checkpoint);
    EXPECT_EQ(train(run_folder(), Existing::resume, 0).outcome, Outcome::stopped_on_request);
    EXPECT_EQ(fs::last_write_time(checkpoint), written) << "it was there already";
    world.barrier();
    EXPECT_EQ(train(run_folder(), Existing::resume).outcome, Outcome::complete);
    expect_equal_models<float>(folder.path() / "straight" / "model.h5", run_folder() / "model.h5");
}

TEST_F(Training, goes_on_without_a_checkpoint_only_where_it_is_not_required) {
    settings["checkpoint.every"] = "2";
    const auto block_the_second = [&](const SweepRecord& record) {
        if (record.sweep == 2) {
            fs::create_directories(run_folder() / "checkpoint-000002.h5" / "in the way");
        }
    };
    Told strict;
    strict.on_sweep = block_the_second;
    EXPECT_EQ(status_of([&] { run<float>(strict, run_folder(), Existing::overwrite); }),
              ExitStatus::output);
    world.barrier();
    if (world.rank() == 0) {
        fs::remove_all(run_folder());
    }
    settings["checkpoint.required"] = "false";
    Told lenient;
    lenient.on_sweep = block_the_second;
    run<float>(lenient, run_folder(), Existing::overwrite);
    EXPECT_EQ(lenient.outcome, Outcome::complete);
    EXPECT_TRUE(fs::exists(run_folder() / "checkpoint-000004.h5"));
    if (world.rank() == 0) {
        ASSERT_EQ(lenient.notes.size(), 1U);
        expect_mentions(lenient.notes.front(), {"warning", "no checkpoint after sweep 2"});
    }
}

TEST_F(Training, without_a_sweep_leaves_the_start) {
    settings["train.sweeps"] = "0";
    const Told told = train(run_folder());
    EXPECT_EQ(told.outcome, Outcome::complete);
    EXPECT_EQ(told.summary.last.sweep, 0);
    const auto layers =
        read_weights<float>(run_folder() / "model.h5", parse_config(settings).network, {0, 3});
    EXPECT_EQ(layers[1].matrix,
              initial_weights<float>(MapSpec::dense(12, 8), Start::he, 0.0, 1, 1).matrix);
}

}  // namespace
}  // namespace hoist
