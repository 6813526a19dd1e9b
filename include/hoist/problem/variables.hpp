#pragma once

#include <vector>

#include "hoist/base/types.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

/// The activations of some columns that a rank holds to train its stage of the layers b, ..., e:
/// X_l of each layer and U_l = W_{l-1} X_{l-1} + b_{l-1}, what the layer below made of its own. Of the
/// neighbors it holds one matrix from each side: U_b from below, X_{e+1} from above (on the last
/// stage the targets stand in its place, and U_{L+1} = U_{e+1} are the outputs).
/// What is not needed is empty: X_0 and U_0, X_{e+1} on the last stage, U_{e+1} on all others.
template <typename Scalar>
class Variables {
  public:
    explicit Variables(Range layers)
        : layers_(layers),
          x_(static_cast<std::size_t>(layers.size() + 1)),
          u_(static_cast<std::size_t>(layers.size() + 1)) {}

    Range layers() const { return layers_; }
    /// X_l, n_l x columns. @pre b <= l <= e + 1, as below.
    Matrix<Scalar>& x(Index layer) { return x_[position(layer)]; }
    const Matrix<Scalar>& x(Index layer) const { return x_[position(layer)]; }
    /// U_l, as many rows as the map below has outputs.
    Matrix<Scalar>& u(Index layer) { return u_[position(layer)]; }
    const Matrix<Scalar>& u(Index layer) const { return u_[position(layer)]; }

  private:
    std::size_t position(Index layer) const {
        return static_cast<std::size_t>(layer - layers_.begin);
    }

    Range layers_;
    std::vector<Matrix<Scalar>> x_;
    std::vector<Matrix<Scalar>> u_;
};

}  // namespace hoist
