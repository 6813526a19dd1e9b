#include "../../src/plan/timeline.hpp"

#include <gtest/gtest.h>

namespace hoist {
namespace {

// A second of work is an operation, and a second on the way a byte.
constexpr MachineRates cluster{1.0, 1.0, 1.0, 0.0};

constexpr Work seconds(double count) { return {count}; }

TEST(Timeline, of_a_pipeline_is_its_blocks_and_the_stages_before) {
    // K blocks of 3 s through S stages, messages of no length: S - 1 + K steps.
    constexpr int stages = 5;
    constexpr Index blocks = 7;
    Timeline timeline(stages + 1, stages * blocks, cluster);  // one looks on
    const auto pass = [&](int stage) -> Timeline::Script {
        for (Index block = 0; block < blocks; ++block) {
            if (stage > 0) {
                co_await timeline.wait(stage, (stage - 1) * blocks + block, 0.0);
            }
            co_await timeline.work(stage, seconds(3.0));
            timeline.send(stage, stage + 1, stage * blocks + block, 0.0);
        }
    };
    std::vector<Timeline::Script> scripts;
    for (int stage = 0; stage < stages; ++stage) {
        scripts.push_back(pass(stage));
    }
    const auto look_on = []() -> Timeline::Script { co_return; };
    scripts.push_back(look_on());
    const std::vector<Timeline::Times> times = timeline.run(std::move(scripts));
    for (int stage = 0; stage < stages; ++stage) {
        EXPECT_DOUBLE_EQ(times[static_cast<std::size_t>(stage)].end, 3.0 * (stage + blocks));
        EXPECT_DOUBLE_EQ(times[static_cast<std::size_t>(stage)].compute, 3.0 * blocks);
    }
}

std::vector<Timeline::Times> play_two(Timeline& timeline, Timeline::Script first,
                                      Timeline::Script second) {
    std::vector<Timeline::Script> scripts;
    scripts.push_back(std::move(first));
    scripts.push_back(std::move(second));
    return timeline.run(std::move(scripts));
}

TEST(Timeline, messages_of_a_rank_leave_one_after_the_other_and_take_a_latency) {
    Timeline timeline(2, 2, {1.0, 1.0, 2.0, 0.5});
    const auto sender = [&]() -> Timeline::Script {
        timeline.send(0, 1, 0, 8.0);
        timeline.send(0, 1, 1, 8.0);
        co_await timeline.work(0, seconds(1.0));
    };
    const auto receiver = [&]() -> Timeline::Script {
        co_await timeline.wait(1, 0, 8.0);
        co_await timeline.work(1, seconds(1.0));
        co_await timeline.wait(1, 1, 8.0);
    };
    const auto times = play_two(timeline, sender(), receiver());
    EXPECT_DOUBLE_EQ(times[0].end, 1.0);  // went on at once
    EXPECT_DOUBLE_EQ(times[1].end, 8.0 / 2.0 + 8.0 / 2.0 + 0.5);
    EXPECT_DOUBLE_EQ(times[1].exchange, 0.0);
}

TEST(Timeline, messages_for_a_rank_come_in_one_after_the_other) {
    Timeline timeline(3, 2, {1.0, 1.0, 2.0, 0.0});
    const auto send = [&](int rank) -> Timeline::Script {
        timeline.send(rank, 0, rank - 1, 8.0);
        co_return;
    };
    const auto receive = [&]() -> Timeline::Script {
        co_await timeline.wait(0, 0, 8.0);
        co_await timeline.wait(0, 1, 8.0);
    };
    std::vector<Timeline::Script> scripts;
    scripts.push_back(receive());
    scripts.push_back(send(1));
    scripts.push_back(send(2));
    EXPECT_DOUBLE_EQ(timeline.run(std::move(scripts))[0].end, 2.0 * 8.0 / 2.0);
}

TEST(Timeline, where_ranks_share_memory_a_message_is_copied_by_its_receiver) {
    Timeline timeline(2, 1, {1.0, 4.0, 0.0, 0.25});
    const auto sender = [&]() -> Timeline::Script {
        timeline.send(0, 1, 0, 8.0);
        co_return;
    };
    const auto receiver = [&]() -> Timeline::Script { co_await timeline.wait(1, 0, 8.0); };
    const auto times = play_two(timeline, sender(), receiver());
    EXPECT_DOUBLE_EQ(times[0].end, 0.0);
    EXPECT_DOUBLE_EQ(times[1].exchange, 2.0);
    EXPECT_DOUBLE_EQ(times[1].end, 2.25);
}

TEST(Timeline, knows_at_any_moment_of_a_rank_what_has_arrived) {
    Timeline timeline(2, 1, cluster);
    const auto sender = [&]() -> Timeline::Script {
        co_await timeline.work(0, seconds(5.0));
        timeline.send(0, 1, 0, 0.0);
    };
    int pieces = 0;
    const auto receiver = [&]() -> Timeline::Script {
        while (!timeline.has_arrived(1, 0)) {
            co_await timeline.work(1, seconds(2.0));
            ++pieces;
        }
        co_await timeline.wait(1, 0, 0.0);
    };
    const auto times = play_two(timeline, sender(), receiver());
    EXPECT_EQ(pieces, 3);  // at 0, 2 and 4 it has not
    EXPECT_DOUBLE_EQ(times[1].end, 6.0);
}

TEST(Timeline, a_sum_begins_with_its_last_rank_and_passes_each_part_twice_round_the_ring) {
    Timeline timeline(4, 0, {1.0, 1.0, 3.0, 0.125});
    const auto idle = [&]() -> Timeline::Script { co_return; };
    const auto take_part = [&](int rank) -> Timeline::Script {
        for (int round = 0; round < 2; ++round) {
            co_await timeline.work(rank, seconds(rank == 2 ? 4.0 : 1.0));
            co_await timeline.sum(rank, 1, 3, 9.0);
        }
    };
    std::vector<Timeline::Script> scripts;
    scripts.push_back(idle());
    for (int rank = 1; rank < 4; ++rank) {
        scripts.push_back(take_part(rank));
    }
    const std::vector<Timeline::Times> times = timeline.run(std::move(scripts));
    const double summing = 2.0 * 2.0 * (9.0 / 3.0 / 3.0 + 0.125);
    EXPECT_DOUBLE_EQ(times[0].end, 0.0);
    for (std::size_t rank = 1; rank < 4; ++rank) {
        EXPECT_DOUBLE_EQ(times[rank].end, 2.0 * (4.0 + summing));
        EXPECT_DOUBLE_EQ(times[rank].exchange, 2.0 * summing);
    }
}

}  // namespace
}  // namespace hoist
