#pragma once

#include <span>
#include <vector>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// Parallel projections of a picture of one channel (Radon 1917), each at a multiple of 180 degrees / angles: the values of the
/// rays, a pixel apart, are what the picture has along them, shared linearly between the two rays that pass a pixel's center
/// on either side, over its longer side: means, so that they stay between 0 and 1.4.
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
    /// H' y with the factor with which each pixel is the mean, over the angles, of what the rays through it have.
    std::vector<double> back_project(std::span<const double> rays) const;
    /// What both together do to a picture, N = H'H with that factor: places() x places(), symmetric, as large as it looks.
    Matrix<double> normal() const;

  private:
    template <typename Visit>
    void visit(const Visit& visit) const;

    Index angles_;
    Index rows_;
    Index columns_;
    Index detectors_;
};

}  // namespace hoist
