#include "hoist/run/median_rule.hpp"

#include <gtest/gtest.h>

namespace hoist {
namespace {

const std::vector<std::vector<double>> five{
    {9, 8, 7, 6}, {9, 6, 6, 6}, {9, 5, 5, 4}, {9, 4, 4, 3}, {9, 3, 3, 2}};

TEST(MedianRule, stops_what_is_worse_than_the_median_at_the_same_point) {
    EXPECT_TRUE(is_hopeless({9, 5.1}, five, 4));
    EXPECT_FALSE(is_hopeless({9, 5.0}, five, 4));
    EXPECT_FALSE(is_hopeless({9, 4.9, 4.9}, five, 4));
    EXPECT_TRUE(is_hopeless({9, 8, 7}, five, 4));
}

TEST(MedianRule, judges_the_best_so_far_not_the_last) {
    EXPECT_FALSE(is_hopeless({4, 8}, five, 4));
    const std::vector<std::vector<double>> rising(5, {1, 9});
    EXPECT_TRUE(is_hopeless({2, 2}, rising, 4));
}

TEST(MedianRule, leaves_the_first_half_of_a_run_and_its_end_alone) {
    EXPECT_FALSE(is_hopeless({99}, five, 4));
    EXPECT_FALSE(is_hopeless({99, 99, 99, 99}, five, 4));
    EXPECT_FALSE(is_hopeless({}, five, 0));
    EXPECT_FALSE(is_hopeless({99, 99}, five, 5));
    EXPECT_TRUE(is_hopeless({99, 99, 99}, five, 5));
}

TEST(MedianRule, needs_five_others_that_went_as_far) {
    EXPECT_FALSE(is_hopeless({99, 99}, {five.begin(), five.begin() + 4}, 4));
    std::vector<std::vector<double>> others = five;
    others[0].resize(2);
    EXPECT_TRUE(is_hopeless({99, 99}, others, 4));
    EXPECT_FALSE(is_hopeless({99, 99, 99}, others, 4));
}

}  // namespace
}  // namespace hoist
