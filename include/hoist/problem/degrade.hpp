#pragma once

#include <span>
#include <vector>

#include "hoist/base/counter_random.hpp"
#include "hoist/base/shape.hpp"
#include "hoist/math/degradation.hpp"

namespace hoist {

/// A rectangle of a picture.
struct Patch {
    Index top = 0;
    Index left = 0;
    Index rows = 0;
    Index columns = 0;
};

/// Cuts `patch` out of a picture and degrades it; a blur looks beyond its border.
/// @param clean shape.size() numbers from 0 to 1. @param degraded rows x columns x channels of the patch.
template <typename Scalar>
void degrade(const std::vector<DegradationStep>& steps, const Shape& shape,
             std::span<const Scalar> clean, const Patch& patch, CounterRandom& random,
             std::span<Scalar> degraded);

/// Turns a square picture: `way` 0 to 7 of the symmetries of a square, 0 leaving any picture as it is.
template <typename Scalar>
void turn(const Shape& square, Index way, std::span<Scalar> picture);

}  // namespace hoist
