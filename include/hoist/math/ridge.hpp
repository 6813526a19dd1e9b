#pragma once

#include <Eigen/Cholesky>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// The factor of [X;1][X;1]' + kappa I_0 in double, where I_0 leaves the bias (the last row) out:
/// one Cholesky factorization that serves any number of right-hand sides.
class RidgeFactor {
  public:
    /// @param gram (n+1) x (n+1), only the lower triangle is read. @param kappa >= 0. Where the
    /// matrix is singular to working precision (constant inputs and kappa = 0), kappa grows by the
    /// smallest of 1e-14, 1e-13, ..., 1e-6 times the mean diagonal that makes it definite.
    /// @throws NumericalError if the matrix is not finite or stays indefinite.
    RidgeFactor(const ConstMatrixRef<double>& gram, double kappa);

    /// The (n+1) x m solution of (gram + kappa I_0) S = moment; [W b] is its transpose.
    Matrix<double> solve(const ConstMatrixRef<double>& moment) const;

  private:
    Eigen::LLT<Matrix<double>> factor_;
};

}  // namespace hoist
