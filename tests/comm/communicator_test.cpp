#include "hoist/comm/communicator.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/comm/agree.hpp"

namespace hoist {
namespace {

TEST(Communicator, passes_a_message_around_the_ring) {
    const Communicator world = Communicator::world();
    const int next = (world.rank() + 1) % world.size();
    const int previous = (world.rank() + world.size() - 1) % world.size();
    std::vector<float> sent(1000, static_cast<float>(world.rank()));
    std::vector<float> received(1000, -1.0F);
    Request receiving = world.receive(std::span(received), previous, 7);
    Request sending = world.send(std::span<const float>(sent), next, 7);
    receiving.wait();
    sending.wait();
    EXPECT_EQ(received, std::vector<float>(1000, static_cast<float>(previous)));
    EXPECT_EQ(world.bytes_sent(), 4000);
}

TEST(Communicator, messages_of_one_tag_arrive_in_the_order_they_were_sent) {
    const Communicator world = Communicator::world();
    const int next = (world.rank() + 1) % world.size();
    const int previous = (world.rank() + world.size() - 1) % world.size();
    const std::vector<double> sent{1, 2, 3};
    std::vector<double> received(3);
    std::vector<Request> requests;
    for (std::size_t i = 0; i < 3; ++i) {
        requests.push_back(world.receive(std::span(&received[i], 1), previous, 0));
    }
    for (std::size_t i = 0; i < 3; ++i) {
        requests.push_back(world.send(std::span<const double>(&sent[i], 1), next, 0));
    }
    requests.clear();
    EXPECT_EQ(received, sent);
}

TEST(Communicator, sums_and_extremes_are_over_all_ranks) {
    const Communicator world = Communicator::world();
    const double n = world.size();
    std::vector<double> values{1.0, static_cast<double>(world.rank())};
    world.sum(std::span(values));
    EXPECT_EQ(values, (std::vector<double>{n, n * (n - 1) / 2}));
    EXPECT_EQ(world.max(world.rank()), n - 1);
    EXPECT_EQ(world.min(world.rank()), 0);
}

TEST(Communicator, each_rank_sums_and_tells_its_part_of_values_that_are_shared_in_units) {
    const Communicator world = Communicator::world();
    const auto size = static_cast<std::size_t>(world.size());
    for (const std::size_t units : {std::size_t{1}, size, 2 * size + 1}) {
        constexpr std::size_t unit = 3;
        std::vector<double> values(units * unit);
        std::iota(values.begin(), values.end(), 1.0);
        const std::vector<double> own = values;
        const Range part = world.part(static_cast<Index>(units));
        const std::int64_t before = world.bytes_sent();
        world.sum_part(std::span(values), unit);
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto of = static_cast<Index>(i / unit);
            const bool mine = of >= part.begin && of < part.end;
            EXPECT_EQ(values[i], (mine ? static_cast<double>(size) : 1.0) * own[i]);
        }
        world.gather_parts(std::span(values), unit);
        std::vector<double> whole = own;
        world.sum(std::span(whole));
        EXPECT_EQ(values, whole);
        EXPECT_EQ(world.bytes_sent() - before,
                  size == 1 ? 0 : static_cast<std::int64_t>(2 * units * unit * sizeof(double)));
    }
}

TEST(Communicator, a_process_alone_keeps_what_it_has) {
    const Communicator alone = Communicator::alone().split(3);
    EXPECT_EQ(alone.rank(), 0);
    EXPECT_EQ(alone.size(), 1);
    EXPECT_EQ(alone.ranks_on_node(), 1);
    std::vector<double> values{1.0, 2.0};
    alone.sum(std::span(values));
    alone.sum_part(std::span(values), 1);
    alone.gather_parts(std::span(values), 1);
    EXPECT_EQ(alone.part(5), (Range{0, 5}));
    alone.broadcast(std::span(values), 0);
    alone.barrier();
    EXPECT_EQ(values, (std::vector<double>{1.0, 2.0}));
    EXPECT_EQ(alone.max(5.0) + alone.min(7.0), 12.0);
    EXPECT_EQ(alone.broadcast("text", 0), "text");
    EXPECT_EQ(alone.gather_all(4.0), std::vector<double>{4.0});
    EXPECT_THROW(agree(alone, [] { throw DataError("bad data"); }), Error);
    EXPECT_EQ(alone.bytes_sent(), 0);
}

TEST(Communicator, broadcasts_text_of_any_length) {
    const Communicator world = Communicator::world();
    const int root = world.size() - 1;
    const std::string text(12345, 'x');
    EXPECT_EQ(world.broadcast(world.rank() == root ? text : "other", root), text);
    EXPECT_EQ(world.broadcast(std::string(), root), "");
}

TEST(Communicator, splits_by_color) {
    const Communicator world = Communicator::world();
    const Communicator half = world.split(world.rank() % 2);
    EXPECT_EQ(half.size(), (world.size() + 1 - world.rank() % 2) / 2);
    EXPECT_EQ(half.rank(), world.rank() / 2);
}

TEST(Agree, returns_where_all_succeed) {
    const Communicator world = Communicator::world();
    int calls = 0;
    agree(world, [&] { ++calls; });
    EXPECT_EQ(calls, 1);
}

TEST(Agree, throws_the_error_of_the_lowest_failing_rank_on_every_rank) {
    const Communicator world = Communicator::world();
    const int first = world.size() / 2;
    try {
        agree(world, [&] {
            if (world.rank() >= first) {
                throw DataError("bad file of rank " + std::to_string(world.rank()));
            }
        });
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.what(), "bad file of rank " + std::to_string(first));
        EXPECT_EQ(error.status(), ExitStatus::data);
    }
}

TEST(Agree, texts_that_differ_are_refused_on_every_rank) {
    const Communicator world = Communicator::world();
    EXPECT_NO_THROW(require_equal(world, "same", "texts differ"));
    if (world.size() > 1) {
        EXPECT_THROW(require_equal(world, std::to_string(world.rank()), "texts differ"), Error);
    }
}

}  // namespace
}  // namespace hoist
