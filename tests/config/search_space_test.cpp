#include "hoist/config/search_space.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "hoist/base/text.hpp"
#include "support/messages.hpp"

namespace hoist {
namespace {

std::string refusal(const std::string& range, const std::string& key = "weights.step") {
    return message_of<UsageError>([&] { SearchSpace(ConfigText{{"tune." + key, range}}); });
}

TEST(SearchSpace, spaces_values_evenly_on_the_scale_that_is_asked_for) {
    const SearchRange linear = parse_search_range("train.dropout", "0 0.5");
    EXPECT_EQ(linear.value(0.0), "0");
    EXPECT_EQ(linear.value(0.5), "0.25");
    EXPECT_EQ(linear.value(1.0), "0.5");
    const SearchRange log = parse_search_range("weights.step", "1e-4 1e-2 log");
    EXPECT_EQ(log.value(0.0), "1e-04");
    EXPECT_EQ(to_number(log.value(0.5)), 1e-3);
    EXPECT_EQ(to_number(log.value(1.0)), 1e-2);
}

TEST(SearchSpace, gives_whole_numbers_where_they_are_asked_for) {
    const SearchRange range = parse_search_range("train.batch", "50 500 log integer");
    EXPECT_EQ(range.value(0.0), "50");
    EXPECT_EQ(range.value(0.5), "158");  // sqrt(50 * 500) = 158.1
    EXPECT_EQ(range.value(1.0), "500");
    for (const double position : {0.1, 0.3, 0.77}) {
        EXPECT_TRUE(to_whole_number(range.value(position)));
    }
    EXPECT_EQ(parse_search_range("train.batch", "0 4000000 integer").value(1.0), "4000000");
}

TEST(SearchSpace, writes_four_digits_and_never_leaves_the_range) {
    const SearchRange range = parse_search_range("formulation.lambda", "0.123456 9.87654 log");
    EXPECT_EQ(to_number(range.value(0.0)), 0.1235);
    EXPECT_EQ(to_number(range.value(1.0)), 9.87654);
    for (double position = 0.0; position <= 1.0; position += 0.01) {
        const double value = *to_number(range.value(position));
        EXPECT_NEAR(range.position(value), position, 1e-3);
        EXPECT_GE(value, 0.123456);
        EXPECT_LE(value, 9.87654);
    }
}

TEST(SearchSpace, returns_to_the_same_values_from_their_point) {
    const SearchSpace space(ConfigText{{"tune.weights.step", "1e-4 1e-2 log"},
                                       {"tune.train.batch", "50 500 log integer"},
                                       {"tune.formulation.lambda", "0.1 100"}});
    ASSERT_EQ(space.dimensions(), 3);
    for (const double at : {0.0, 0.123, 0.5, 0.987, 1.0}) {
        const auto values = space.values(Vector<double>{{at, 1.0 - at, at * at}});
        EXPECT_EQ(space.values(space.point(values)), values);
    }
}

TEST(SearchSpace, puts_its_values_into_the_configuration_and_takes_the_ranges_out) {
    const SearchSpace space(ConfigText{{"weights.step", "0.5"},
                                       {"train.epochs", "3"},
                                       {"formulation.name", "fenchel"},
                                       {"tune.weights.step", "1e-4 1e-2 log"}});
    EXPECT_EQ(space.settings({"0.002"}), (ConfigText{{"weights.step", "0.002"},
                                                     {"train.epochs", "3"},
                                                     {"formulation.name", "fenchel"}}));
}

TEST(SearchSpace, refuses_malformed_ranges_with_the_reason) {
    EXPECT_NE(refusal("1e-2 1e-4").find("not below"), std::string::npos);
    EXPECT_NE(refusal("1e-2 1e-2").find("not below"), std::string::npos);
    EXPECT_NE(refusal("0 1 log").find("above 0"), std::string::npos);
    EXPECT_NE(refusal("-1 1 log").find("above 0"), std::string::npos);
    EXPECT_NE(refusal("0.5").find("two numbers"), std::string::npos);
    EXPECT_NE(refusal("").find("two numbers"), std::string::npos);
    EXPECT_NE(refusal("low high").find("two numbers"), std::string::npos);
    EXPECT_NE(refusal("0 inf").find("two numbers"), std::string::npos);
    EXPECT_NE(refusal("0 1 lg").find("lg is unknown"), std::string::npos);
    EXPECT_NE(refusal("0.5 3 integer", "train.batch").find("not whole"), std::string::npos);
    EXPECT_NE(message_of<UsageError>([] { SearchSpace(ConfigText{}); }).find("[tune]"),
              std::string::npos);
}

TEST(SearchSpace, refuses_values_that_the_configuration_does_not_take) {
    EXPECT_NE(refusal("0 2", "train.dropout").find("train.dropout = 2"), std::string::npos);
    EXPECT_NE(refusal("-1 2", "weights.decay").find("weights.decay = -1"), std::string::npos);
    EXPECT_NE(refusal("50 500", "train.batch").find("add integer"), std::string::npos);
}

TEST(SearchSpace, is_of_keys_that_are_numbers_and_may_differ_between_trials) {
    const auto refused = [](const std::string& key) {
        return message_of<UsageError>([&] { parse_config({{"tune." + key, "1 4 integer"}}); });
    };
    expect_mentions(refused("weights.stp"), {"did you mean tune.weights.step?"});
    for (const std::string key : {"train.seed", "network.layers", "data.validation"}) {
        expect_mentions(refused(key), {"tune." + key + " ", "no number that trials may choose"});
    }
}

TEST(SearchSpace, is_carried_in_a_configuration_that_ignores_it) {
    const ConfigText text{{"tune.weights.step", "1e-4 1e-2 log"}, {"weights.step", "0.5"}};
    EXPECT_EQ(parse_config(text).rate.peak, 0.5);
    const ConfigText again = read_resolved_ini(resolved_ini(text));
    EXPECT_EQ(again.at("tune.weights.step"), "1e-4 1e-2 log");
    EXPECT_EQ(resolved_ini(again), resolved_ini(text));
    EXPECT_EQ(resolved_ini({}).find("tune"), std::string::npos);
}

}  // namespace
}  // namespace hoist
