#pragma once

#include "hoist/math/team.hpp"

namespace hoist {

/// Replaces w by the nearest matrix with orthonormal rows or columns, whichever are fewer: the
/// polar factor of its singular value decomposition. A matrix without full rank gets some such
/// matrix.
/// @throws NumericalError where w is not finite.
template <typename Scalar>
void make_orthogonal(Matrix<Scalar>& w);

/// Takes the singular values of X, m x n with m <= n, near one: X / |X|, and then five times 3.4445 X - 4.7750 A X +
/// 2.0315 A^2 X with A = X X' (Jordan et al. 2024, Muon), which leaves those above 1e-2 of |X| between 0.6 and 1.3.
/// Collective over the team. @param x this member's part of the columns of X.
template <typename Scalar>
void make_nearly_orthogonal(Matrix<Scalar>& x, const Team<Scalar>& team);

}  // namespace hoist
