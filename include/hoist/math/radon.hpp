#pragma once

#include <span>
#include <vector>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// Parallel projections of a picture of one channel (Radon 1917), at multiples of 180 degrees / angles. Rays are a pixel apart;
/// each sums up the pixels around it, a pixel being shared linearly by the two rays on either side of its center, and is
/// divided by the longer side of the picture: a mean, between 0 and 1.5.
class Radon {
  public:
    /// @pre all are above 0.
    Radon(Index angles, Index rows, Index columns);

    /// Of each projection.
    Index detectors() const { return detectors_; }
    Index rays() const { return angles_ * detectors_; }
    Index places() const { return rows_ * columns_; }

    /// y = H x, projection after projection. @param picture row by row, places() numbers.
    std::vector<double> project(std::span<const double> picture) const;
    /// c H' y with the factor c that gives each pixel the mean, over the angles, of the rays through it.
    std::vector<double> back_project(std::span<const double> rays) const;
    /// N = c H'H, places() x places().
    Matrix<double> normal() const;

  private:
    template <typename Visit>
    void for_each_share(const Visit& visit) const;

    Index angles_;
    Index rows_;
    Index columns_;
    Index detectors_;
};

}  // namespace hoist
