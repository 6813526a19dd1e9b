#pragma once

#include <algorithm>
#include <cstdlib>

#include "hoist/base/types.hpp"

namespace hoist {

/// Where the pixel i of a row of so many lies when the row goes on in its mirror image: ... 2 1 0 1 2 ...
inline Index reflected(Index i, Index count) {
    const Index period = std::max<Index>(2 * (count - 1), 1);
    const Index place = std::abs(i) % period;
    return std::min(place, period - place);
}

}  // namespace hoist
