#pragma once

#include <Eigen/Cholesky>

#include "hoist/math/normal_equations.hpp"

namespace hoist {

/// The solution of ridge regressions of any targets on the same inputs: the minimizer of
/// |W X + b 1' - T|^2 + kappa |W|^2, whose bias is not penalized. With everything about its mean
/// over all samples the bias drops out; (X X' + kappa I) W' = X T' is scaled to a unit diagonal,
/// so that neither offsets nor units of the inputs cost digits, and factored once in double
/// (Cholesky).
class RidgeFactor {
  public:
    /// @param equations summed over shards. @param kappa >= 0. @param precision the spacing of the
    /// numbers near one in which products were formed.
    /// An input that varies by no more than its rounding has no weights. Where the scaled matrix is
    /// singular to `precision` (inputs that depend on one another, fewer samples than inputs),
    /// shift() is added to its diagonal. @throws NumericalError if the matrix is not finite.
    RidgeFactor(const NormalEquations& equations, double kappa, double precision);

    /// The (n+1) x m solution for the moment in `equations`, which may be those of the constructor
    /// or others at center(): [W b] is its transpose. W is rounded to the precision of the
    /// products, and b makes up for it. @pre they are summed over shards.
    Matrix<double> solve(const NormalEquations& equations) const {
        return solve(equations, {0, equations.outputs()});
    }
    /// The columns of it that belong to some outputs.
    Matrix<double> solve(const NormalEquations& equations, Range outputs) const;

    /// What was added to the diagonal, as a share of each of its entries; zero where the problem is
    /// regular.
    double shift() const { return shift_; }
    /// Where further equations of a shard take their moments.
    InputCenter center(Index shard) const;

  private:
    void factor(Matrix<double> a, double precision);
    /// To the precision of the products.
    double rounded(double number) const;

    Vector<double> counts_;
    Vector<double> mean_;
    /// Of each shard's mean from `mean_`, n x shards.
    Matrix<double> deviations_;
    /// Standard deviations.
    Vector<double> spread_;
    /// One over the root of each diagonal entry; zero for an input without weights.
    Vector<double> scale_;
    double shift_ = 0.0;
    double precision_;
    Eigen::LLT<Matrix<double>> factor_;
};

}  // namespace hoist
