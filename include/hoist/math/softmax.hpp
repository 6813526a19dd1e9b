#pragma once

#include "hoist/math/matrix.hpp"

namespace hoist {

/// Columnwise p = softmax(u), shifted by the column's maximum: nothing overflows. p may be u.
template <typename Scalar>
void softmax(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> p);

/// For each column -sum_i y_i log softmax(u)_i, for y on the simplex. In double.
template <typename Scalar>
Vector<double> cross_entropy(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u);

/// Columnwise minimizer x of s Psi(x) + 1/2 |x - v|^2 over the probability simplex, where Psi = sum
/// x_i log x_i - 1/2 |x|^2: s log x_i + (1-s) x_i = v_i + nu with the nu for which sum_i x_i = 1,
/// both by safeguarded Newton steps in double. x may be v.
/// @pre s > 0.
template <typename Scalar>
void negative_entropy_prox(double s, const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar> x);

}  // namespace hoist
