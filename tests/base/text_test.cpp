#include "hoist/base/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace hoist {
namespace {

using Words = std::vector<std::string>;

TEST(Split, cuts_at_every_separator_and_trims_the_pieces) {
    EXPECT_EQ(split("a,b", ','), (Words{"a", "b"}));
    EXPECT_EQ(split("  a , b c\t,d\n", ','), (Words{"a", "b c", "d"}));
    EXPECT_EQ(split("784-300-10", '-'), (Words{"784", "300", "10"}));
    EXPECT_EQ(split("alone", ','), (Words{"alone"}));
}

TEST(Split, keeps_empty_pieces_and_gives_none_for_empty_text) {
    EXPECT_EQ(split("a,,b", ','), (Words{"a", "", "b"}));
    EXPECT_EQ(split("a,", ','), (Words{"a", ""}));
    EXPECT_EQ(split(",", ','), (Words{"", ""}));
    EXPECT_TRUE(split("", ',').empty());
    EXPECT_TRUE(split(" \t", ',').empty());
}

TEST(Trim, removes_white_space_at_both_ends_only) {
    EXPECT_EQ(trim(" \t a b\r\n"), "a b");
    EXPECT_EQ(trim("a"), "a");
    EXPECT_EQ(trim(" \n "), "");
    EXPECT_EQ(trim(""), "");
}

TEST(ToNumber, reads_the_whole_text_or_nothing) {
    EXPECT_EQ(to_number("1.5"), 1.5);
    EXPECT_EQ(to_number(" -2e-3 "), -2e-3);
    EXPECT_EQ(to_number("+4"), 4);
    EXPECT_EQ(to_number(".5"), 0.5);
    EXPECT_EQ(to_number("inf"), std::numeric_limits<double>::infinity());
    EXPECT_EQ(to_number("1e999"), std::numeric_limits<double>::infinity());
    EXPECT_EQ(to_number("-1e-400"), 0.0);
    EXPECT_EQ(to_number("5e-324"), std::numeric_limits<double>::denorm_min());
    EXPECT_TRUE(std::isnan(*to_number("nan")));
    for (const char* text :
         {"", " ", "+", "-", "+-1", "++1", "1.5x", "1 2", "x", "1,5", "0x10", "1e"}) {
        EXPECT_EQ(to_number(text), std::nullopt) << text;
    }
}

TEST(ToWholeNumber, reads_the_whole_text_or_nothing) {
    EXPECT_EQ(to_whole_number("42"), 42);
    EXPECT_EQ(to_whole_number(" +7 "), 7);
    EXPECT_EQ(to_whole_number("-3"), -3);
    EXPECT_EQ(to_whole_number("9223372036854775807"), std::numeric_limits<Index>::max());
    for (const char* text : {"", "1.0", "1e3", "9223372036854775808", "12a", "+-3", "inf"}) {
        EXPECT_EQ(to_whole_number(text), std::nullopt) << text;
    }
}

TEST(ToText, is_the_shortest_text_that_reads_back_exactly) {
    EXPECT_EQ(to_text(0.1), "0.1");
    EXPECT_EQ(to_text(2), "2");
    EXPECT_EQ(to_text(-1.5), "-1.5");
    std::mt19937_64 engine(1);
    for (int i = 0; i < 1000; ++i) {
        const double value =
            std::ldexp(static_cast<double>(engine()), static_cast<int>(engine() % 1500) - 800);
        EXPECT_EQ(to_number(to_text(value)), value);
        EXPECT_EQ(to_number(to_text(-value)), -value);
    }
    for (double value :
         {std::numeric_limits<double>::denorm_min(), -std::numeric_limits<double>::max(),
          std::numeric_limits<double>::infinity()}) {
        EXPECT_EQ(to_number(to_text(value)), value);
    }
}

TEST(Join, puts_the_separator_between_the_pieces) {
    EXPECT_EQ(join(Words{"a", "b", "c"}, ", "), "a, b, c");
    EXPECT_EQ(join(Words{"a"}, ", "), "a");
    EXPECT_EQ(join(Words{"", ""}, ","), ",");
    EXPECT_EQ(join(Words{}, ", "), "");
}

TEST(Nearest, finds_the_word_that_was_meant) {
    const Words words{"relu", "leaky_relu", "sigmoid", "tanh"};
    EXPECT_EQ(nearest("rleu", words), "relu");
    EXPECT_EQ(nearest("tan", words), "tanh");
    EXPECT_EQ(nearest("leakyrelu", words), "leaky_relu");
    EXPECT_EQ(nearest("sigmiod", words), "sigmoid");
    EXPECT_EQ(nearest("tanh", words), "tanh");
}

TEST(Nearest, finds_nothing_where_no_word_is_like_it) {
    const Words words{"relu", "tanh", "id", "x"};
    EXPECT_EQ(nearest("something", words), std::nullopt);
    EXPECT_EQ(nearest("relu", Words{}), std::nullopt);
    EXPECT_EQ(nearest("", words), std::nullopt);
    EXPECT_EQ(nearest("ab", words), std::nullopt);
}

// Comparing letter by letter would take 10^12 steps.
TEST(Nearest, finds_nothing_at_once_for_a_million_letters) {
    const std::string vast(1000000, 'x');
    EXPECT_EQ(nearest(vast, Words{vast, "x"}), std::nullopt);
    EXPECT_EQ(nearest("relu", Words{vast, "rleu"}), "rleu");
}

}  // namespace
}  // namespace hoist
