#pragma once

#include "hoist/math/matrix.hpp"

namespace hoist {

/// The pull g_l = W_l' s_{l+1} on a layer over the passes of a batch, sample by sample: the fixed point of
/// g = g(g). The pull in use goes theta of the way to the one that the last pass has made. Where the way
/// d turns back on the one before, by rho = <d, d'> / |d'|^2 near -1 or beyond, a step of theta = 1 / (1 + k)
/// with k = (1 - rho) / theta - 1 would have ended it, as for a linear g of slope -k; elsewhere theta grows
/// back to 1.
template <typename Scalar>
class DampedPull {
  public:
    DampedPull() = default;
    DampedPull(Index rows, Index columns)
        : pull_(rows, columns), way_(rows, columns), theta_(columns) {}

    /// The pull in use.
    ConstMatrixRef<Scalar> of(Range columns) const {
        return pull_.middleCols(columns.begin, columns.size());
    }
    /// Goes on towards the g that pass `pass`, from 0, has made.
    void step(Range columns, int pass, const ConstMatrixRef<Scalar>& g);

  private:
    Matrix<Scalar> pull_;
    Matrix<Scalar> way_;
    Vector<double> theta_;
};

}  // namespace hoist
