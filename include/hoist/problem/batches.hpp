#pragma once

#include <span>
#include <vector>

#include "hoist/config/config.hpp"
#include "hoist/model/column_blocks.hpp"

namespace hoist {

/// The mini-batches of an epoch. The samples are cut into K fixed ranges, K independent of the
/// grid; column block k of every batch is drawn from range k, without replacement and in an order
/// that depends on (seed, epoch, k) alone. So no sample ever moves to another rank, every grid
/// sees the same batches, and each epoch treats every sample once.
class Batches {
  public:
    /// @param ranges the K ranges. @param batch samples per batch; 0: all of them. The batches of an
    /// epoch differ in size by at most K.
    Batches(const ColumnBlocks& ranges, Index batch, std::uint64_t seed);

    /// Batches per epoch.
    Index count() const { return count_; }
    /// Columns of block `block` of a batch, and of all blocks.
    Index columns(Index batch, Index block) const { return part(batch, block).size(); }
    Index columns(Index batch) const;
    /// The largest number of columns that block `block` has in any batch, and that any batch has.
    Index most_columns(Index block) const;
    Index most_columns() const;
    /// The largest number of columns that any block has in any batch.
    Index widest_block() const;
    /// The columns that the blocks `own` need room for together.
    Index most_columns(Range own) const;
    /// Where the columns of the blocks `own` of a batch lie, one block after another.
    std::vector<Range> own_columns(Index batch, Range own) const;

    /// Draws the order of the ranges `own` for an epoch.
    void shuffle(Index epoch, Range own);
    /// The samples of a block, numbered over the whole data. @pre shuffled for this epoch.
    std::span<const Index> samples(Index batch, Index block) const;

  private:
    Range part(Index batch, Index block) const;

    ColumnBlocks ranges_;
    Index count_;
    std::uint64_t seed_;
    Index first_ = 0;
    std::vector<std::vector<Index>> order_;
};

/// The ranges of a run: as many as column blocks in a batch.
/// @param block columns per block; 0 chooses a power of two of blocks with at least 50 columns each,
/// at most 32.
ColumnBlocks batch_ranges(Index samples, Index batch, Index block);

/// The blocks of the training samples: of ownership, and in sweeps also of work. Where grid.block does not say, a batch of
/// pictures has eight, or as many as samples.
ColumnBlocks training_blocks(const Config& config, Index samples);

}  // namespace hoist
