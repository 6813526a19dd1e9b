#pragma once

#include "hoist/math/matrix.hpp"

namespace hoist {

/// The largest singular value of w: at most that, up to rounding, and at least that divided by 1 +
/// tolerance, whatever the spectrum. Lanczos' method in double finds it on the smaller of w'w and
/// ww', a Cholesky factorization proves that nothing larger is there, and where it fails all
/// eigenvalues are computed. Zero for an empty or zero matrix; a NaN where w holds one.
template <typename Scalar>
double spectral_norm(const ConstMatrixRef<Scalar>& w, double tolerance = 1e-6);

/// A number that the largest singular value of w does not exceed, rounding included, and mostly within 1e-9 of
/// it: a Cholesky factorization of (t - e) I - w w', with e above the rounding of the Gram matrix and of the
/// factorization itself (Rump, BIT 2006), proves it. Infinite where w is not finite.
template <typename Scalar>
double proven_spectral_norm(const ConstMatrixRef<Scalar>& w);

/// Cuts the singular values of w that exceed `most` down to it, a little below for what is left to rounding,
/// so that none is above it afterwards. A matrix that is below stays as it is to the last digit, and so does one
/// that is not finite.
template <typename Scalar>
void limit_spectral_norm(Matrix<Scalar>& w, double most);

/// A number that the largest singular value of w does not exceed, at most 1 % above it.
template <typename Scalar>
double spectral_norm_bound(const ConstMatrixRef<Scalar>& w);

}  // namespace hoist
