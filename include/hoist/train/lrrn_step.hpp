#pragma once

#include <memory>
#include <vector>

#include "hoist/formulation/output_block.hpp"
#include "hoist/problem/batch_inputs.hpp"
#include "hoist/problem/batches.hpp"
#include "hoist/problem/samples.hpp"
#include "hoist/train/lrrn_gradient.hpp"
#include "hoist/train/lrrn_relaxation.hpp"
#include "hoist/train/step_fit.hpp"

namespace hoist {

/// Mini-batches of a lifted regression/reconstruction network: each sample is relaxed from the state that it
/// had an epoch ago, and what follows (see LrrnPhase) gives the exact gradient of the objective of the minimizers, as
/// far as they have settled (see lrrn.hpp). After each step the maps with beta = 0 are cut back to the norm that the
/// Lipschitz constant leaves them.
template <typename Scalar>
class LrrnStep {
  public:
    /// Takes the training samples' states into `states`. All references must outlive it.
    LrrnStep(const Config& config, const Communicator& world, const Communicator& peers,
             const Placement& placement, const Samples<Scalar>& samples, Stage<Scalar>& stage,
             Variables<Scalar>& states);

    Index batches() const { return batches_.count(); }
    /// Draws the samples of an epoch's batches.
    void begin_epoch(Index epoch);
    /// One batch, and a step of length `rate`. Collective over the world.
    void operator()(Index batch, int round, double rate);

    StepFit<Scalar>& fit() { return fit_; }
    /// @throws NumericalError where a step or a relaxation failed, or has not settled where a contrast would
    /// amplify what is left.
    void require_success() const;
    const PhaseTimes& times() const { return times_; }
    /// The sums of the loss, and of the weighted energy in the objective, over the samples of this rank since
    /// begin_epoch(), before each step.
    double loss() const { return loss_; }
    double energy() const { return energy_; }
    /// Since begin_epoch(), on this rank.
    const RelaxationFigures& figures() const { return relaxation_.figures(); }
    /// As BatchStep's.
    std::vector<std::vector<Matrix<Scalar>*>> solver_state();

  private:
    void gather(Index batch);
    void scatter(Index batch);
    template <typename Visit>
    void for_each_state(Index batch, const Visit& visit);
    bool meet_targets(Index block, const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> given);
    void keep_norms();
    std::vector<Range>& layout() { return inputs_of_batch_.layout; }
    std::size_t position_of(Index block) const {
        return static_cast<std::size_t>(block - samples_.own.begin);
    }

    const Config& config_;
    const Samples<Scalar>& samples_;
    Stage<Scalar>& stage_;
    Variables<Scalar>& states_;
    Batches batches_;
    PhaseTimes times_;
    StepFit<Scalar> fit_;
    LrrnRelaxation<Scalar> relaxation_;
    LrrnLayers<Scalar>& layers_;
    /// The hidden blocks whose states last: those of the stage, and the one above.
    Range kept_;
    std::unique_ptr<OutputBlock<Scalar>> output_;
    std::unique_ptr<BatchInputs<Scalar>> inputs_;
    LrrnInputs<Scalar> inputs_of_batch_;
    After after_;
    Index columns_ = 0;
    Index epoch_ = 0;
    Index batch_ = 0;
    double loss_ = 0.0;
    double energy_ = 0.0;
    /// Of the training samples: whose labels count, and how many samples there are for one of them.
    std::vector<bool> labeled_;
    double samples_per_label_ = 1.0;
};

}  // namespace hoist
