#include "hoist/base/error.hpp"

#include <gtest/gtest.h>

namespace hoist {
namespace {

TEST(Error, reads_problem_why_and_advice_and_leaves_out_what_is_empty) {
    EXPECT_STREQ(UsageError("it broke", "it was dropped", "buy a new one").what(),
                 "it broke (it was dropped); buy a new one");
    EXPECT_STREQ(UsageError("it broke", "", "buy a new one").what(), "it broke; buy a new one");
    EXPECT_STREQ(UsageError("it broke", "it was dropped", "").what(), "it broke (it was dropped)");
    EXPECT_STREQ(UsageError("it broke").what(), "it broke");
}

template <typename Kind>
int status_of() {
    try {
        throw Kind("message");
    } catch (const Error& error) {
        return static_cast<int>(error.status());
    }
}

TEST(Error, knows_the_exit_status_of_its_kind) {
    EXPECT_EQ(status_of<UsageError>(), 64);
    EXPECT_EQ(status_of<DataError>(), 65);
    EXPECT_EQ(status_of<MissingError>(), 66);
    EXPECT_EQ(status_of<Defect>(), 70);
    EXPECT_EQ(status_of<SystemError>(), 71);
    EXPECT_EQ(status_of<OutputError>(), 73);
    EXPECT_EQ(status_of<Interrupted>(), 75);
    EXPECT_EQ(status_of<NumericalError>(), 76);
}

TEST(Error, of_one_kind_is_not_caught_as_another) {
    EXPECT_THROW(
        try { throw DataError("bad"); } catch (const UsageError&){}, DataError);
}

TEST(Require, throws_a_defect_that_names_the_precondition_only_where_it_fails) {
    EXPECT_NO_THROW(require(true, "never seen"));
    try {
        require(false, "the size is positive");
        FAIL();
    } catch (const Defect& defect) {
        EXPECT_STREQ(defect.what(), "a precondition does not hold: the size is positive");
    }
}

}  // namespace
}  // namespace hoist
