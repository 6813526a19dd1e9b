#pragma once

#include <functional>

#include "hoist/formulation/formulation.hpp"
#include "hoist/math/activation.hpp"
#include "hoist/math/nnls.hpp"

namespace hoist {

// Lifted regression/reconstruction networks (Hoier and Zach, BMVC 2020). Their state is the minimizer of
//     E(z; x) = 1/2 sum_k gamma^k (|z_{k+1} - W_k z_k - b_k|^2 + beta_{k+1} |W_k' z_{k+1} - z_k|^2)
// over z_k in C_k, z_0 = x (eqs. 1 and 17; the reconstruction has no offset, c_k = 0). Blocks are numbered by
// k = 1, ..., T: the hidden ones, and the output too where its beta is not 0. With beta_{L+1} = 0 the output is
// W_L z_L + b_L and pulls at nothing while it is free.
//
// Block k minimizes 1/2 z'Az - c'z over C_k, where
//     A_k = I + beta_k W_{k-1} W_{k-1}' + gamma (beta_{k+1} I + W_k'W_k)
//     c_k = p_k + gamma d_k,   p_k = (1 + beta_k) W_{k-1} z_{k-1} + b_{k-1},
//                              d_k = W_k'((1 + beta_{k+1}) z_{k+1} - b_k)
// and the topmost block has no second part of either.
//
// A loss of the state has the gradient -d/dt (dE/dW)(z + t v) with H v = its slope on the coordinates that are
// inside C_k, H the Hessian of E in z. With w_k = gamma^(k-1) v_k nothing grows as gamma tends to 0:
//     A_k w_k = gamma (1 + beta_k) W_{k-1} w_{k-1} + (1 + beta_{k+1}) W_k' w_{k+1}  (+ the slope at the top).
//
// E is quadratic in z, so that the difference of its slopes in W at two states is that of one step along
// z - z' from their mean: nudged states z^-, z^+, which minimize E -+ n <slope, z_T> with n = s gamma^(T-1), have
//     w_k = gamma^(k-T) (z^+_k - z^-_k) / (2 s),
// and the difference of the energies of a clamped state and the free one (the paper's eq. 21) has
// w_k = gamma^(k-1) (z_k - z^clamped_k), with the output as one more block.

/// The number of the topmost block that moves: T.
inline Index topmost_block(const NetworkSpec& spec, const FormulationOptions& options) {
    return spec.unsupervised() || options.reconstruction.back() > 0.0 ? spec.layers()
                                                                      : spec.layers() - 1;
}

/// The phases of a batch: the free one, and those that follow.
inline int phases_of_batch(const NetworkSpec& spec, const FormulationOptions& options) {
    return spec.unsupervised() ? 1 : options.phase == LrrnPhase::nudged ? 3 : 2;
}
/// Whether energies of states are part of what the weights learn from.
inline bool counts_energies(const FormulationOptions& options) {
    return options.energy > 0.0 || options.clamps();
}

/// C_k: where the coordinates of block k stay.
template <typename Scalar>
Bounds<Scalar> bounds_of_block(const NetworkSpec& spec, Index block);

/// The term of E of one map, without gamma^k; z lies below it and z_above above. Columns are samples.
template <typename Scalar>
class RegressionReconstruction {
  public:
    RegressionReconstruction(LinearMap<Scalar> map, double beta)
        : map_(std::move(map)), beta_(static_cast<Scalar>(beta)) {}

    const LinearMap<Scalar>& map() const { return map_; }

    /// p of the block above: (1 + beta) W z + b.
    void upward(const ConstMatrixRef<Scalar>& z, MatrixRef<Scalar> p) const;
    /// The same, in place, of u = W z + b.
    void upward_from_map(MatrixRef<Scalar> u) const;
    /// p = factor (1 + beta) W w.
    void linear_upward(double factor, const ConstMatrixRef<Scalar>& w, MatrixRef<Scalar> p) const;
    /// d of the block below: factor W'((1 + beta) z_above - b).
    void downward(double factor, const ConstMatrixRef<Scalar>& z_above, MatrixRef<Scalar> d) const;
    /// d = (1 + beta) W' w_above.
    void linear_downward(const ConstMatrixRef<Scalar>& w_above, MatrixRef<Scalar> d) const;

    /// Its parts of A of the block above and of the one below: beta W W', factor (beta I + W'W).
    Matrix<Scalar> curvature_above() const { return map_.gram_of_rows(beta_); }
    Matrix<Scalar> curvature_below(double factor) const;

    /// The term of each column.
    Vector<double> energy(const ConstMatrixRef<Scalar>& z,
                          const ConstMatrixRef<Scalar>& z_above) const;

    /// g += the gradient of the loss in [W b], summed over the columns:
    ///     (s + beta w_above) z' + gamma (beta z_above - r) w' - beta (w_above z_above' + z_above w_above') W,
    /// with s = w_above - gamma W w, which is also that in b, and r = W z + b - z_above.
    void add_gradient(double gamma, const ConstMatrixRef<Scalar>& z,
                      const ConstMatrixRef<Scalar>& w, const ConstMatrixRef<Scalar>& z_above,
                      const ConstMatrixRef<Scalar>& w_above, MatrixRef<Scalar> g) const;
    /// The same where z is the input, which does not move. `add_moment` adds s z' to its second argument.
    using AddMoment = std::function<void(const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> g)>;
    void add_input_gradient(const AddMoment& add_moment, const ConstMatrixRef<Scalar>& z_above,
                            const ConstMatrixRef<Scalar>& w_above, MatrixRef<Scalar> g) const;

    /// g += factor times the slope of the term in [W b] while the states stay as they are:
    ///     (W z + b - z_above) z' + beta z_above (W'z_above - z)', and the first in b.
    void add_energy_gradient(double factor, const ConstMatrixRef<Scalar>& z,
                             const ConstMatrixRef<Scalar>& z_above, MatrixRef<Scalar> g) const;
    /// The same where z is the input, of which u = W z + b.
    void add_input_energy_gradient(double factor, const AddMoment& add_moment,
                                   const ConstMatrixRef<Scalar>& u,
                                   const ConstMatrixRef<Scalar>& z_above,
                                   MatrixRef<Scalar> g) const;

  private:
    LinearMap<Scalar> map_;
    Scalar beta_;
};

/// A Lipschitz constant of z_above as a function of z, whatever stands above (the paper's lemmas 1 and 2): for
/// beta = 0 the norm of W; for beta > 0 the largest (1 + beta) s / (1 + beta s^2) over 0 <= s <= norm, which is
/// (beta^{1/2} + beta^{-1/2}) / 2 where the norm reaches beta^{-1/2}: in the proof of lemma 1 alpha is at least
/// (norm^-2 + beta) / (1 + beta). @param norm at least that of W.
double lipschitz_factor(double beta, double norm);

/// The largest norm that the maps with beta = 0 may have where the product of all factors is to be at most
/// `lipschitz`, the same for each; infinite where there is none such.
double norm_limit(const FormulationOptions& options);

/// @throws UsageError for maps and activations that the energy cannot carry.
void check_lrrn(const NetworkSpec& spec, const FormulationOptions& options);

}  // namespace hoist
