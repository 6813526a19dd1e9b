#include "hoist/math/windows.hpp"

#include <algorithm>

namespace hoist {

namespace {

Index ceiling(Index a, Index b) { return (a + b - 1) / b; }

}  // namespace

bool Windows::are_the_block() const {
    const bool whole = rows == from.rows && columns == from.columns;
    const bool single = rows == 1 && columns == 1 && stride == 1;
    return padding == 0 && (whole || single);
}

bool Windows::fit() const {
    const bool sizes = rows >= 1 && columns >= 1 && stride >= 1 && padding >= 0;
    return sizes && padding < rows && padding < columns && from.rows + 2 * padding >= rows &&
           from.columns + 2 * padding >= columns;
}

Index Windows::overlap() const {
    return std::min(ceiling(rows, stride), down()) * std::min(ceiling(columns, stride), across());
}

std::vector<Index> Windows::sources() const {
    std::vector<Index> all;
    for (Index place = 0; place < places(); ++place) {
        const Index top = place / across() * stride;
        const Index left = place % across() * stride;
        for (Index row = top; row < top + rows; ++row) {
            for (Index column = left; column < left + columns; ++column) {
                all.push_back(row * from.columns + column);
            }
        }
    }
    return all;
}

// Each row of a window is one run of numbers of the block, but for what lies in the padding before
// and behind it: visit(before, first of the block, numbers, behind).
template <typename Visit>
void Windows::visit_runs(Range range, const Visit& visit) const {
    const Index wide = across();
    for (Index place = range.begin; place < range.end; ++place) {
        const Index top = place / wide * stride - padding;
        const Index left = place % wide * stride - padding;
        const Index first = std::clamp<Index>(-left, 0, columns);
        const Index last = std::clamp<Index>(from.columns - left, first, columns);
        for (Index row = top; row < top + rows; ++row) {
            if (row < 0 || row >= from.rows) {
                visit(columns * from.channels, 0, 0, 0);
                continue;
            }
            visit(first * from.channels, (row * from.columns + left + first) * from.channels,
                  (last - first) * from.channels, (columns - last) * from.channels);
        }
    }
}

// Loops and not std::copy, which calls a function for each of these short runs.
template <typename Scalar>
void Windows::gather(const Scalar* x, Range range, Scalar* windows) const {
    visit_runs(range, [&](Index before, Index first, Index numbers, Index behind) {
        for (Index i = 0; i < before; ++i) {
            *windows++ = Scalar{0};
        }
        for (Index i = 0; i < numbers; ++i) {
            windows[i] = x[first + i];
        }
        windows += numbers;
        for (Index i = 0; i < behind; ++i) {
            *windows++ = Scalar{0};
        }
    });
}

template <typename Scalar>
void Windows::scatter_add(const Scalar* windows, Range range, Scalar* x) const {
    visit_runs(range, [&](Index before, Index first, Index numbers, Index behind) {
        windows += before;
        for (Index i = 0; i < numbers; ++i) {
            x[first + i] += windows[i];
        }
        windows += numbers + behind;
    });
}

template void Windows::gather(const float*, Range, float*) const;
template void Windows::gather(const double*, Range, double*) const;
template void Windows::scatter_add(const float*, Range, float*) const;
template void Windows::scatter_add(const double*, Range, double*) const;

}  // namespace hoist
