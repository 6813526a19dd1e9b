#include "hoist/comm/activity.hpp"

#include <gtest/gtest.h>

#include <array>

#include "hoist/comm/communicator.hpp"

namespace hoist {
namespace {

TEST(Activity, says_what_a_rank_waits_for) {
    begin_activity("sweep", 4);
    {
        const WaitMark mark(WaitMark::For::message, {"block", 3, "receive from below"}, 1);
        EXPECT_EQ(describe_activity(),
                  "waits for block 3 from rank 1 (receive from below) in sweep 4");
    }
    {
        const WaitMark mark(WaitMark::For::receiver, {"block", 3, "send above"}, 2);
        EXPECT_EQ(describe_activity(), "waits for rank 2 to take block 3 (send above) in sweep 4");
    }
    {
        const WaitMark mark(WaitMark::For::message, {}, 0);
        EXPECT_EQ(describe_activity(), "waits for a message from rank 0 in sweep 4");
    }
    {
        const WaitMark mark("a sum", 6);
        EXPECT_EQ(describe_activity(), "waits for the others in a sum of 6 ranks in sweep 4");
    }
    begin_activity("the reading of the data");
    EXPECT_EQ(describe_activity(),
              "computes or uses a file, and waits for no rank, in the reading of the data");
}

TEST(Activity, messages_and_sums_are_steps_forward) {
    const Communicator world = Communicator::world();
    auto counts_after = [before = progress_marks()]() mutable {
        const auto marks = progress_marks() - before;
        before = progress_marks();
        return marks;
    };
    EXPECT_EQ(counts_after(), 0U);
    world.barrier();
    EXPECT_EQ(counts_after(), 2U);
    world.max(1.0);
    EXPECT_EQ(counts_after(), 2U);
    std::array<double, 1> sent{1.0};
    std::array<double, 1> received{};
    Request receiving = world.receive(std::span<double>(received), world.rank(), 5);
    Request sending = world.send(std::span<const double>(sent), world.rank(), 5);
    EXPECT_EQ(counts_after(), 0U);
    receiving.wait();
    sending.wait();
    EXPECT_EQ(counts_after(), 4U);
    sending.wait();
    EXPECT_EQ(counts_after(), 0U);
}

}  // namespace
}  // namespace hoist
