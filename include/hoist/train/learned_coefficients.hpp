#pragma once

#include <vector>

#include "hoist/comm/communicator.hpp"
#include "hoist/config/config.hpp"
#include "hoist/formulation/formulation.hpp"
#include "hoist/problem/stage.hpp"
#include "hoist/train/holders.hpp"
#include "hoist/train/phase_times.hpp"

namespace hoist {

/// Trains the coefficients of a stage's activations on mini-batches by Adam: those of splines, four times as fast as
/// weights, and the slopes of
/// leaky_relu (Askari et al., section 6), which stay between 0.001 and 0.999, where network.learn_slopes asks for
/// it.
template <typename Scalar>
class LearnedCoefficients {
  public:
    /// @param peers the ranks of the stage, whose network takes the new coefficients. @param holders of shared
    /// weights, whose activations are shared, too. All references must outlive it.
    LearnedCoefficients(const Config& config, const Communicator& peers, Stage<Scalar>& stage,
                        const Holders& holders, PhaseTimes& times);

    /// Adds the derivative of what respond() lowers by the coefficients of phi_l, for some columns.
    /// @param g as for Formulation::respond().
    void add(const Formulation<Scalar>& formulation, Index layer, const ConstMatrixRef<Scalar>& u,
             const ConstMatrixRef<Scalar>& g) {
        if (learns_[position(layer)]) {
            gradients(layer) += formulation.coefficient_slopes(layer, u, g);
        }
    }
    /// Collective over the ranks that hold them: a step of length `rate` of those of some layers, as
    /// StepFit::sum(). @param columns that were added, over all shards.
    void step(Range layers, Index columns, double rate);

    /// Leaves out what has been added.
    void forget() { gradients_.setZero(); }

    /// Of phi_l, for each coefficient: steps, first and second moment, and the coefficient.
    Matrix<Scalar>* state(Index layer) { return &state_[position(layer)]; }
    /// Sets the coefficients to what state() holds.
    void restore();
    /// Collective over the world: gives every rank the coefficients of all stages.
    void share(const Communicator& world);

  private:
    std::size_t position(Index layer) const {
        return static_cast<std::size_t>(layer - stage_.layers.begin);
    }
    auto gradients(Index layer) {
        return gradients_.segment(first_[position(layer)], state_[position(layer)].rows());
    }
    auto gradients(Range layers) {
        const Index begin = first_[position(layers.begin)];
        const Index last = layers.end - 1;
        return gradients_.segment(begin,
                                  first_[position(last)] + state_[position(last)].rows() - begin);
    }
    void set(Index layer, const Vector<double>& coefficients);

    const Communicator& peers_;
    Stage<Scalar>& stage_;
    const Holders& holders_;
    PhaseTimes& times_;
    /// Of the layers of the stage, and whether any of all layers do.
    std::vector<bool> learns_;
    bool any_;
    std::vector<Matrix<Scalar>> state_;
    /// Where those of each layer begin in gradients_.
    std::vector<Index> first_;
    Vector<double> gradients_;
    /// How many coefficients the layers that share the weights of each have.
    std::vector<Index> shared_;
};

/// Whether mini-batches learn the coefficients of block `layer`, 1 <= layer <= L.
bool learns_coefficients(const Config& config, Index layer);
/// How many numbers of block `layer` a run on mini-batches remembers.
Index learned_numbers(const Config& config, Index layer);

}  // namespace hoist
