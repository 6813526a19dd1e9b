#pragma once

#include "hoist/math/matrix.hpp"

namespace hoist {

/// The largest singular value of w: at most that, up to rounding, and at least that divided by 1 +
/// tolerance, whatever the spectrum. Lanczos' method in double finds it on the smaller of w'w and
/// ww', a Cholesky factorization proves that nothing larger is there, and where it fails all
/// eigenvalues are computed. Zero for an empty or zero matrix; a NaN where w holds one.
template <typename Scalar>
double spectral_norm(const ConstMatrixRef<Scalar>& w, double tolerance = 1e-6);

/// A number that the largest singular value of w does not exceed, at most 1 % above it.
template <typename Scalar>
double spectral_norm_bound(const ConstMatrixRef<Scalar>& w);

}  // namespace hoist
