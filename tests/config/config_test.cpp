#include "hoist/config/config.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <tuple>

#include "hoist/base/text.hpp"
#include "support/messages.hpp"

namespace hoist {
namespace {

std::string refusal(const ConfigText& text) {
    return message_of<UsageError>([&] { parse_config(text); });
}

// An INI file as keys and values, read by its plainest rules.
ConfigText keys_of(const std::string& ini) {
    ConfigText text;
    std::istringstream lines(ini);
    std::string line;
    std::string section;
    while (std::getline(lines, line)) {
        if (line.starts_with('[')) {
            section = line.substr(1, line.find(']') - 1);
        } else if (const auto equals = line.find('='); equals != std::string::npos) {
            text[section + "." + std::string(trim(line.substr(0, equals)))] =
                trim(line.substr(equals + 1));
        }
    }
    return text;
}

TEST(Config, of_nothing_has_the_defaults_that_help_shows) {
    const Config config = parse_config({});
    EXPECT_EQ(config.network.layers_text(), "784-300-100-10");
    EXPECT_EQ(config.network.activation_text(), "relu");
    EXPECT_EQ(config.formulation.lambda, (std::vector<double>{10.0, 10.0}));
    EXPECT_EQ(config.ridge.size(), 3U);
    EXPECT_EQ(config.grid.stages, 0);
    EXPECT_TRUE(config.grid.shards.empty());
    EXPECT_EQ(config.checkpoint.every_seconds, 600.0);
    EXPECT_EQ(config.checkpoint.every_sweeps, 0);
    ConfigText shown;
    for (const ConfigKey& key : config_keys()) {
        EXPECT_FALSE(key.help.empty()) << key.name;
        shown[key.name] = key.default_text;
    }
    EXPECT_EQ(resolved_ini(shown), resolved_ini({}));
}

TEST(Config, takes_every_value) {
    const Config config = parse_config({{"network.layers", "5-4-3-2"},
                                        {"network.activation", "relu,hard_tanh"},
                                        {"network.output", "simplex"},
                                        {"network.init", "xavier"},
                                        {"network.bias", "-0.5"},
                                        {"formulation.lambda", "1,2,3"},
                                        {"formulation.step", "joint"},
                                        {"formulation.joint_iterations", "7"},
                                        {"formulation.nnls", "block_pivoting"},
                                        {"formulation.nnls_sweeps", "4"},
                                        {"formulation.nnls_tolerance", "1e-3"},
                                        {"weights.ridge", "0.1, 0.2, 0.3"},
                                        {"data.limit", "50"},
                                        {"data.validation", "0.1"},
                                        {"data.standardize", "true"},
                                        {"train.sweeps", "0"},
                                        {"train.inner", "2"},
                                        {"train.schedule", "checkerboard"},
                                        {"train.seed", "9"},
                                        {"train.precision", "double"},
                                        {"train.target_accuracy", "97.5"},
                                        {"train.time_limit", "60"},
                                        {"grid.stages", "2"},
                                        {"grid.shards", "1,3"},
                                        {"grid.block", "128"},
                                        {"checkpoint.every", "20"},
                                        {"checkpoint.keep", "5"},
                                        {"checkpoint.required", "false"}});
    EXPECT_EQ(config.network.layers_text(), "5-4-3-2");
    EXPECT_EQ(config.network.activation_text(), "relu,hard_tanh");
    EXPECT_EQ(config.network.output, Output::simplex);
    EXPECT_EQ(config.start, Start::xavier);
    EXPECT_EQ(config.bias, -0.5);
    EXPECT_EQ(config.formulation.lambda, (std::vector<double>{1.0, 2.0, 3.0}));
    EXPECT_EQ(config.activation_step, ActivationStep::joint);
    EXPECT_EQ(config.joint_iterations, 7);
    const NnlsOptions nnls{NnlsOptions::Method::block_pivoting, 4, 1e-3};
    EXPECT_EQ(config.formulation.nnls, nnls);
    EXPECT_EQ(config.ridge, (std::vector<double>{0.1, 0.2, 0.3}));
    EXPECT_EQ(config.limit, 50);
    EXPECT_EQ(config.validation, 0.1);
    EXPECT_EQ(config.standardize, Standardize::yes);
    EXPECT_EQ(config.sweeps, 0);
    EXPECT_EQ(config.inner, 2);
    EXPECT_EQ(config.schedule, Schedule::checkerboard);
    EXPECT_EQ(config.seed, 9U);
    EXPECT_EQ(config.precision, Precision::full);
    EXPECT_EQ(config.target_accuracy, 97.5);
    EXPECT_EQ(config.time_limit, 60.0);
    EXPECT_EQ(config.grid.stages, 2);
    EXPECT_EQ(config.grid.shards, (std::vector<int>{1, 3}));
    EXPECT_EQ(config.grid.block, 128);
    EXPECT_EQ(config.checkpoint.every_sweeps, 20);
    EXPECT_EQ(config.checkpoint.every_seconds, 0.0);
    EXPECT_EQ(config.checkpoint.keep, 5);
    EXPECT_FALSE(config.checkpoint.required);
    EXPECT_EQ(parse_config({{"network.init", "runs/a.h5"}}).start_file, "runs/a.h5");
}

TEST(Config, resolved_is_a_configuration_that_resolves_to_itself) {
    const ConfigText text{{"network.layers", "9-8-7"},
                          {"formulation.lambda", " 0.25 "},
                          {"data.path", "/a folder/with = signs"},
                          {"data.format", "csv"},
                          {"data.ignore", "id, 3"},
                          {"checkpoint.every", "90s"}};
    const std::string ini = resolved_ini(text);
    const ConfigText again = keys_of(ini);
    EXPECT_EQ(again.size(), config_keys().size());
    EXPECT_EQ(resolved_ini(again), ini);
    const Config config = parse_config(again);
    EXPECT_EQ(config.network.layers_text(), "9-8-7");
    EXPECT_EQ(config.formulation.lambda, std::vector<double>{0.25});
    EXPECT_EQ(config.data, parse_config(text).data);
    EXPECT_EQ(config.data.path, "/a folder/with = signs");
    EXPECT_EQ(config.checkpoint.every_seconds, 90.0);
}

TEST(Config, suggests_the_key_that_was_meant) {
    expect_mentions(refusal({{"train.sweep", "5"}}),
                    {"train.sweep is not a configuration key", "did you mean train.sweeps?"});
    expect_mentions(refusal({{"formulation.lamda", "5"}}), {"did you mean formulation.lambda?"});
    expect_mentions(refusal({{"weather", "5"}}), {"weather", "hoist train --help"});
}

TEST(Config, refuses_every_value_of_a_wrong_type_and_names_the_key) {
    const std::vector<std::string> texts{"data.path",   "data.train",  "data.test",   "data.inputs",
                                         "data.target", "data.ignore", "network.init"};
    for (const ConfigKey& key : config_keys()) {
        if (std::ranges::find(texts, key.name) != texts.end()) {
            continue;
        }
        for (const std::string value : {"7 apples", "1,x", "-"}) {
            const std::string message = refusal({{key.name, value}});
            const std::string named = key.name == "network.activation" ? "activation" : key.name;
            EXPECT_NE(message.find(named), std::string::npos)
                << key.name << " = " << value << " gave \"" << message << "\"";
        }
    }
}

TEST(Config, refuses_what_is_out_of_range_or_not_a_choice) {
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"train.sweeps", "-1"},
        {"train.sweeps", "2.5"},
        {"train.inner", "0"},
        {"train.seed", "-3"},
        {"train.schedule", "wave"},
        {"train.precision", "half"},
        {"train.target_accuracy", "101"},
        {"train.time_limit", "-1"},
        {"formulation.lambda", "0"},
        {"formulation.lambda", "nan"},
        {"formulation.lambda", "1,2,3"},
        {"formulation.lambda", ""},
        {"weights.ridge", "-1"},
        {"weights.ridge", "1,2"},
        {"weights.ridge", "inf"},
        {"weights.solver", "adagrad"},
        {"data.validation", "-0.1"},
        {"data.validation", "2.5"},
        {"data.validation", "1e30"},
        {"data.format", "glyph"},
        {"data.standardize", "yes"},
        {"grid.stages", "0"},
        {"grid.shards", "2,0"},
        {"grid.block", "0"},
        {"checkpoint.every", "5m"},
        {"checkpoint.every", "s"},
        {"checkpoint.keep", "0"},
        {"network.init", "hee"},
        {"network.output", "softmin"},
        {"formulation.nnls", "simplex"},
    };
    for (const auto& [key, value] : wrong) {
        const std::string message = refusal({{key, value}});
        EXPECT_NE(message.find(key), std::string::npos)
            << key << " = " << value << " gave \"" << message << "\"";
    }
    expect_mentions(refusal({{"data.format", "glyph"}}), {"did you mean glyphs?"});
    expect_mentions(refusal({{"network.init", "hee"}}), {"did you mean he?"});
    EXPECT_NE(refusal({{"network.layers", "4-2"}, {"formulation.lambda", ""}}), "");
}

TEST(Config, refuses_choices_that_contradict_one_another) {
    expect_mentions(refusal({{"network.activation", "hard_tanh"}, {"network.scale", "0.1"}}),
                    {"network.scale does not go with hard_tanh"});
    expect_mentions(refusal({{"network.layers", "5-4-3"}, {"network.activation", "relu,relu"}}),
                    {"network.activation", "1 hidden"});
    expect_mentions(refusal({{"network.layers", "5-4-1"}}), {"network.layers = 5-4-1", "linear"});
    expect_mentions(refusal({{"network.activation", "tanh"}}), {"classical", "tanh", "relu"});
    expect_mentions(refusal({{"data.format", "csv"}}), {"data.path is not set"});
    const auto normalized = [](const std::string& key, const std::string& value) {
        ConfigText settings{{"network.layers", "5-4-batchnorm-3"},
                            {"formulation.name", "fenchel"},
                            {"weights.solver", "adam"}};
        settings[key] = value;
        return refusal(settings);
    };
    EXPECT_EQ(normalized("train.batch", "7"), "");
    for (const auto& [key, value] : ConfigText{{"weights.solver", "ridge"},
                                               {"train.batch", "1"},
                                               {"grid.block", "1"},
                                               {"formulation.iterations", "2"},
                                               {"weights.average", "0.1"},
                                               {"network.scale", "0.5"}}) {
        expect_mentions(normalized(key, value), {"batchnorm does not go with", key, value});
    }
    const auto passing = [](const std::string& key, const std::string& value) {
        ConfigText settings{{"network.layers", "5-4-3"},
                            {"formulation.name", "fenchel"},
                            {"formulation.passes", "3"},
                            {"weights.solver", "adam"}};
        settings[key] = value;
        return refusal(settings);
    };
    EXPECT_EQ(passing("formulation.name", "mac"), "");
    for (const auto& [key, value] : ConfigText{{"formulation.name", "classical"},
                                               {"weights.solver", "ridge"},
                                               {"formulation.iterations", "2"},
                                               {"train.staleness", "1"}}) {
        expect_mentions(passing(key, value),
                        {"formulation.passes = 3 does not go with", key, value});
    }
    expect_mentions(passing("formulation.name", "contrastive"), {"formulation.passes", "dual"});
    expect_mentions(passing("network.layers", "5-4-batchnorm-3"),
                    {"formulation.passes", "batchnorm"});
    expect_mentions(refusal({{"formulation.name", "mac"},
                             {"weights.schedule", "plateau"},
                             {"train.evaluate_every", "2"}}),
                    {"train.evaluate_every", "plateau", "data.validation"});
    expect_mentions(refusal({{"formulation.tolerance", "0.1"}, {"formulation.passes", "1"}}),
                    {"formulation.tolerance", "formulation.passes = 1"});
    expect_mentions(refusal({{"train.probe", "true"}, {"weights.solver", "ridge"}}),
                    {"train.probe", "ridge"});
    expect_mentions(refusal({{"formulation.lambda_end", "1"},
                             {"formulation.name", "contrastive"},
                             {"formulation.contrast", "clamped"},
                             {"weights.solver", "adam"}}),
                    {"formulation.lambda_end", "clamped"});
    expect_mentions(refusal({{"formulation.name", "bregman"},
                             {"formulation.lambda_end", "1"},
                             {"weights.solver", "implicit"},
                             {"weights.curvature", "majorizer"}}),
                    {"formulation.lambda_end", "majorizer"});
    expect_mentions(refusal({{"weights.curvature", "stiff"}}), {"weights.curvature", "number"});
    expect_mentions(refusal({{"train.label_smoothing", "0.1"}, {"weights.solver", "ridge"}}),
                    {"train.label_smoothing", "ridge"});
    expect_mentions(refusal({{"train.label_smoothing", "0.1"},
                             {"weights.solver", "adam"},
                             {"network.output", "linear"}}),
                    {"train.label_smoothing", "linear"});
    expect_mentions(refusal({{"weights.solver", "adam,sgd"}, {"network.layers", "5-4-3-2"}}),
                    {"weights.solver", "2 solvers", "3 maps"});
    expect_mentions(refusal({{"weights.solver", "adam,ridge,sgd"}, {"network.layers", "5-4-3-2"}}),
                    {"weights.solver", "ridge"});
    expect_mentions(refusal({{"weights.step", "1,2"}, {"network.layers", "5-4-3-2"}}),
                    {"weights.step", "2 numbers"});
    expect_mentions(refusal({{"network.layers", "5-4-3"},
                             {"network.output", "simplex"},
                             {"formulation.lambda", "1,2,3"}}),
                    {"formulation.lambda", "3 numbers", "2"});
}

TEST(Config, bregman_passes_again_and_steps_implicitly_unless_told_otherwise) {
    using Kind = WeightSolverOptions::Kind;
    const auto chosen = [](ConfigText settings) {
        settings["network.layers"] = "5-4-3";
        const Config config = parse_config(settings);
        return std::tuple(config.solvers.front(), config.formulation.passes, config.rate.peak);
    };
    const std::pair<std::string, std::string> bregman{"formulation.name", "bregman"};
    const std::pair<std::string, std::string> adam{"weights.solver", "adam"};
    EXPECT_EQ(chosen({bregman}), std::tuple(Kind::implicit, 3, 0.5));
    EXPECT_EQ(chosen({bregman, adam}), std::tuple(Kind::adam, 3, 1e-3));
    EXPECT_EQ(chosen({bregman, {"weights.step", "2"}}), std::tuple(Kind::implicit, 3, 2.0));
    EXPECT_EQ(chosen({bregman, {"formulation.passes", "1"}}), std::tuple(Kind::implicit, 1, 0.5));
    EXPECT_EQ(chosen({bregman, {"formulation.iterations", "2"}}),
              std::tuple(Kind::implicit, 1, 0.5));
    EXPECT_EQ(std::get<1>(chosen({bregman, {"weights.solver", "ridge"}})), 1);
    EXPECT_EQ(chosen({{"formulation.name", "fenchel"}}), std::tuple(Kind::adam, 1, 1e-3));
}

TEST(Config, lambda_goes_to_its_end_in_equal_factors_and_stays_there) {
    const FormulationOptions options = parse_config({{"network.layers", "5-4-4-3"},
                                                     {"formulation.name", "fenchel"},
                                                     {"weights.solver", "adam"},
                                                     {"formulation.lambda", "100,8"},
                                                     {"formulation.lambda_end", "1,8"},
                                                     {"formulation.lambda_until", "0.5"}})
                                           .formulation;
    EXPECT_EQ(options.lambda_at(0.0), (std::vector{100.0, 8.0}));
    EXPECT_NEAR(options.lambda_at(0.25)[0], 10.0, 1e-12);
    EXPECT_NEAR(options.lambda_at(0.375)[0], std::sqrt(10.0), 1e-12);
    for (const double position : {0.5, 0.7, 1.0}) {
        EXPECT_NEAR(options.lambda_at(position)[0], 1.0, 1e-14);
        EXPECT_EQ(options.lambda_at(position)[1], 8.0);
    }
    EXPECT_TRUE(parse_config({}).formulation.constant());
}

TEST(Config, the_last_sweep_has_the_lambda_at_the_end) {
    const auto after = [](Index done, ConfigText text) {
        text.insert({{"network.layers", "5-4-3"},
                     {"formulation.lambda", "1"},
                     {"formulation.lambda_end", "16"},
                     {"formulation.lambda_until", "1"}});
        return parse_config(text).lambda_after(done).front();
    };
    const ConfigText sweeps{{"train.sweeps", "5"}};
    const std::vector<double> expected{1, 1, 2, 4, 8, 16};
    for (Index done = 0; done < std::ssize(expected); ++done) {
        EXPECT_NEAR(after(done, sweeps), expected[static_cast<std::size_t>(done)], 1e-12) << done;
    }
    EXPECT_EQ(after(0, {{"train.sweeps", "1"}}), 1.0);
    EXPECT_NEAR(after(1, {{"train.sweeps", "1"}}), 16.0, 1e-12);
    const ConfigText epochs{{"formulation.name", "fenchel"}, {"train.epochs", "4"}};
    EXPECT_NEAR(after(1, epochs), 2.0, 1e-12);
    EXPECT_NEAR(after(4, epochs), 16.0, 1e-12);
}

TEST(Config, regression_is_a_linear_output_of_width_one) {
    EXPECT_EQ(parse_config({{"network.layers", "5-1"}, {"network.output", "linear"}}).task(),
              Task::values);
    EXPECT_EQ(parse_config({{"network.layers", "5-2"}, {"network.output", "linear"}}).task(),
              Task::classes);
    EXPECT_EQ(parse_config({}).task(), Task::classes);
}

}  // namespace
}  // namespace hoist
