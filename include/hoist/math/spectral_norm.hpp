#pragma once

#include "hoist/math/matrix.hpp"

namespace hoist {

/// The largest singular value of w, by power iteration in double on the smaller of w'w and ww' from
/// a fixed start, to a relative change of `tolerance` or 1,000 steps. Approaches the norm from
/// below: a caller that needs a bound multiplies by a little more than one. Zero for an empty or
/// zero matrix.
template <typename Scalar>
double spectral_norm(const ConstMatrixRef<Scalar>& w, double tolerance = 1e-6);

}  // namespace hoist
