#pragma once

#include <cstdint>
#include <span>

#include "hoist/base/types.hpp"
#include "hoist/math/matrix.hpp"

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

/// Changes the inputs of training a little each time they are used, so that a network learns what
/// does not matter.
class Augmentation {
  public:
    /// @param inputs n_0. Images are square, of one color plane or three, plane after plane, each
    /// row after row.
    /// @pre dropout and scale are below 1, elastic_width is positive, nothing is negative.
    /// @throws UsageError where an option for images is set and the inputs are not such an image.
    Augmentation(const AugmentationOptions& options, Index inputs);

    bool active() const;
    /// Whether zeros become something else, so that compressing does not pay.
    bool fills_zeros() const { return options_.noise > 0.0; }

    /// Changes one sample in place, the same for a given (seed, epoch, sample) on every grid: first
    /// the image is moved, then noise is added, then inputs are dropped.
    template <typename Scalar>
    void apply(std::uint64_t seed, Index epoch, Index sample, std::span<Scalar> x) const;

  private:
    AugmentationOptions options_;
    Index inputs_;
    Index side_ = 0;
    /// side x knots: the displacement is a smoothing spline, splines * coefficients * splines'.
    Matrix<float> splines_;
};

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
