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
    /// share and to pipeline, but no more than most_columns().
    /// @param numbers in the tallest column that work on a block makes.
    explicit ColumnBlocks(Index samples, Index width = 0, Index numbers = 1)
        : samples_(samples),
          width_(width > 0 ? width
                           : std::min(std::clamp<Index>((samples + 63) / 64, 32, 1024),
                                      most_columns(numbers))) {}

    /// How many such columns are worked on at once: 1,024, but for pictures fewer.
    static Index most_columns(Index numbers) {
        constexpr Index most_numbers_at_once = Index{1} << 22;
        return std::clamp<Index>(most_numbers_at_once / numbers, 1, 1024);
    }

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
