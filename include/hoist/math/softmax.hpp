#pragma once

#include "hoist/math/matrix.hpp"

namespace hoist {

/// Columnwise p = softmax(u), shifted by the column's maximum: nothing overflows. p may be u.
template <typename Scalar>
void softmax(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> p);

/// For each column -sum_i y_i log softmax(u)_i, for y on the simplex. In double.
template <typename Scalar>
Vector<double> cross_entropy(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u);

}  // namespace hoist
