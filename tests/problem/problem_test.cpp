#include "hoist/problem/problem.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <random>

#include "hoist/run/checkpoint.hpp"
#include "support/messages.hpp"
#include "support/temporary_folder.hpp"

namespace hoist {
namespace {

// Three numbers per sample, the class last; the classes have names.
std::string table_text(Index samples, int seed) {
    std::mt19937_64 engine(static_cast<std::uint64_t>(seed));
    std::normal_distribution<double> normal;
    std::string text = "a,b,c,color\n";
    for (Index i = 0; i < samples; ++i) {
        for (int k = 0; k < 3; ++k) {
            text += std::to_string(5.0 * (k + 1) + (k + 1) * normal(engine)) + ",";
        }
        text += i % 2 == 0 ? "red\n" : "blue\n";
    }
    return text;
}

class MakeProblem : public testing::Test {
  protected:
    MakeProblem() {
        folder.put("train.csv", table_text(60, 1));
        folder.put("test.csv", table_text(20, 2));
        settings = {{"data.format", "csv"},        {"data.path", folder.path().string()},
                    {"data.train", "train.csv"},   {"data.test", "test.csv"},
                    {"network.layers", "3-5-4-2"}, {"grid.block", "7"}};
    }

    std::string refusal(const std::string& key, const std::string& value) {
        settings[key] = value;
        EXPECT_EQ(status_of([&] { make_problem<double>(parse_config(settings), world); }),
                  ExitStatus::usage);
        return message_of<Error>([&] { make_problem<double>(parse_config(settings), world); });
    }

    Communicator world = Communicator::world();
    TemporaryFolder folder{world};
    ConfigText settings;
};

// Of windows in the columns: that W w + b has mean 0, and the covariance that eigenvectors give it.
void expect_whitened(const Weights<double>& weights, const Matrix<double>& windows) {
    const Index pairs = weights.matrix.rows() / 2;
    EXPECT_EQ(weights.matrix.topRows(pairs), -weights.matrix.bottomRows(pairs));
    const Matrix<double> centered = windows.colwise() - windows.rowwise().mean();
    const Matrix<double> covariance =
        centered * centered.transpose() / static_cast<double>(windows.cols());
    const Matrix<double> rows = weights.matrix.topRows(pairs);
    const double eps = 5e-4 * covariance.trace() / static_cast<double>(windows.rows());
    // e / (e + eps) = 1 - eps |v / sqrt(e + eps)|^2
    Matrix<double> expected = Matrix<double>::Identity(pairs, pairs);
    expected.diagonal() -= eps * rows.rowwise().squaredNorm();
    EXPECT_LT((rows * covariance * rows.transpose() - expected).cwiseAbs().maxCoeff(), 1e-9);
    EXPECT_LT(((weights.matrix * windows).colwise() + weights.bias)
                  .rowwise()
                  .mean()
                  .cwiseAbs()
                  .maxCoeff(),
              1e-9);
    // No other direction has more variance than the least of them.
    const double least = 1.0 / rows.row(pairs - 1).squaredNorm() - eps;
    Matrix<double> rest = covariance;
    for (Index k = 0; k < pairs; ++k) {
        const Vector<double> v = rows.row(k).transpose().normalized();
        rest -= v * (v.transpose() * covariance * v) * v.transpose();
    }
    EXPECT_LE(rest.selfadjointView<Eigen::Lower>().eigenvalues().maxCoeff(), least + 1e-9);
}

TEST_F(MakeProblem, whitens_the_windows_of_pictures) {
    const Config config = parse_config({{"data.samples", "70"},
                                        {"data.test_samples", "0"},
                                        {"network.layers", "28x28x1-conv(8,3,2,0)-10"},
                                        {"network.activation", "relu"},
                                        {"network.whiten", "true"},
                                        {"formulation.name", "mac"},
                                        {"grid.block", "7"}});
    const Problem<double> problem = make_problem<double>(config, world);
    if (!problem.placement.first(world.rank())) {
        return;
    }
    const DataParts data = open_dataset(config.data, {});
    std::vector<double> inputs(70 * 784);
    data.train->read_inputs(all_samples(70), inputs);
    Matrix<double> windows(9, 70 * 13 * 13);
    for (Index at = 0; at < windows.cols(); ++at) {
        const Index row = at % 169 / 13 * 2;
        const Index column = at % 13 * 2;
        for (Index i = 0; i < 9; ++i) {
            windows(i, at) = inputs[static_cast<std::size_t>(at / 169 * 784 + (row + i / 3) * 28 +
                                                             column + i % 3)];
        }
    }
    expect_whitened(problem.stage.weights.front(), windows);
}

TEST_F(MakeProblem, whitens_by_the_first_5000_samples) {
    std::string text = table_text(5000, 3);
    for (int i = 0; i < 200; ++i) {
        text += "1e6,-1e6,1e5,red\n";
    }
    folder.put("train.csv", text);
    settings["network.layers"] = "3-6-2";
    settings["network.whiten"] = "true";
    settings["weights.solver"] = "adam";
    settings["formulation.name"] = "fenchel";
    const Problem<double> problem = make_problem<double>(parse_config(settings), world);
    if (!problem.placement.first(world.rank())) {
        return;
    }
    const DataParts data = open_training_data(parse_config(settings));
    Matrix<double> inputs(3, 5000);
    data.train->read_inputs(all_samples(5000), {inputs.data(), 15000});
    expect_whitened(problem.stage.weights.front(), inputs);
}

TEST_F(MakeProblem, refuses_to_whiten_what_has_no_pairs_or_another_start) {
    settings["network.whiten"] = "true";
    for (const std::string layers : {"3-5-2", "3-8-2"}) {
        expect_mentions(refusal("network.layers", layers), {"network.whiten", "even", "6 at most"});
    }
    expect_mentions(refusal("network.layers", "3-residual-2"), {"network.whiten"});
    settings["network.layers"] = "3-6-2";
    expect_mentions(refusal("network.scale", "0.5"), {"network.whiten", "network.scale"});
}

TEST_F(MakeProblem, gives_each_rank_its_layers_its_samples_and_the_start_of_its_weights) {
    settings["data.validation"] = "10";
    const Config config = parse_config(settings);
    const Problem<double> problem = make_problem<double>(config, world);
    EXPECT_EQ(problem.class_names, (std::vector<std::string>{"blue", "red"}));
    EXPECT_EQ(problem.train.blocks.samples(), 50);
    EXPECT_EQ(problem.validation.front().samples.blocks.samples(), 10);
    EXPECT_EQ(problem.test.front().samples.blocks.samples(), 20);
    const Range layers = problem.placement.layers_of(world.rank());
    ASSERT_EQ(problem.stage.layers, layers);
    ASSERT_EQ(std::ssize(problem.stage.weights), layers.size());
    for (Index l = layers.begin; l < layers.end; ++l) {
        const auto expected = initial_weights<double>(config.network.map(l), config.start,
                                                      config.bias, config.seed, l);
        EXPECT_EQ(problem.stage.of(l).matrix, expected.matrix);
        EXPECT_EQ(problem.stage.of(l).bias, expected.bias);
    }
    EXPECT_TRUE(problem.standardization.empty());
    if (problem.placement.first(world.rank())) {
        EXPECT_EQ(problem.train.inputs.cols(), problem.train.columns.size());
    }
}

TEST_F(MakeProblem, standardizes_other_parts_as_the_training_part) {
    settings["data.validation"] = "0.2";
    const Problem<double> plain = make_problem<double>(parse_config(settings), world);
    settings["data.standardize"] = "true";
    const Problem<double> problem = make_problem<double>(parse_config(settings), world);
    if (!problem.placement.first(world.rank())) {
        return;
    }
    const auto expected = [&](const Matrix<double>& x) {
        const Standardization& fitted = problem.standardization;
        return Matrix<double>(
            ((x.colwise() - fitted.mean).array().colwise() * fitted.scale.array()));
    };
    const auto distance = [&](const Matrix<double>& a, const Matrix<double>& b) {
        return (a - expected(b)).norm();
    };
    EXPECT_LT(distance(problem.test.front().samples.inputs, plain.test.front().samples.inputs),
              1e-12);
    EXPECT_LT(distance(problem.validation.front().samples.inputs,
                       plain.validation.front().samples.inputs),
              1e-12);
    EXPECT_LT(distance(problem.train.inputs, plain.train.inputs), 1e-12);
    EXPECT_NEAR(problem.standardization.mean(2), 15.0, 1.5);
    EXPECT_NEAR(1.0 / problem.standardization.scale(2), 3.0, 1.0);
}

TEST_F(MakeProblem, warns_of_inputs_that_are_far_from_unit_size) {
    const auto remarks = [&] { return make_problem<float>(parse_config(settings), world).remarks; };
    EXPECT_EQ(remarks(), std::vector<std::string>());
    folder.put("train.csv", "a,b,c,color\n3e5,4e5,0,red\n0,0,0,blue\n0,0,0,red\n5e5,5e5,0,blue\n");
    settings["grid.block"] = "1";
    settings["grid.stages"] = "1";
    ASSERT_EQ(remarks().size(), 1);
    expect_mentions(remarks().front(), {"large", " 2.5e+05,", "data.standardize = true"});
    settings["data.standardize"] = "true";
    EXPECT_EQ(remarks(), std::vector<std::string>());
    settings.erase("data.standardize");
    folder.put("train.csv", "a,b,c,color\n1e-5,0,0,red\n0,0,1e-5,blue\n0,0,0,red\n0,0,0,blue\n");
    ASSERT_EQ(remarks().size(), 1);
    expect_mentions(remarks().front(), {"small", " 4.1e-06,", "data.standardize = true"});
}

TEST_F(MakeProblem, refuses_widths_that_contradict_the_data_on_every_rank) {
    expect_mentions(refusal("network.layers", "5-5-2"),
                    {"network.layers = 5-5-2 contradicts the data", "start it with 3"});
    expect_mentions(refusal("network.layers", "3-5-7"),
                    {"network.layers = 3-5-7 contradicts the data", "end it with 2"});
}

TEST_F(MakeProblem, refuses_a_grid_that_cannot_work_on_every_rank) {
    expect_mentions(refusal("grid.stages", "4"), {"grid.stages = 4", "the nearest grid"});
    settings.erase("grid.stages");
    expect_mentions(refusal("grid.shards", std::to_string(world.size() + 1)), {"the nearest grid"});
}

TEST_F(MakeProblem, passes_on_what_is_wrong_with_the_data) {
    folder.put("bad.csv", "a,b,c,color\n1,2,three,red\n1,2,3,blue\n");
    settings["data.train"] = "bad.csv";
    EXPECT_EQ(status_of([&] { make_problem<float>(parse_config(settings), world); }),
              ExitStatus::data);
    settings["data.train"] = "none.csv";
    EXPECT_EQ(status_of([&] { make_problem<float>(parse_config(settings), world); }),
              ExitStatus::missing);
}

TEST_F(MakeProblem, starts_from_a_model_file_that_fits) {
    settings["train.seed"] = "77";
    const Config config = parse_config(settings);
    const Problem<float> original = make_problem<float>(config, world);
    ModelHeader header;
    header.network = config.network;
    const auto file = folder.path() / "start.h5";
    write_model<float>(file, header, world, original.placement, original.stage);
    settings.erase("train.seed");
    settings["network.init"] = file.string();
    const Problem<float> problem = make_problem<float>(parse_config(settings), world);
    for (std::size_t i = 0; i < problem.stage.weights.size(); ++i) {
        EXPECT_EQ(problem.stage.weights[i].matrix, original.stage.weights[i].matrix);
    }
    expect_mentions(refusal("network.layers", "3-6-4-2"), {"does not fit", "3-5-4-2"});
}

// Values far from 0 that float could not tell apart.
std::vector<double> put_values(const TemporaryFolder& folder) {
    std::mt19937_64 engine(5);
    std::normal_distribution<double> normal;
    std::string text;
    std::vector<double> values;
    for (Index i = 0; i < 60; ++i) {
        values.push_back(1e9 + std::round(1024.0 * normal(engine)) / 1024.0);
        char number[64];
        std::snprintf(number, sizeof number, "%.17g", values.back());
        text += std::to_string(normal(engine)) + ",2,3," + number + "\n";
    }
    folder.put("values.csv", text);
    return values;
}

TEST_F(MakeProblem, brings_the_values_of_a_regression_to_mean_0_and_deviation_1) {
    const std::vector<double> values = put_values(folder);
    settings["data.train"] = settings["data.test"] = "values.csv";
    settings["network.layers"] = "3-5-4-1";
    settings["network.output"] = "linear";
    settings["data.limit"] = "40";
    const Problem<float> problem = make_problem<float>(parse_config(settings), world);
    double mean = 0.0;
    for (int i = 0; i < 40; ++i) {
        mean += (values[static_cast<std::size_t>(i)] - 1e9) / 40.0;
    }
    double square = 0.0;
    for (int i = 0; i < 40; ++i) {
        square += std::pow(values[static_cast<std::size_t>(i)] - 1e9 - mean, 2) / 40.0;
    }
    EXPECT_NEAR(problem.targets.mean[0] - 1e9, mean, 1e-6);
    EXPECT_NEAR(problem.targets.scale[0], 1.0 / std::sqrt(square), 1e-6);
    EXPECT_NEAR(problem.test.front().samples.target_unit, std::sqrt(square), 1e-6);
    for (const Samples<float>* part : {&problem.train, &problem.test.front().samples}) {
        for (Index i = 0; i < part->targets.cols(); ++i) {
            const auto sample = static_cast<std::size_t>(part->columns.begin + i);
            EXPECT_NEAR(part->targets(0, i), (values[sample] - 1e9 - mean) / std::sqrt(square),
                        2e-6);
        }
    }
    const Problem<float> plain =
        make_problem<float>(parse_config(settings), world, TargetUnit::own);
    EXPECT_TRUE(plain.targets.empty());
    if (plain.train.targets.size() > 0) {
        EXPECT_NEAR(plain.train.targets(0, 0), 1e9, 100.0);
    }
}

// As a model of an earlier version, or one of another tool: its outputs are in a unit of their own.
TEST_F(MakeProblem, goes_on_from_a_start_as_the_same_function_in_another_unit) {
    put_values(folder);
    settings["data.train"] = settings["data.test"] = "values.csv";
    settings["network.layers"] = "3-5-4-1";
    settings["network.output"] = "linear";
    settings["network.bias"] = "0.7";
    const Config config = parse_config(settings);
    const Problem<double> original = make_problem<double>(config, world);
    for (const bool own_unit : {true, false}) {
        ModelHeader header;
        header.network = config.network;
        if (!own_unit) {
            header.targets = {Vector<double>::Constant(1, -3.0), Vector<double>::Constant(1, 0.25)};
        }
        const auto file = folder.path() / (own_unit ? "own.h5" : "other.h5");
        write_model<double>(file, header, world, original.placement, original.stage);
        settings["network.init"] = file.string();
        const Problem<double> problem = make_problem<double>(parse_config(settings), world);
        if (!problem.placement.last(world.rank())) {
            continue;
        }
        const Vector<double> x = Vector<double>::LinSpaced(4, -1.0, 2.0);
        const auto answer = [&](const Stage<double>& stage, const Standardization& targets) {
            const Weights<double>& last = stage.weights.back();
            const double u = (last.matrix * x + last.bias)[0];
            return targets.empty() ? u : u / targets.scale[0] + targets.mean[0];
        };
        EXPECT_NEAR(answer(problem.stage, problem.targets), answer(original.stage, header.targets),
                    1e-6);  // of sums near 1e9
    }
}

TEST_F(MakeProblem, gives_a_constant_value_deviation_1) {
    std::string text;
    for (int i = 0; i < 30; ++i) {
        text += std::to_string(i) + ",2,3,0.1\n";
    }
    folder.put("constant.csv", text);
    settings["data.train"] = settings["data.test"] = "constant.csv";
    settings["network.layers"] = "3-5-4-1";
    settings["network.output"] = "linear";
    const Problem<double> problem = make_problem<double>(parse_config(settings), world);
    EXPECT_NEAR(problem.targets.mean[0], 0.1, 1e-15);
    EXPECT_EQ(problem.targets.scale[0], 1.0);
}

TEST_F(MakeProblem, scales_the_hidden_blocks_and_keeps_the_function) {
    settings["grid.stages"] = "1";
    settings["network.bias"] = "0.3";
    Matrix<double> inputs(3, 2);
    inputs << 1.0, -2.0, 0.5, 3.0, -0.25, 4.0;
    const auto blocks = [&](const std::string& scale) {
        settings["network.scale"] = scale;
        const Problem<double> problem = make_problem<double>(parse_config(settings), world);
        std::vector<Matrix<double>> x{inputs};
        for (const Index l : {0, 1, 2}) {
            const LinearMap<double> map = problem.stage.map(l);
            Matrix<double> u(map.outputs(), inputs.cols());
            map.apply(x.back(), u);
            x.push_back(l == 2 ? u : Matrix<double>(u.cwiseMax(0.0)));
        }
        return x;
    };
    const auto plain = blocks("1");
    const auto scaled = blocks("0.1");
    for (const int hidden : {1, 2}) {
        ASSERT_GT(plain[hidden].maxCoeff(), 0.1);
        EXPECT_LT((scaled[hidden] - 0.1 * plain[hidden]).cwiseAbs().maxCoeff(), 1e-13);
    }
    EXPECT_LT((scaled[3] - plain[3]).cwiseAbs().maxCoeff(), 1e-13);
}

}  // namespace
}  // namespace hoist
