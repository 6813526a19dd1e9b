#pragma once

#include <memory>
#include <vector>

#include "hoist/math/fixed_operator.hpp"

namespace hoist {

/// What takes a picture x towards what was measured of it, y = K x + noise with a known K, for each number t:
/// A x with A = K'K (K'K + t I)^-1 and B y with B = (K'K + t I)^-1 K', so that x - A x + B y is the proximal step
/// argmin_z 1/2 |K z - y|^2 + t/2 |z - x|^2. Without any t, A = K'K and B = K': the step of gradient descent.
/// P makes of a block [x; y] the channels [A_1 x; B_1 y; A_2 x; ...; x; y], by the singular values of K along rows and along
/// columns, which take the time of a decomposition at the first use. Of radon, which has no such, y is K'(K x + noise)
/// already, B = (K'K + t I)^-1 or the identity, and K'K is a matrix of the places of a picture.
/// @param block of [x; y], half of whose channels are x's. @pre all steps of `measurement` are along_sides(), or it is one
/// that is known(), and every t > 0.
std::shared_ptr<const FixedOperator> steps_toward_data(
    const Shape& block, const std::vector<DegradationStep>& measurement,
    const std::vector<double>& regularizations);

}  // namespace hoist
