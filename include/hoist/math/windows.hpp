#pragma once

#include <vector>

#include "hoist/base/shape.hpp"

namespace hoist {

/// Where a map looks: windows of `rows` x `columns` places of a block, with all of its channels or the
/// first of them, `stride` places apart; the block is thought to be surrounded by `padding` places of
/// zeros, or of its mirror image. The numbers of a window lie in the order of the block's: channels
/// innermost, rows outermost.
struct Windows {
    Shape from;
    Index rows = 1;
    Index columns = 1;
    Index stride = 1;
    Index padding = 0;
    /// How many of the channels, the first ones; 0: all.
    Index leading = 0;
    /// Whether the block goes on in its mirror image: ... 2 1 0 1 2 ... @pre windows lie at every place, then, and
    /// reach as far to both sides.
    bool mirrored = false;

    /// The whole block as one window.
    static Windows whole(const Shape& from) { return {from, from.rows, from.columns}; }

    /// How many windows there are, down and across.
    Index down() const { return (from.rows + 2 * padding - rows) / stride + 1; }
    Index across() const { return (from.columns + 2 * padding - columns) / stride + 1; }
    Index places() const { return down() * across(); }
    /// Of what has so many channels for each window.
    Shape shape(Index channels) const { return {down(), across(), channels}; }
    /// Those of a window.
    Index channels() const { return leading == 0 ? from.channels : leading; }
    /// The numbers of a window.
    Index length() const { return rows * columns * channels(); }
    /// Whether the windows of a block, one after another, are the block as it is.
    bool are_the_block() const;
    /// Whether there is any window, none lies in the padding alone, and the block is large enough to be mirrored.
    bool fit() const;
    /// In how many windows a number lies at most, or a bound of it where they are mirrored.
    Index overlap() const;

    /// The places of the block in each window, window by window. @pre padding is 0.
    std::vector<Index> sources() const;

    /// Writes the windows at `range` of the places of one sample x, one after another.
    template <typename Scalar>
    void gather(const Scalar* x, Range range, Scalar* windows) const;
    /// The adjoint of gather: adds the numbers of the windows to those of x that they come from.
    template <typename Scalar>
    void scatter_add(const Scalar* windows, Range range, Scalar* x) const;

    bool operator==(const Windows&) const = default;

  private:
    template <typename Visit>
    void visit_runs(Range range, const Visit& visit) const;
};

}  // namespace hoist
