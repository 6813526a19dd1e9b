#pragma once

#include <algorithm>

#include "hoist/base/types.hpp"

namespace hoist {

/// The samples of a data set, or of a batch, cut into column blocks: the unit of work, of messages
/// and of ownership. Depends on the number of samples alone, never on the grid, so that every grid
/// does the same arithmetic.
class ColumnBlocks {
  public:
    /// @param width columns per block but the last; 0 chooses it: about 64 blocks, of at least 32
    /// and at most 1,024 columns, so that blocks are wide enough for the kernels and many enough to
    /// share and to pipeline.
    explicit ColumnBlocks(Index samples, Index width = 0)
        : samples_(samples),
          width_(width > 0 ? width : std::clamp<Index>((samples + 63) / 64, 32, 1024)) {}

    Index samples() const { return samples_; }
    Index width() const { return width_; }
    Index count() const { return (samples_ + width_ - 1) / width_; }

    /// The samples of a block, or of a range of blocks.
    Range columns(Index block) const { return columns(Range{block, block + 1}); }
    Range columns(Range blocks) const {
        return {std::min(blocks.begin * width_, samples_), std::min(blocks.end * width_, samples_)};
    }

  private:
    Index samples_;
    Index width_;
};

}  // namespace hoist
