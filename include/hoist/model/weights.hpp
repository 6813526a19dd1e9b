#pragma once

#include "hoist/base/random.hpp"
#include "hoist/math/row_moments.hpp"
#include "hoist/model/map_spec.hpp"

namespace hoist {

/// What is learned of a map u_{l+1} = W_l F_l(x_l) + b_l; LinearMap is what it does.
template <typename Scalar>
struct Weights {
    /// W, m x n: MapSpec::outputs() by MapSpec::inputs().
    Matrix<Scalar> matrix;
    /// b, m.
    Vector<Scalar> bias;
    /// Of W F(x) over samples of training, m each: what normalized maps of single samples take.
    RowMoments<Scalar> moments = {};

    /// The same map without normalization: W and b that take the moments in; these where there are none.
    Weights folded() const;
    /// The transpose of [W b], (n + 1) x m.
    Matrix<double> solution() const;
    /// Takes the (n + 1) x m solution of a regression: the transpose of [W b].
    void assign(const ConstMatrixRef<double>& solution);
    /// Cuts the singular values of W that exceed `most` down to it, which is the nearest such matrix.
    void limit_norm(double most);
};

/// Takes from each row of a matrix of filters on such windows its mean on every channel.
template <typename Scalar>
void center_filters(const Windows& windows, MatrixRef<Scalar> filters);

/// How weights start.
enum class Start { he, xavier, normal, variance_scaling, dirac, orthogonal, cosines };

/// Draws W, m x n, of map `layer` from (seed, layer), the same on every grid, and sets the bias. He: N(0, 2/n). Xavier:
/// uniform on +-sqrt(6/(n + m)) (Glorot and Bengio 2010), where m counts the numbers of all windows that one of x lies in
/// (m times the places of a window for a convolution). normal: N(0, 0.1) (the report's Table 1). variance_scaling:
/// N(0, 1/n) truncated at two standard deviations. dirac: He's, but of a convolution the first outputs
/// are the channels in the middle of the window (Zagoruyko and Komodakis 2017). orthogonal: the nearest matrix to He's with
/// orthonormal rows or columns, whichever are fewer. cosines: He's, but of a convolution the first outputs are the
/// lowest cosines of its windows without the constant (Chen and Pock 2017, section 3.2), each of norm 1 on all channels
/// together. Those of a centered map are centered. A residual map starts with W = 0, so that many of them pass x on.
template <typename Scalar>
Weights<Scalar> initial_weights(const MapSpec& map, Start start, double bias, std::uint64_t seed,
                                Index layer);

}  // namespace hoist
