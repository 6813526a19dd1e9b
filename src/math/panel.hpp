#pragma once

#include <algorithm>
#include <utility>

#include "hoist/base/types.hpp"

namespace hoist {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
inline constexpr int vector_registers = 32;
#elif defined(__AVX__)
inline constexpr int vector_bytes = 32;
inline constexpr int vector_registers = 16;
#else
inline constexpr int vector_bytes = 16;
inline constexpr int vector_registers = 16;
#endif

template <typename Scalar>
struct LanesOf {
    typedef Scalar type [[gnu::vector_size(vector_bytes)]];
    typedef Scalar unaligned_type
        [[gnu::vector_size(vector_bytes), gnu::aligned(alignof(Scalar)), gnu::may_alias]];
};

/// One vector register: the same coordinate of neighboring columns.
template <typename Scalar>
using Lanes = typename LanesOf<Scalar>::type;

template <typename Scalar>
inline constexpr int lane_count = vector_bytes / static_cast<int>(sizeof(Scalar));

/// One coordinate of the columns of a panel, which is a matrix of a few vectors of columns stored
/// by rows.
template <typename Scalar>
struct PanelRow {
    static constexpr int vectors = 3;
    static constexpr int columns = vectors * lane_count<Scalar>;

    Lanes<Scalar> part[vectors];

    Scalar& operator[](int column) { return reinterpret_cast<Scalar*>(part)[column]; }
};

/// Calls f(integral_constant 0), ..., f(integral_constant Count - 1), so that arrays indexed with
/// them stay in registers.
template <int Count, typename Function>
[[gnu::always_inline]] inline void unrolled(Function f) {
    [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
        (f(std::integral_constant<int, I>()), ...);
    }
    (std::make_integer_sequence<int, Count>());
}

/// Transposes a square tile of registers: Eklundh's exchange of off-diagonal blocks of size 1, 2,
/// 4, ...
template <typename Scalar>
[[gnu::always_inline]] inline void transpose(Lanes<Scalar> (&tile)[lane_count<Scalar>]) {
    constexpr int size = lane_count<Scalar>;
    const auto exchange = [&tile]<int Width, int... Lane>(std::integral_constant<int, Width>,
                                                          std::integer_sequence<int, Lane...>)
        __attribute__((always_inline)) {
        unrolled<size>([&](auto row) __attribute__((always_inline)) {
            if constexpr ((row & Width) == 0) {
                const Lanes<Scalar> a = tile[row];
                const Lanes<Scalar> b = tile[row + Width];
                tile[row] = __builtin_shufflevector(
                    a, b, ((Lane & Width) != 0 ? size + Lane - Width : Lane)...);
                tile[row + Width] = __builtin_shufflevector(
                    a, b, ((Lane & Width) != 0 ? size + Lane : Lane + Width)...);
            }
        });
    };
    constexpr auto lanes = std::make_integer_sequence<int, size>();
    exchange(std::integral_constant<int, 1>(), lanes);
    if constexpr (size > 2) exchange(std::integral_constant<int, 2>(), lanes);
    if constexpr (size > 4) exchange(std::integral_constant<int, 4>(), lanes);
    if constexpr (size > 8) exchange(std::integral_constant<int, 8>(), lanes);
}

/// Copies `count` >= 1 columns of `rows` numbers, `stride` apart, into the rows of a panel; where
/// the panel is wider it repeats the last column.
template <typename Scalar>
void load_panel(const Scalar* columns, Index stride, Index rows, int count,
                PanelRow<Scalar>* panel) {
    using Unaligned = typename LanesOf<Scalar>::unaligned_type;
    constexpr int size = lane_count<Scalar>;
    for (int part = 0; part < PanelRow<Scalar>::vectors; ++part) {
        const Scalar* column[size];
        for (int lane = 0; lane < size; ++lane) {
            column[lane] = columns + stride * std::min(part * size + lane, count - 1);
        }
        if (rows < size) {
            for (Index row = 0; row < rows; ++row) {
                for (int lane = 0; lane < size; ++lane) {
                    panel[row].part[part][lane] = column[lane][row];
                }
            }
            continue;
        }
        for (Index row = 0; row < rows; row += size) {
            const Index first = std::min(row, rows - size);  // the last tile overlaps its neighbor
            Lanes<Scalar> tile[size];
            unrolled<size>([&](auto i) __attribute__((always_inline)) {
                tile[i] = *reinterpret_cast<const Unaligned*>(column[i] + first);
            });
            transpose<Scalar>(tile);
            unrolled<size>([&](auto i) __attribute__((always_inline)) {
                panel[first + i].part[part] = tile[i];
            });
        }
    }
}

/// The reverse of load_panel: copies the first `count` columns of the panel back.
template <typename Scalar>
void store_panel(const PanelRow<Scalar>* panel, Index rows, int count, Scalar* columns,
                 Index stride) {
    using Unaligned = typename LanesOf<Scalar>::unaligned_type;
    constexpr int size = lane_count<Scalar>;
    for (int part = 0; part * size < count; ++part) {
        const int used = std::min(size, count - part * size);
        Scalar* const corner = columns + stride * (part * size);
        if (rows < size) {
            for (Index row = 0; row < rows; ++row) {
                for (int lane = 0; lane < used; ++lane) {
                    corner[lane * stride + row] = panel[row].part[part][lane];
                }
            }
            continue;
        }
        for (Index row = 0; row < rows; row += size) {
            const Index first = std::min(row, rows - size);
            Lanes<Scalar> tile[size];
            unrolled<size>([&](auto i) __attribute__((always_inline)) {
                tile[i] = panel[first + i].part[part];
            });
            transpose<Scalar>(tile);
            unrolled<size>([&](auto i) __attribute__((always_inline)) {
                if (i < used) *reinterpret_cast<Unaligned*>(corner + i * stride + first) = tile[i];
            });
        }
    }
}

}  // namespace hoist
