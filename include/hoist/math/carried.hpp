#pragma once

#include <memory>

#include "hoist/math/activation.hpp"

namespace hoist {

/// phi on the first channels of each place of a block, whose other channels are carried along as they are. Their
/// gap is 1/2 |x - u|^2.
/// @param channels that phi acts on, of `all`. @pre phi makes one number of one.
std::shared_ptr<const Activation> with_carried(std::shared_ptr<const Activation> phi,
                                               Index channels, Index all);

}  // namespace hoist
