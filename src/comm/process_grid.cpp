#include "hoist/comm/process_grid.hpp"

#include <algorithm>
#include <utility>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

// The first block with floor(block * shards / blocks) = shard.
Index first_block(Index shard, Index shards, Index blocks) {
    return (shard * blocks + shards - 1) / shards;
}

}  // namespace

ProcessGrid::ProcessGrid(std::vector<int> shards) : shards_(std::move(shards)) {
    require(!shards_.empty(), "a grid has a stage");
    first_rank_.push_back(0);
    for (const int count : shards_) {
        require(count >= 1, "a stage has a shard");
        first_rank_.push_back(first_rank_.back() + count);
    }
}

int ProcessGrid::stage_of(int rank) const {
    const auto next = std::ranges::upper_bound(first_rank_, rank);
    return static_cast<int>(next - first_rank_.begin()) - 1;
}

int ProcessGrid::owner(int stage, Index block, Index blocks) const {
    return rank_of(stage, static_cast<int>(block * shards(stage) / blocks));
}

Range ProcessGrid::owned(int rank, Index blocks) const {
    const Index count = shards(stage_of(rank));
    const Index shard = shard_of(rank);
    return {first_block(shard, count, blocks), first_block(shard + 1, count, blocks)};
}

Index ProcessGrid::turn(Index block, Index blocks) const {
    const Index most = *std::ranges::max_element(shards_);
    return block - first_block(block * most / blocks, most, blocks);
}

std::vector<Index> ProcessGrid::order(int rank, Index blocks) const {
    const Range own = owned(rank, blocks);
    std::vector<std::pair<Index, Index>> keyed;
    for (Index block = own.begin; block < own.end; ++block) {
        keyed.emplace_back(turn(block, blocks), block);
    }
    std::ranges::sort(keyed);
    std::vector<Index> ordered;
    for (const auto& [position, block] : keyed) {
        ordered.push_back(block);
    }
    return ordered;
}

}  // namespace hoist
