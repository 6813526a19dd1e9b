#pragma once

#include <string>

#include "hoist/math/activation.hpp"

namespace hoist {

/// What of a configuration chose an activation.
inline std::string setting_of(const Activation& activation) {
    return activation.windows() ? "maxpool in network.layers"
                                : "network.activation = " + activation.name();
}

}  // namespace hoist
