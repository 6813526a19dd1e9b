#pragma once

#include <vector>

#include "hoist/problem/batch_inputs.hpp"
#include "hoist/train/lrrn_layers.hpp"

namespace hoist {

/// The inputs of a batch on this rank.
template <typename Scalar>
struct LrrnInputs {
    /// Where each own block lies in the columns of the states.
    std::vector<Range> layout;
    /// Of each; none but on the first stage.
    std::vector<InputBlock<Scalar>> blocks;
    /// W_0 x + b_0, where energies count on the first stage.
    Matrix<Scalar> first;
};

/// The gradient of a batch of a lifted regression/reconstruction network in the maps [W b] of a stage, summed over
/// the samples of this rank: of what its relaxed states say (see lrrn.hpp).
template <typename Scalar>
class LrrnGradient {
  public:
    using Phase = typename LrrnLayers<Scalar>::Phase;

    /// All references must outlive it.
    LrrnGradient(const FormulationOptions& options, const Stage<Scalar>& stage,
                 LrrnLayers<Scalar>& layers, const LrrnInputs<Scalar>& inputs);

    /// Adds that of the loss. @param slope of it in the outputs. Nudged states are gone afterwards.
    void add_loss(After after, const Matrix<Scalar>& slope);
    /// Adds that of the difference of the energies of the clamped and the free states, and returns it. The clamped
    /// states are gone afterwards.
    double add_contrast();
    /// Adds that of the energy of the states of a phase, times `weight`, and returns it.
    double add_energies(Phase phase, double weight);

    Matrix<Scalar>& of(Index map) {
        return gradients_[static_cast<std::size_t>(map - stage_.layers.begin)];
    }

  private:
    /// Of the maps between blocks that w says how to move.
    void add_terms(Index end);
    double energy_of(Phase phase, Index map);
    typename RegressionReconstruction<Scalar>::AddMoment input_moment() const;

    const FormulationOptions& options_;
    const Stage<Scalar>& stage_;
    LrrnLayers<Scalar>& layers_;
    const LrrnInputs<Scalar>& inputs_;
    std::vector<Matrix<Scalar>> gradients_;
};

}  // namespace hoist
