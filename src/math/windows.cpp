#include "hoist/math/windows.hpp"

#include <algorithm>

#include "hoist/math/reflected.hpp"

namespace hoist {

namespace {

Index ceiling(Index a, Index b) { return (a + b - 1) / b; }

}  // namespace

bool Windows::are_the_block() const {
    const bool whole = rows == from.rows && columns == from.columns;
    const bool single = rows == 1 && columns == 1 && stride == 1;
    return padding == 0 && channels() == from.channels && (whole || single);
}

bool Windows::fit() const {
    const bool sizes = rows >= 1 && columns >= 1 && stride >= 1 && padding >= 0;
    const bool mirrors = !mirrored || (padding < from.rows && padding < from.columns);
    return sizes && mirrors && padding < rows && padding < columns &&
           from.rows + 2 * padding >= rows && from.columns + 2 * padding >= columns;
}

// With windows at every place, those that a number lies in as it is and as mirror images in one direction are no more
// than the window is long, and two.
Index Windows::overlap() const {
    if (mirrored) {
        return (rows + 2) * (columns + 2);
    }
    return std::min(ceiling(rows, stride), down()) *
           std::min(ceiling(columns, stride), across());
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

// The places of a window, row by row, in runs of neighbors: visit(first of the run, its places), where
// the first of what lies in zeros is negative.
template <typename Visit>
void Windows::visit_runs(Range range, const Visit& visit) const {
    const Index wide = across();
    for (Index place = range.begin; place < range.end; ++place) {
        const Index top = place / wide * stride - padding;
        const Index left = place % wide * stride - padding;
        const Index first = std::clamp<Index>(-left, 0, columns);
        const Index last = std::clamp<Index>(from.columns - left, first, columns);
        for (Index row = top; row < top + rows; ++row) {
            const bool outside = row < 0 || row >= from.rows;
            if (outside && !mirrored) {
                visit(Index{-1}, columns);
                continue;
            }
            const Index begin = (outside ? reflected(row, from.rows) : row) * from.columns;
            const auto beyond = [&](Index edge, Index end) {
                if (!mirrored && edge < end) {
                    visit(Index{-1}, end - edge);
                }
                for (Index column = edge; mirrored && column < end; ++column) {
                    visit(begin + reflected(left + column, from.columns), Index{1});
                }
            };
            beyond(0, first);
            visit(begin + left + first, last - first);
            beyond(last, columns);
        }
    }
}

// Loops and not std::copy, which calls a function for each of these short runs.
template <typename Scalar>
void Windows::gather(const Scalar* x, Range range, Scalar* windows) const {
    const Index each = channels();
    const Index apart = from.channels;
    visit_runs(range, [&](Index first, Index places) {
        const Index numbers = places * each;
        if (first < 0) {
            for (Index i = 0; i < numbers; ++i) {
                windows[i] = Scalar{0};
            }
        } else if (each == apart) {
            const Scalar* const source = x + first * apart;
            for (Index i = 0; i < numbers; ++i) {
                windows[i] = source[i];
            }
        } else if (each == 1) {
            const Scalar* const source = x + first * apart;
            for (Index i = 0; i < numbers; ++i) {
                windows[i] = source[i * apart];
            }
        } else {
            const Scalar* source = x + first * apart;
            for (Index i = 0; i < numbers; i += each, source += apart) {
                for (Index channel = 0; channel < each; ++channel) {
                    windows[i + channel] = source[channel];
                }
            }
        }
        windows += numbers;
    });
}

template <typename Scalar>
void Windows::scatter_add(const Scalar* windows, Range range, Scalar* x) const {
    const Index each = channels();
    const Index apart = from.channels;
    visit_runs(range, [&](Index first, Index places) {
        const Index numbers = places * each;
        if (first >= 0 && each == apart) {
            Scalar* const target = x + first * apart;
            for (Index i = 0; i < numbers; ++i) {
                target[i] += windows[i];
            }
        } else if (first >= 0 && each == 1) {
            Scalar* const target = x + first * apart;
            for (Index i = 0; i < numbers; ++i) {
                target[i * apart] += windows[i];
            }
        } else if (first >= 0) {
            Scalar* target = x + first * apart;
            for (Index i = 0; i < numbers; i += each, target += apart) {
                for (Index channel = 0; channel < each; ++channel) {
                    target[channel] += windows[i + channel];
                }
            }
        }
        windows += numbers;
    });
}

template void Windows::gather(const float*, Range, float*) const;
template void Windows::gather(const double*, Range, double*) const;
template void Windows::scatter_add(const float*, Range, float*) const;
template void Windows::scatter_add(const double*, Range, double*) const;

}  // namespace hoist
