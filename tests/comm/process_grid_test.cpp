#include "hoist/comm/process_grid.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace hoist {
namespace {

const std::vector<std::vector<int>> grids{{1},       {7},          {1, 1}, {3, 1},
                                          {1, 2, 4}, {2, 3, 1, 1}, {5, 5}};

TEST(ProcessGrid, every_rank_has_one_place) {
    for (const auto& shards : grids) {
        const ProcessGrid grid(shards);
        std::set<std::pair<int, int>> places;
        for (int rank = 0; rank < grid.ranks(); ++rank) {
            EXPECT_EQ(grid.rank_of(grid.stage_of(rank), grid.shard_of(rank)), rank);
            EXPECT_LT(grid.shard_of(rank), grid.shards(grid.stage_of(rank)));
            places.emplace(grid.stage_of(rank), grid.shard_of(rank));
        }
        EXPECT_EQ(static_cast<int>(places.size()), grid.ranks());
    }
}

TEST(ProcessGrid, every_block_has_one_owner_in_each_stage_also_with_fewer_blocks_than_shards) {
    for (const auto& shards : grids) {
        const ProcessGrid grid(shards);
        for (const Index blocks : {1, 2, 3, 5, 64, 97}) {
            std::vector<int> owners(static_cast<std::size_t>(grid.stages() * blocks), 0);
            for (int rank = 0; rank < grid.ranks(); ++rank) {
                const Range own = grid.owned(rank, blocks);
                for (Index block = own.begin; block < own.end; ++block) {
                    EXPECT_EQ(grid.owner(grid.stage_of(rank), block, blocks), rank);
                    ++owners[static_cast<std::size_t>(grid.stage_of(rank) * blocks + block)];
                }
            }
            EXPECT_TRUE(std::ranges::all_of(owners, [](int n) { return n == 1; }));
        }
    }
}

TEST(ProcessGrid, shares_differ_by_at_most_one_block) {
    const ProcessGrid grid({3, 5});
    for (int stage = 0; stage < 2; ++stage) {
        for (int shard = 0; shard < grid.shards(stage); ++shard) {
            const Index share = grid.owned(grid.rank_of(stage, shard), 64).size();
            EXPECT_NEAR(static_cast<double>(share), 64.0 / grid.shards(stage), 1.0);
        }
    }
}

TEST(ProcessGrid, a_stage_treats_its_blocks_so_that_all_shards_of_its_neighbor_start_at_once) {
    const ProcessGrid grid({4, 1});
    const std::vector<Index> order = grid.order(grid.rank_of(1, 0), 64);
    ASSERT_EQ(order.size(), 64U);
    std::set<int> first_fed;
    for (std::size_t i = 0; i < 4; ++i) {
        first_fed.insert(grid.owner(0, order[i], 64));
    }
    EXPECT_EQ(first_fed.size(), 4U);
}

}  // namespace
}  // namespace hoist
