#pragma once

#include "hoist/math/matrix.hpp"

namespace hoist {

/// Replaces w by the nearest matrix with orthonormal rows or columns, whichever are fewer: the
/// polar factor of its singular value decomposition. A matrix without full rank gets some such
/// matrix.
/// @throws NumericalError where w is not finite.
template <typename Scalar>
void make_orthogonal(Matrix<Scalar>& w);

}  // namespace hoist
