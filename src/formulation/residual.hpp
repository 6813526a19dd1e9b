#pragma once

#include "hoist/math/activation.hpp"

namespace hoist {

/// The residual lambda (phi(u + v) - x') of the x' whose residual at u is r. @param x phi(u).
template <typename Scalar>
void move_residual(const Activation& phi, double lambda, const ConstMatrixRef<Scalar>& r,
                   const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& x,
                   const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar> moved) {
    phi.difference_quotient(-lambda, u, static_cast<Scalar>(lambda) * v, x, moved);
    moved += r;
}

/// lambda/2 |phi - x|^2 of each column, from the residual r = lambda (phi - x).
template <typename Scalar>
Vector<double> square_of_residual(double lambda, const ConstMatrixRef<Scalar>& r) {
    return r.template cast<double>().colwise().squaredNorm().transpose() / (2.0 * lambda);
}

}  // namespace hoist
