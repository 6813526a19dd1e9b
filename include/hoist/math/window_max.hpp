#pragma once

#include <memory>

#include "hoist/math/activation.hpp"

namespace hoist {

/// Maximum pooling: x = phi(max u) over each window, channel by channel, which is max phi(u) too
/// where phi never falls. Its derivative belongs to the first of equal maxima. It is no minimizer of a
/// convex problem and has neither a gap nor a proximal map.
/// @param windows of u. @pre windows.fit().
std::shared_ptr<const Activation> max_over_windows(std::shared_ptr<const Activation> phi,
                                                   const Windows& windows);

}  // namespace hoist
