#include "hoist/config/familiar_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/config/config.hpp"

namespace hoist {
namespace {

TEST(FamiliarKeys, WhatPeopleAreUsedToIsAnsweredWithOurs) {
    const std::map<std::string, std::string> expected{
        {"lr", "weights.step"},
        {"--lr", "weights.step"},
        {"--learning-rate", "weights.step"},
        {"train.learning_rate", "weights.step"},
        {"Learning_Rate", "weights.step"},
        {"--epochs", "train.epochs"},
        {"--batch-size", "train.batch"},
        {"--hidden", "network.layers"},
        {"--num-layers", "network.layers"},
        {"--optimizer", "weights.solver"},
        {"--weight-decay", "weights.decay"},
        {"--momentum", "weights.momentum"},
        {"--dropout", "train.dropout"},
        {"--activation", "network.activation"},
        {"--loss", "network.output"},
        {"--seed", "train.seed"},
        {"--scheduler", "weights.schedule"},
        {"--data-dir", "data.path"},
        {"--val-split", "data.validation"},
        {"--output-dir", "--out"},
        {"--device", ""},
        {"--gpu", ""},
        {"--num-workers", ""},
    };
    for (const auto& [name, ours] : expected) {
        const auto found = familiar_key(name);
        ASSERT_TRUE(found) << name;
        EXPECT_EQ(found->ours, ours) << name;
        EXPECT_EQ(found->ours.empty() && found->remark.empty(), false) << name;
    }
    for (const char* name : {"", "--", "train.", "overwrte", "weights"}) {
        EXPECT_FALSE(familiar_key(name)) << name;
    }
}

TEST(FamiliarKeys, OursExist) {
    for (const char* name :
         {"lr",        "epochs",  "batch",      "optimizer",  "momentum", "beta2", "wd",
          "l2",        "dropout", "hidden",     "activation", "loss",     "seed",  "dtype",
          "scheduler", "warmup",  "patience",   "init",       "dataset",  "val",   "normalize",
          "smoothing", "timeout", "save_every", "lambda",     "method"}) {
        const auto found = familiar_key(name);
        ASSERT_TRUE(found) << name;
        EXPECT_NE(std::ranges::find(config_keys(), found->ours, &ConfigKey::name),
                  config_keys().end())
            << name;
    }
}

TEST(FamiliarKeys, TheMessageSaysHowItIsGivenOrWhyThereIsNone) {
    const auto message = [](const std::string& key) -> std::string {
        try {
            parse_config({{key, "1"}});
        } catch (const UsageError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_EQ(message("train.lr"),
              "train.lr is not a configuration key; did you mean weights.step?");
    EXPECT_EQ(message("network.hidden"),
              "network.hidden is not a configuration key; did you mean network.layers? (all widths "
              "with - between "
              "them, as in 784-300-100-10)");
    EXPECT_EQ(message("train.output_dir"),
              "train.output_dir is not a configuration key; did you mean the option --out?");
    EXPECT_EQ(message("train.gpu"),
              "train.gpu is not a configuration key (hoist computes on the cores of processors); "
              "leave it out");
}

}  // namespace
}  // namespace hoist
