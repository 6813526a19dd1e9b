#pragma once

#include <array>
#include <cstdint>

#include "hoist/math/compressed_columns.hpp"
#include "panel.hpp"

namespace hoist {

/// Columns that are each a linear combination of columns of a dense matrix A added to a start:
/// target t becomes start_t + sum of value * A(:, index) over its entries, those in [begin_t, begin_{t+1}).
template <typename Scalar>
struct SparseCombinations {
    /// Columns of A, of the starts and of the results; the results may be the starts. A stride is
    /// the distance of neighboring columns.
    const Scalar* a;
    Index a_stride;
    const Scalar* start;
    Index start_stride;
    Scalar* result;
    Index result_stride;

    Index targets;
    /// The columns of starts and results that belong to the targets; null: 0, 1, 2, ...
    const std::uint32_t* target;
    const std::size_t* begin;
    const SparseEntry<Scalar>* entries;
};

/// A vector of fewer or as many bytes as a register.
template <typename Scalar, int Bytes>
struct TileLanes {
    typedef Scalar type [[gnu::vector_size(Bytes)]];
    typedef Scalar unaligned_type
        [[gnu::vector_size(Bytes), gnu::aligned(alignof(Scalar)), gnu::may_alias]];
};
/// A single number: the compiler keeps vectors of one in memory.
template <typename Scalar, int Bytes>
requires(Bytes == sizeof(Scalar)) struct TileLanes<Scalar, Bytes> {
    using type = Scalar;
    using unaligned_type = Scalar;
};

/// Computes a tile of at most Count vectors of consecutive rows from the row `first` on, which are
/// held in registers while the numbers of a target are walked. The last vector ends with row `end`
/// and repeats rows of its neighbor where the rows do not fill the vectors.
template <typename Scalar, int Bytes, int Count>
void combine_tile(const SparseCombinations<Scalar>& work, Index first, Index end) {
    constexpr int lanes = Bytes / static_cast<int>(sizeof(Scalar));
    using Vec = typename TileLanes<Scalar, Bytes>::type;
    using Unaligned = typename TileLanes<Scalar, Bytes>::unaligned_type;
    const Index last = end - lanes - first;
    const auto at = [last](auto* tile, auto v) __attribute__((always_inline)) {
        return tile + (v + 1 < Count ? v * lanes : last);
    };
    const Scalar* const a = work.a + first;
    for (Index t = 0; t < work.targets; ++t) {
        const Index target = work.target != nullptr ? static_cast<Index>(work.target[t]) : t;
        const Scalar* const start = work.start + target * work.start_stride + first;
        Vec sum[Count];
        unrolled<Count>([&](auto v) __attribute__((always_inline)) {
            sum[v] = *reinterpret_cast<const Unaligned*>(at(start, v));
        });
        const std::size_t stop = work.begin[t + 1];
        for (std::size_t k = work.begin[t]; k < stop; ++k) {
            const Scalar factor = work.entries[k].value;
            const Scalar* const column =
                a + static_cast<Index>(work.entries[k].index) * work.a_stride;
            unrolled<Count>([&](auto v) __attribute__((always_inline)) {
                sum[v] += factor * *reinterpret_cast<const Unaligned*>(at(column, v));
            });
        }
        Scalar* const result = work.result + target * work.result_stride + first;
        unrolled<Count>([&](auto v) __attribute__((always_inline)) {
            *reinterpret_cast<Unaligned*>(at(result, v)) = sum[v];
        });
    }
}

/// Most vectors of a tile: the rest of the registers hold the factor and a product.
inline constexpr int most_tile_vectors = vector_registers * 3 / 4;

/// Computes `rows` rows of all targets in tiles of nearly equal height.
template <typename Scalar, int Bytes = vector_bytes>
void combine(const SparseCombinations<Scalar>& work, Index rows) {
    if (rows == 0) {
        return;
    }
    constexpr int lanes = Bytes / static_cast<int>(sizeof(Scalar));
    if constexpr (lanes > 1) {
        if (rows < lanes) {
            combine<Scalar, Bytes / 2>(work, rows);
            return;
        }
    }
    // Narrow vectors are for fewer rows than fill a wider one.
    constexpr int most = Bytes == vector_bytes ? most_tile_vectors : 2;
    using Tile = void (*)(const SparseCombinations<Scalar>&, Index, Index);
    constexpr auto tiles = []<int... I>(std::integer_sequence<int, I...>) {
        return std::array<Tile, most>{combine_tile<Scalar, Bytes, I + 1>...};
    }
    (std::make_integer_sequence<int, most>());
    const Index vectors = (rows + lanes - 1) / lanes;
    const Index count = (vectors + most - 1) / most;
    for (Index tile = 0; tile < count; ++tile) {
        const Index first = vectors * tile / count;
        const Index past = vectors * (tile + 1) / count;
        tiles[static_cast<std::size_t>(past - first - 1)](work, first * lanes,
                                                          std::min(past * lanes, rows));
    }
}

}  // namespace hoist
