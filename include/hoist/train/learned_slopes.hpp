#pragma once

#include <vector>

#include "hoist/comm/communicator.hpp"
#include "hoist/config/config.hpp"
#include "hoist/formulation/formulation.hpp"
#include "hoist/problem/stage.hpp"
#include "hoist/train/phase_times.hpp"

namespace hoist {

/// Trains the slopes of the leaky_relu of a stage's layers (Askari et al., section 6) on mini-batches, where
/// network.learn_slopes asks for it: a step of Adam on each, which stays between 0.001 and 0.999.
template <typename Scalar>
class LearnedSlopes {
  public:
    /// @param peers the ranks of the stage, whose network takes the new slopes. All references must
    /// outlive it.
    LearnedSlopes(const Config& config, const Communicator& peers, Stage<Scalar>& stage,
                  PhaseTimes& times);

    /// Adds the derivative of what respond() lowers by the slope of phi_l, for some columns.
    /// @param g, x as for Formulation::respond().
    void add(const Formulation<Scalar>& formulation, Index layer, const ConstMatrixRef<Scalar>& u,
             const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x) {
        if (learns_[position(layer)]) {
            gradients_[position(layer)] += formulation.parameter_slope(layer, u, g, x);
        }
    }
    /// Collective over the stage's ranks: a step of length `rate`. @param columns that were added, over
    /// all shards.
    void step(Index columns, double rate);

    /// Leaves out what has been added.
    void forget() { gradients_.assign(gradients_.size(), 0.0); }

    /// Of phi_l: steps, first and second moment, and slope.
    Matrix<Scalar>* state(Index layer) { return &state_[position(layer)]; }
    /// Sets the slopes to what state() holds.
    void restore();
    /// Collective over the world: gives every rank the slopes of all stages.
    void share(const Communicator& world);

  private:
    std::size_t position(Index layer) const {
        return static_cast<std::size_t>(layer - stage_.layers.begin);
    }
    void set(Index layer, double slope);

    bool any_;
    const Communicator& peers_;
    Stage<Scalar>& stage_;
    PhaseTimes& times_;
    std::vector<bool> learns_;
    std::vector<double> gradients_;
    std::vector<Matrix<Scalar>> state_;
};

}  // namespace hoist
