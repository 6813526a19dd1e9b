#pragma once

#include <cstddef>
#include <cstdint>

namespace hoist {

/// Counts and positions: samples, units, bytes. Signed and 64 bits wide.
using Index = std::ptrdiff_t;

/// The half-open range [begin, end).
struct Range {
    Index begin = 0;
    Index end = 0;

    Index size() const { return end - begin; }
    bool empty() const { return begin == end; }
    bool operator==(const Range&) const = default;
};

}  // namespace hoist
