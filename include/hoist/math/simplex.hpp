#pragma once

#include "hoist/math/matrix.hpp"

namespace hoist {

/// Columnwise Euclidean projection of u onto the probability simplex, by sorting; z may be u.
template <typename Scalar>
void project_onto_simplex(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> z);

/// weight (p(u) - p(u - g / weight)) for the projection p onto the probability simplex, without
/// cancellation and without overflow. @pre weight > 0.
Eigen::ArrayXd simplex_quotient(double weight, Eigen::ArrayXd u, const Eigen::ArrayXd& g);

/// Columnwise minimizer of -sum_i y_i log z_i + (lambda/2) |z - u|^2 over the simplex (the report's
/// eq. 15 and Appendix A, with the 1/2 and with a lower bracket that holds also where coordinates
/// are clipped at zero): z_i(nu) = (u_i+nu)/2 + sqrt(((u_i+nu)/2)^2 + y_i/lambda), and nu solves
/// sum_i z_i(nu) = 1 by Newton steps kept inside the bracket min_i(1/p - p y_i/lambda - u_i) <= nu
/// <= 1 - max_i(u_i + y_i/lambda). z may be u.
/// @pre y is on the simplex (columnwise), lambda > 0.
/// @return the most iterations that any column took.
template <typename Scalar>
int cross_entropy_prox(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
                       double lambda, MatrixRef<Scalar> z);

}  // namespace hoist
