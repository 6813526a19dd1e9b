#pragma once

#include <optional>
#include <vector>

#include "hoist/base/shape.hpp"

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
    /// Whether half of the images are mirrored, left to right.
    bool mirror = false;
    /// Largest shift in whole pixels, each way, in both directions; zeros come in.
    Index translate = 0;
    /// Side in pixels of a square that is set to zero, whose middle is any pixel of the image.
    Index cutout = 0;

    bool operator==(const AugmentationOptions&) const = default;

    /// Whether an option is set that is for images, and whether one of them interpolates pixels.
    bool images() const;
    bool warps() const;
};

/// How the pixels of an image lie among the inputs: rows outermost, channels innermost, or plane
/// after plane.
struct ImageLayout {
    Shape shape;
    bool planes = false;

    bool operator==(const ImageLayout&) const = default;
};

/// That of the inputs of a network; nothing where they are no image as far as is known. A picture
/// lies as the network says. A plain vector lies as it is stored, if that is known, else it is a
/// square of one color plane or three.
/// @param stored the sizes of a stored sample, those of 1 left out; empty: not known.
std::optional<ImageLayout> image_layout(const Shape& block, const std::vector<Index>& stored = {});

/// @throws UsageError where an option for images is set and the inputs are none, or no square one
/// and it warps.
void check_images(const AugmentationOptions& options, Index inputs,
                  const std::optional<ImageLayout>& layout);

}  // namespace hoist
