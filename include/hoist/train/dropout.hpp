#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// Which units of the hidden layers drop out of a sample: the same for a given (seed, epoch, sample) on
/// every grid.
class Dropout {
  public:
    /// @param shares of each hidden layer, the units that drop out. Must outlive it.
    Dropout(const std::vector<double>& shares, std::uint64_t seed) : shares_(shares), seed_(seed) {}

    /// Whether any units of the layer, 1 <= l <= L, drop out.
    bool active(Index layer) const { return share(layer) > 0.0; }
    /// Sets the units that drop out to zero and scales the others, in x_l and likewise in its gradient.
    /// @param samples of the columns of x, numbered over the whole data.
    template <typename Scalar>
    void apply(Index epoch, Index layer, std::span<const Index> samples, MatrixRef<Scalar> x) const;

  private:
    double share(Index layer) const { return shares_[static_cast<std::size_t>(layer - 1)]; }

    const std::vector<double>& shares_;
    std::uint64_t seed_;
};

}  // namespace hoist
