#pragma once

#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// Who owns what: ranks in stages, each with its own number of shards, numbered stage after stage.
/// Of `blocks` column blocks, shard j of a stage with S shards owns those with floor(block * S /
/// blocks) = j: a contiguous range, empty for some when there are more shards than blocks.
class ProcessGrid {
  public:
    /// @param shards shards of each stage. @pre at least one stage, every number at least 1.
    explicit ProcessGrid(std::vector<int> shards);

    int stages() const { return static_cast<int>(shards_.size()); }
    int shards(int stage) const { return shards_[static_cast<std::size_t>(stage)]; }
    int ranks() const { return first_rank_.back(); }

    int stage_of(int rank) const;
    int shard_of(int rank) const {
        return rank - first_rank_[static_cast<std::size_t>(stage_of(rank))];
    }
    int rank_of(int stage, int shard) const {
        return first_rank_[static_cast<std::size_t>(stage)] + shard;
    }

    /// The rank that owns `block` of `blocks` in `stage`.
    int owner(int stage, Index block, Index blocks) const;
    /// The blocks that a rank owns.
    Range owned(int rank, Index blocks) const;
    /// Which of its shard's blocks `block` is in the most divided stage, from 0.
    Index turn(Index block, Index blocks) const;
    /// The owned blocks in the order to treat them: round-robin over the shards of the most divided
    /// stage, so that every shard of a neighboring stage is fed from the start.
    std::vector<Index> order(int rank, Index blocks) const;

  private:
    std::vector<int> shards_;
    std::vector<int> first_rank_;
};

}  // namespace hoist
