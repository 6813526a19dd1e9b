#pragma once

#include <memory>

#include "hoist/formulation/gap_penalty.hpp"
#include "hoist/formulation/mac.hpp"

namespace hoist {

/// Contrastive training (Zach and Estellers 2019). Its free state is the feed-forward one, whose
/// energy is zero. `clamped`: the state with the output held at its label and the penalty of layer
/// l discounted by gamma^l; over gamma^{L+1}, its energy is that of `fenchel` with lambda_l =
/// gamma^{l-L-1}. `dual`: dual propagation (Hoier, Staudt and Zach 2023), two states on either side
/// of the feed-forward one, z+ = phi(u - a beta g / lambda) and z- = phi(u + (1-a) beta g /
/// lambda), a = 1, 0, 1/2 for a positive, a negative and both nudges; the signal is lambda (z- -
/// z+) / beta.
template <typename Scalar>
class Contrastive final : public GapPenalty<Scalar> {
  public:
    Contrastive(const NetworkSpec& spec, const FormulationOptions& options);

    void respond(Index layer, const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& g,
                 const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> s) const override;
    Vector<double> coefficient_slopes(Index layer, const ConstMatrixRef<Scalar>& u,
                                      const ConstMatrixRef<Scalar>& g) const override;

  private:
    Contrast contrast_;
    Nudge nudge_;
    double beta_;
};

/// Dual propagation, as above, through activations of which some minimize no convex function (gelu,
/// sin, maximum pooling): its two states need phi alone. What is asked of the penalty beside them is
/// answered by that of mac. At maxima the states are phi of the largest of a window.
template <typename Scalar>
class DualPropagation final : public Mac<Scalar> {
  public:
    DualPropagation(const NetworkSpec& spec, const FormulationOptions& options);

    void respond(Index layer, const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& g,
                 const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> s) const override;

  private:
    Nudge nudge_;
    double beta_;
};

/// The one of the two that carries the network's activations.
template <typename Scalar>
std::unique_ptr<Formulation<Scalar>> make_contrastive(const NetworkSpec& spec,
                                                      const FormulationOptions& options);

/// @throws UsageError as check_gap_penalty for `clamped`, as check_mac for `dual`, and for `dual` with
/// more than one step per block.
void check_contrastive(const NetworkSpec& spec, const FormulationOptions& options);

}  // namespace hoist
