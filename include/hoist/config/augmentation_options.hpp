#pragma once

#include "hoist/base/types.hpp"

namespace hoist {

/// How training inputs are changed each time they are used. All zero: not at all.
struct AugmentationOptions {
    /// Standard deviation of Gaussian noise added to every input.
    double noise = 0.0;
    /// Share of inputs set to zero, below 1; the others are divided by what it leaves of 1.
    double dropout = 0.0;
    /// Largest shift of an image in pixels, each way, in both directions.
    double shift = 0.0;
    /// Largest rotation of an image in degrees, each way.
    double rotation = 0.0;
    /// An image's size is multiplied by 1 - scale to 1 + scale; below 1.
    double scale = 0.0;
    /// Largest movement of a pixel along its row, each way, per pixel between it and the middle
    /// row.
    double shear = 0.0;
    /// Standard deviation in pixels of a smooth random displacement in each direction (Simard,
    /// Steinkraus and Platt 2003, "Best practices for convolutional neural networks": their 34
    /// times a field smoothed over 4 pixels is 1.4 pixels here).
    double elastic = 0.0;
    /// Standard deviation in pixels of the Gaussian that smooths it.
    double elastic_width = 4.0;

    bool operator==(const AugmentationOptions&) const = default;

    /// Whether an option is set that moves the pixels of images.
    bool images() const;
};

/// The side of the images that the options move: square, of one color plane or three, plane after
/// plane; 0 where they move none. @throws UsageError where the inputs are not such an image.
Index augmented_side(const AugmentationOptions& options, Index inputs);

}  // namespace hoist
