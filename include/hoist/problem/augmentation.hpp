#pragma once

#include <cstdint>
#include <span>

#include "hoist/base/counter_random.hpp"
#include "hoist/base/types.hpp"
#include "hoist/config/augmentation_options.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

/// Changes the inputs of training a little each time they are used, so that a network learns what
/// does not matter.
class Augmentation {
  public:
    /// @param inputs n_0. @param layout of the image that they are; nothing where they are none.
    /// @pre dropout and scale are below 1, elastic_width is positive, nothing is negative.
    /// @throws as check_images().
    Augmentation(const AugmentationOptions& options, Index inputs,
                 const std::optional<ImageLayout>& layout);
    /// Of inputs whose layout is not known.
    Augmentation(const AugmentationOptions& options, Index inputs)
        : Augmentation(options, inputs, image_layout(Shape::vector(inputs))) {}

    bool active() const;
    /// Whether zeros become something else, so that compressing does not pay.
    bool fills_zeros() const { return options_.noise > 0.0; }

    /// Changes one sample in place, the same for a given (seed, epoch, sample) on every grid: first
    /// the image is warped, then mirrored (half of the samples in even epochs and the others in odd
    /// ones) and translated (going on in its mirror image), then a part is cut out; then noise is
    /// added, and then inputs are dropped.
    template <typename Scalar>
    void apply(std::uint64_t seed, Index epoch, Index sample, std::span<Scalar> x) const;

  private:
    template <typename Scalar>
    void warp_channels(CounterRandom& random, std::span<Scalar> x) const;
    template <typename Scalar>
    void move_pixels(bool mirrored, CounterRandom& random, std::span<Scalar> x) const;
    /// How far apart the pixels of a row, and the channels of a pixel are.
    Index pixel_stride() const { return layout_.planes ? 1 : layout_.shape.channels; }
    Index channel_stride() const { return layout_.planes ? layout_.shape.places() : 1; }

    AugmentationOptions options_;
    Index inputs_;
    ImageLayout layout_;
    /// side x knots: the displacement is a smoothing spline, splines * coefficients * splines'.
    Matrix<float> splines_;
};

/// Mirrors images in place, left and right; each is a column.
template <typename Scalar>
void mirror_images(const ImageLayout& layout, MatrixRef<Scalar> images);

/// Where an image's pixels come from: the pixel at q = (column, row) takes the value of the image
/// at matrix * (q - center) + center + offset.
struct AffineMap {
    Eigen::Matrix2d matrix = Eigen::Matrix2d::Identity();
    Eigen::Vector2d offset = Eigen::Vector2d::Zero();
};

/// Replaces a square image, stored row after row, by what it holds at the places that `map` gives,
/// interpolated bilinearly; outside it is zero.
/// @param displacement added to these places: the columns of all pixels, then the rows; or empty.
template <typename Scalar>
void warp(std::span<Scalar> image, Index side, const AffineMap& map,
          std::span<const float> displacement = {});

}  // namespace hoist
