#include "hoist/config/augmentation_options.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

std::string image_options(const AugmentationOptions& options) {
    std::vector<std::string> set;
    const auto name = [&](double value, const char* key) {
        if (value > 0.0) {
            set.push_back(std::string("data.") + key + " = " + to_text(value));
        }
    };
    name(options.shift, "shift");
    name(options.rotation, "rotation");
    name(options.scale, "scale");
    name(options.shear, "shear");
    name(options.elastic, "elastic");
    return join(set, ", ");
}

// The side of square images of so many pixels; 0 if there are none.
Index side_of(Index pixels) {
    const Index side = std::llround(std::sqrt(static_cast<double>(pixels)));
    return side * side == pixels ? side : 0;
}

}  // namespace

bool AugmentationOptions::images() const {
    return shift > 0.0 || rotation > 0.0 || scale > 0.0 || shear > 0.0 || elastic > 0.0;
}

Index augmented_side(const AugmentationOptions& options, Index inputs) {
    if (!options.images()) {
        return 0;
    }
    const Index side = std::max(side_of(inputs), inputs % 3 == 0 ? side_of(inputs / 3) : 0);
    if (side == 0) {
        throw UsageError(image_options(options) + " cannot be applied to the data",
                         "it moves the pixels of square images, and " + std::to_string(inputs) +
                             " inputs are neither a square nor three square color planes",
                         "leave it at 0, or train on square images");
    }
    return side;
}

}  // namespace hoist
