#pragma once

#include "hoist/math/matrix.hpp"

namespace hoist {

/// The points `first` to `first + count - 1` of Sobol's sequence in the unit cube, one per column.
/// @pre 1 <= dimensions <= 3667.
Matrix<double> quasi_random_points(Index dimensions, Index count, Index first = 0);

}  // namespace hoist
