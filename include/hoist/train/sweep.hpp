#pragma once

#include <optional>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/train/choice_fit.hpp"
#include "hoist/train/relaxation.hpp"
#include "hoist/train/ridge_refit.hpp"

namespace hoist {

/// One sweep of block-coordinate descent over a stage, in step with the sweeps of the other ranks.
/// With the moves B(l,k) of Relaxation and
///     R(l): layer l refits its weights
/// the order is
///     all B(l,.) and B(l+1,.) precede R(l)
///     R(l) and R(m) are independent         all layers refit at once
/// After R the new preactivations travel up.
template <typename Scalar>
class Sweep {
  public:
    /// Takes part in the training of `stage`. Collective over the stage's ranks `peers`: the constant
    /// Gram matrix of the inputs is summed and factored. All references must outlive it. @throws
    /// NumericalError, on all ranks of the stage.
    Sweep(const Config& config, const Communicator& world, const Communicator& peers,
          const Placement& placement, const Samples<Scalar>& samples, Stage<Scalar>& stage,
          Variables<Scalar>& variables);

    /// As those of Relaxation. Collective over the world, as are all of the following.
    void forward() { relaxation_.forward(); }
    void resume() { relaxation_.resume(); }
    /// Other lambda from here on, in resume(), too.
    void weigh(const std::vector<double>& lambda);
    /// Moves all activations, refits all weights.
    void operator()();
    void settle() { relaxation_.settle(); }

    Relaxation<Scalar>& relaxation() { return relaxation_; }
    /// After any of the above: this rank's terms of E.
    const Energy& energy() const { return relaxation_.energy(); }
    const LiftSums& lift_sums() const { return relaxation_.lift_sums(); }
    const PhaseTimes& times() const { return relaxation_.times(); }
    /// RidgeFactor::shift() of each of this rank's layers, the largest so far.
    std::vector<double> shifts() const {
        return refit_ ? refit_->shifts() : std::vector<double>(stage_.weights.size(), 0.0);
    }
    /// @throws NumericalError where this rank's weights could not be refit; the sweep itself then
    /// went on with the old ones.
    void require_success() const {
        if (failure_) {
            throw Error(*failure_);
        }
    }

  private:
    void accumulate(Index block);
    void refit();
    void improve_output();
    std::vector<double> weights_above() const;
    /// A failure is the same on every shard of the stage; the sweep goes on, so that nobody waits in
    /// vain.
    void attempt(const std::function<void()>& work);

    Stage<Scalar>& stage_;
    int inner_;
    Relaxation<Scalar> relaxation_;
    StageTerms<Scalar>& terms_;
    /// One of the two fits all weights.
    std::optional<RidgeRefit<Scalar>> refit_;
    std::optional<ChoiceFit<Scalar>> choice_;
    std::optional<Error> failure_;
};

}  // namespace hoist
