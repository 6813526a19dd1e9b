#include "hoist/library/train.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>

#include "support/temporary_folder.hpp"

namespace hoist {
namespace {

namespace fs = std::filesystem;

/// Points on a disk and on a ring around it, the same on every rank.
struct Rings {
    std::vector<double> points;
    std::vector<Index> classes;
    std::vector<double> radii;

    explicit Rings(int count) {
        std::mt19937 random(1);
        std::normal_distribution<double> normal;
        for (int i = 0; i < count; ++i) {
            const double angle = 9.0 * normal(random);
            const double radius = i % 2 + 0.1 * normal(random);
            points.insert(points.end(), {radius * std::cos(angle), radius * std::sin(angle)});
            classes.push_back(i % 2);
            radii.push_back(std::abs(radius));
        }
    }
    SamplesInMemory classified() const { return {{points, 2}, classes, {}}; }
};

using Keys = std::map<std::string, std::string>;

Keys small_keys() {
    return {{"network.layers", "2-16-16-2"},
            {"formulation.name", "contrastive"},
            {"weights.step", "2e-2"},
            {"train.epochs", "8"},
            {"train.batch", "50"}};
}

int rank_in(MPI_Comm ranks) {
    int rank = 0;
    MPI_Comm_rank(ranks, &rank);
    return rank;
}

double share_right(const Model& model, const Rings& rings) {
    const std::vector<Index> found = model.classes({rings.points, 2});
    int right = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        right += found[i] == rings.classes[i] ? 1 : 0;
    }
    return right / static_cast<double>(found.size());
}

TEST(Library, EveryRankHasTheWholeModel) {
    const Rings rings(600);
    int told = 0;
    const Model model =
        train(small_keys(), {.train = rings.classified(), .test = rings.classified()},
              MPI_COMM_WORLD, {.report = [&](const TrainingReport& report) {
                  EXPECT_EQ(report.done, ++told);
                  EXPECT_EQ(report.length, 8);
                  EXPECT_EQ(report.train, report.test);
              }});
    EXPECT_EQ(told, rank_in(MPI_COMM_WORLD) == 0 ? 8 : 0);
    EXPECT_EQ(model.inputs(), 2);
    EXPECT_EQ(model.outputs(), 2);
    EXPECT_GT(share_right(model, rings), 0.97);
    const std::vector<float> single(rings.points.begin(), rings.points.end());
    const std::vector<double> scores = model.scores({single, 2});
    ASSERT_EQ(scores.size(), 1200u);
    EXPECT_NEAR(scores[0] + scores[1], 1.0, 1e-6);
    EXPECT_EQ(scores, model.scores({rings.points, 2}));
}

TEST(Library, EachCommunicatorTrainsByItself) {
    const int rank = rank_in(MPI_COMM_WORLD);
    MPI_Comm own = MPI_COMM_NULL;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &own);
    const Rings rings(200 + 100 * (rank % 2));
    Keys keys = small_keys();
    keys["train.seed"] = std::to_string(1 + rank % 2);
    const Model beside = train(keys, {.train = rings.classified()}, own);
    const Model alone = train(keys, {.train = rings.classified()}, MPI_COMM_SELF);
    const std::vector<double> scores = beside.scores({rings.points, 2});
    const std::vector<double> expected = alone.scores({rings.points, 2});
    for (std::size_t i = 0; i < scores.size(); ++i) {
        EXPECT_NEAR(scores[i], expected[i], 1e-2);
    }
    MPI_Comm_free(&own);
}

TEST(Library, AModelIsSavedAndLoaded) {
    const Communicator world = Communicator::world();
    const TemporaryFolder folder(world);
    const Rings rings(200);
    for (const char* precision : {"float", "double"}) {
        Keys keys = small_keys();
        keys["train.precision"] = precision;
        keys["data.standardize"] = "true";
        const Model model = train(keys, {.train = rings.classified()}, MPI_COMM_WORLD);
        const std::string file =
            (folder.path() / (std::to_string(rank_in(MPI_COMM_WORLD)) + ".h5")).string();
        model.save(file);
        EXPECT_EQ(Model::load(file).scores({rings.points, 2}), model.scores({rings.points, 2}));
    }
    EXPECT_THROW(Model::load((folder.path() / "none.h5").string()), MissingError);
}

TEST(Library, ARegressionAnswersInTheUnitOfItsValues) {
    const Rings rings(600);
    Keys keys = small_keys();
    keys["network.layers"] = "2-16-16-1";
    keys["network.output"] = "linear";
    const Model model = train(keys, {.train = {.inputs = {rings.points, 2}, .values = rings.radii}},
                              MPI_COMM_WORLD);
    const std::vector<double> found = model.scores({rings.points, 2});
    double squares = 0.0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        squares += (found[i] - rings.radii[i]) * (found[i] - rings.radii[i]);
    }
    EXPECT_LT(std::sqrt(squares / 600), 0.2);
}

TEST(Library, ADirectoryIsKeptOnlyWhereOneIsNamed) {
    const Communicator world = Communicator::world();
    const TemporaryFolder folder(world);
    const Rings rings(200);
    const fs::path here = fs::current_path();
    const auto files = [](const fs::path& path) {
        return std::distance(fs::directory_iterator(path), {});
    };
    const auto before = files(here);
    train(small_keys(), {.train = rings.classified()}, MPI_COMM_WORLD);
    EXPECT_EQ(files(here), before);
    const std::string name = (folder.path() / "run").string();
    int asked = 0;
    const TrainingOptions stopped{.stop = [&] { return ++asked > 2; }, .directory = name};
    train(small_keys(), {.train = rings.classified()}, MPI_COMM_WORLD, stopped);
    EXPECT_FALSE(fs::exists(fs::path(name) / "model.h5"));
    const Model model = train(small_keys(), {.train = rings.classified()}, MPI_COMM_WORLD,
                              {.directory = name, .resume = true});
    EXPECT_EQ(Model::load(name + "/model.h5").scores({rings.points, 2}),
              model.scores({rings.points, 2}));
    const Model again = train(small_keys(), {.train = rings.classified()}, MPI_COMM_WORLD,
                              {.directory = name, .resume = true});
    EXPECT_EQ(again.scores({rings.points, 2}), model.scores({rings.points, 2}));
}

/// The message of an error that every rank throws.
std::string refusal(ExitStatus status, const Keys& keys, const DataInMemory& data) {
    try {
        train(keys, data, MPI_COMM_WORLD);
    } catch (const Error& error) {
        EXPECT_TRUE(error.agreed());
        EXPECT_EQ(error.status(), status);
        return error.what();
    }
    ADD_FAILURE() << "nothing is thrown";
    return "";
}

void expect_within(const std::string& phrase, const std::string& message) {
    EXPECT_NE(message.find(phrase), std::string::npos) << message;
}

TEST(Library, WhatIsWrongIsThrownOnEveryRank) {
    Rings rings(100);
    const DataInMemory good{.train = rings.classified()};
    Keys keys = small_keys();
    keys["train.lr"] = "1";
    expect_within("weights.step", refusal(ExitStatus::usage, keys, good));
    keys = small_keys();
    keys["data.path"] = "there";
    expect_within("data.path does not go with data in memory",
                  refusal(ExitStatus::usage, keys, good));
    keys = small_keys();
    keys["network.layers"] = "3-16-2";
    expect_within("3-16-2", refusal(ExitStatus::usage, keys, good));
    keys = small_keys();
    keys["train.seed"] = std::to_string(rank_in(MPI_COMM_WORLD));
    int ranks = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (ranks > 1) {
        expect_within("different keys or data", refusal(ExitStatus::usage, keys, good));
    }
    expect_within(
        "have no labeled training part",
        refusal(ExitStatus::data, small_keys(), {.train = {.inputs = {rings.points, 2}}}));
    const std::vector<Index> few(99, 0);
    expect_within("100 samples and 99 classes",
                  refusal(ExitStatus::data, small_keys(), {.train = {{rings.points, 2}, few, {}}}));
    rings.classes[7] = 2;
    expect_within("label 2 of sample 7", refusal(ExitStatus::data, small_keys(), good));
    rings.classes[7] = -1;
    expect_within("sample 7 has -1", refusal(ExitStatus::data, small_keys(), good));
    rings.classes[7] = 1;
    rings.points[9] = std::numeric_limits<double>::quiet_NaN();
    expect_within("input 1 of sample 4 of the training data in memory is not finite",
                  refusal(ExitStatus::data, small_keys(), good));
    EXPECT_THROW(Rows(std::span<const double>(rings.points).first(199), 2), UsageError);
    EXPECT_THROW(Rows(rings.points, 0), UsageError);
}

TEST(Library, RowsThatDoNotFitAModelAreRefused) {
    const Rings rings(100);
    const Model model = train(small_keys(), {.train = rings.classified()}, MPI_COMM_WORLD);
    EXPECT_THROW(model.scores({rings.points, 4}), UsageError);
    EXPECT_TRUE(model.scores({std::span<const double>(), 2}).empty());
}

}  // namespace
}  // namespace hoist
