#pragma once

#include "hoist/math/matrix.hpp"

namespace hoist {

/// The signal r of the output over the passes of a batch, sample by sample: the fixed point of
/// r = slope(u(r)), where slope is that of the loss and u = u_{L+1} falls as r grows, because the layers
/// below give way. A pass after which r would be the slope at the u that it found overshoots; so r goes
/// 1 / (1 + h q) of the way, with the secants of two passes
///     h = <d slope, du> / |du|^2      the curvature of the loss,
///     q = <-du, dr> / |dr|^2          how u gives way,
/// of whose products the largest so far counts, a little less from pass to pass: the next step may meet
/// it again along its own direction.
template <typename Scalar>
class OutputSignal {
  public:
    OutputSignal() = default;
    OutputSignal(Index outputs, Index columns)
        : u_(outputs, columns),
          slope_(outputs, columns),
          r_(outputs, columns),
          stiffness_(columns) {}

    /// The first pass: feed-forward, r the slope at u.
    void begin(Range columns, const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& r);
    /// @param r that of the pass before on entry.
    void step(Range columns, const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& slope,
              MatrixRef<Scalar> r);

  private:
    /// Of the pass before; r_ of the one before that.
    Matrix<Scalar> u_;
    Matrix<Scalar> slope_;
    Matrix<Scalar> r_;
    /// h q, the largest so far, less what has been forgotten of it.
    Vector<double> stiffness_;
};

}  // namespace hoist
