#pragma once

#include <Eigen/SparseCore>

#include "hoist/math/matrix.hpp"
#include "hoist/math/windows.hpp"

namespace hoist {

/// A known linear operator P on the places of a block, the same for all of its channels.
class FixedOperator {
  public:
    /// The mean of each window.
    static FixedOperator average(const Windows& windows);

    const Shape& from() const { return windows_.from; }
    const Shape& to() const { return to_; }
    /// Those whose means it gives.
    const Windows& windows() const { return windows_; }

    /// y = P x. @pre columns of x and y have the shapes from() and to().
    template <typename Scalar>
    void apply(const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> y) const;
    /// x += P'y.
    template <typename Scalar>
    void add_adjoint(const ConstMatrixRef<Scalar>& y, MatrixRef<Scalar> x) const;
    /// A bound of its spectral norm: the root of its largest sums of a row and of a column.
    double norm_bound() const;

  private:
    FixedOperator() = default;

    Windows windows_;
    Shape to_;
    /// The places of `from` for each place of `to`, a column.
    Eigen::SparseMatrix<double> transposed_;
};

}  // namespace hoist
