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
    name(options.mirror ? 1.0 : 0.0, "mirror");
    name(static_cast<double>(options.translate), "translate");
    name(static_cast<double>(options.cutout), "cutout");
    return join(set, ", ");
}

// The side of square images of so many pixels; 0 if there are none.
Index side_of(Index pixels) {
    const Index side = std::llround(std::sqrt(static_cast<double>(pixels)));
    return side * side == pixels ? side : 0;
}

}  // namespace

bool AugmentationOptions::images() const {
    return warps() || mirror || translate > 0 || cutout > 0;
}

bool AugmentationOptions::warps() const {
    return shift > 0.0 || rotation > 0.0 || scale > 0.0 || shear > 0.0 || elastic > 0.0;
}

std::optional<ImageLayout> image_layout(const Shape& block, const std::vector<Index>& stored) {
    constexpr Index most_channels = 4;
    if (block.places() > 1) {
        return ImageLayout{block};
    }
    if (stored.size() == 2) {
        return ImageLayout{{stored[0], stored[1], 1}};
    }
    if (stored.size() == 3 && stored[2] <= std::min(stored[0], most_channels)) {
        return ImageLayout{{stored[0], stored[1], stored[2]}};
    }
    if (stored.size() == 3 && stored[0] <= most_channels) {
        return ImageLayout{{stored[1], stored[2], stored[0]}, true};
    }
    if (stored.size() > 1) {
        return std::nullopt;
    }
    const Index inputs = block.size();
    if (const Index side = side_of(inputs)) {
        return ImageLayout{{side, side, 1}};
    }
    const Index side = inputs % 3 == 0 ? side_of(inputs / 3) : 0;
    return side > 0 ? std::optional(ImageLayout{{side, side, 3}, true}) : std::nullopt;
}

void check_images(const AugmentationOptions& options, Index inputs,
                  const std::optional<ImageLayout>& layout) {
    if (!options.images()) {
        return;
    }
    const std::string problem = image_options(options) + " cannot be applied to the data";
    if (!layout) {
        throw UsageError(problem,
                         "it moves the pixels of images, and " + std::to_string(inputs) +
                             " inputs are neither a square nor three square color planes",
                         "leave it at 0, or write the shape of an image in network.layers, as in "
                         "28x28x1");
    }
    if (options.warps() && layout->shape.rows != layout->shape.columns) {
        throw UsageError(problem, "images of " + to_text(layout->shape) + " are not square",
                         "use data.mirror, data.translate and data.cutout alone");
    }
}

}  // namespace hoist
