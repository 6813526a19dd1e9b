#pragma once

#include <cstdint>
#include <span>

#include "hoist/base/types.hpp"
#include "hoist/config/augmentation_options.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

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
