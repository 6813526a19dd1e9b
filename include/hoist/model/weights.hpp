#pragma once

#include "hoist/base/random.hpp"
#include "hoist/math/matrix.hpp"
#include "hoist/model/map_spec.hpp"

namespace hoist {

/// What is learned of a map u_{l+1} = W_l x_l + b_l; LinearMap is what it does.
template <typename Scalar>
struct Weights {
    /// n_{l+1} x n_l.
    Matrix<Scalar> matrix;
    /// n_{l+1}.
    Vector<Scalar> bias;

    /// The transpose of [W b], (n_l + 1) x n_{l+1}.
    Matrix<double> solution() const;
    /// Takes the (n_l + 1) x n_{l+1} solution of a regression: the transpose of [W b].
    void assign(const ConstMatrixRef<double>& solution);
};

/// How weights start.
enum class Start { he, xavier, normal, variance_scaling };

/// Draws W_l for n_{l+1} x n_l from (seed, l), the same on every grid, and sets the bias. He: N(0, 2/n_l). Xavier: uniform
/// on +-sqrt(6/(n_l + n_{l+1})) (Glorot and Bengio 2010). normal: N(0, 0.1) (the report's Table 1). variance_scaling:
/// N(0, 1/n_l) truncated at two standard deviations.
template <typename Scalar>
Weights<Scalar> initial_weights(const MapSpec& map, Start start, double bias, std::uint64_t seed,
                                Index layer);

}  // namespace hoist
