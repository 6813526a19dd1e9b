#pragma once

#include <optional>
#include <vector>

#include "hoist/train/batch_layers.hpp"
#include "hoist/train/step_fit.hpp"

namespace hoist {

/// One mini-batch through a stage, in step with the other ranks. With
///     F(l,k): u_{l+1} = W_l x_l + b_l of column block k
///     B(l,k): layer l answers the signal s_{l+1} of block k and sends s_l down
///     G(l):   the gradient s_{l+1} [x_l;1]' over all blocks, and a step of W_l
/// (see BatchLayers) the order is
///     F(l,k) precedes F(l+1,k)          F(L,k) precedes B(L,k)
///     B(l+1,k) precedes B(l,k)          all B(l,.) precede G(l); the G are independent
/// in each pass, B(l,k) of a pass precedes F(l,k) of the next, and the blocks of a batch follow one another
/// through the stages, pass by pass. A stage prefers B to F, and sums gradients of the blocks that it has
/// answered for the last time while nothing else has arrived.
///
/// With a staleness of d, a stage that lies j stages below the last goes on to the next batches
/// before the signals of the present one have come down, min(d, j) batches ahead.
template <typename Scalar>
class BatchStep {
  public:
    /// All references must outlive it.
    BatchStep(const Config& config, const Communicator& world, const Communicator& peers,
              const Placement& placement, const Samples<Scalar>& samples, Stage<Scalar>& stage);

    /// Batches per epoch.
    Index batches() const { return batches_.count(); }
    /// Draws the samples of an epoch's batches. @pre no batch is under way.
    void begin_epoch(Index epoch);
    /// Sends batch `batch` of the epoch through for the `round`-th time in a row, with a weight step
    /// of length `rate`; none: the gradient alone is wanted. Collective over the world, as is finish().
    void operator()(Index batch, int round, std::optional<double> rate);
    /// Completes the batches that are still under way.
    void finish();
    /// Sends a batch through without a step: StepFit::gradient() then is its gradient. Collective over the
    /// world. @pre no batch is under way.
    void probe(Index batch);

    /// u_1 = W_0 x_0 + b_0 of some of this rank's training samples. @pre the first stage.
    void apply_first(const LinearMap<Scalar>& map, Range columns, Matrix<Scalar>& u) const {
        layers_.apply_first(map, columns, u);
    }
    StepFit<Scalar>& fit() { return fit_; }
    const StepFit<Scalar>& fit() const { return fit_; }
    LearnedCoefficients<Scalar>& coefficients() { return coefficients_; }

    BatchLayers<Scalar>& layers() { return layers_; }
    const BatchLayers<Scalar>& layers() const { return layers_; }
    const PhaseTimes& times() const { return times_; }

    /// What a run remembers beside the weights, layer by layer; in the order of solver_entries().
    std::vector<std::vector<Matrix<Scalar>*>> solver_state();

  private:
    void backward(Passage<Scalar>& passage);
    void add_group(Passage<Scalar>& passage);
    void answer_meanwhile(Passage<Scalar>& passage, std::size_t forwarded, Passage<Scalar>& awaited,
                          std::size_t turn);
    void complete(Passage<Scalar>& passage);
    void refit(Passage<Scalar>& passage);

    /// The blocks of all passes, one after another.
    std::size_t turns() const { return order_.size() * static_cast<std::size_t>(layers_.passes()); }
    Index block_of(std::size_t turn) const { return order_[turn % order_.size()]; }
    int pass_of(std::size_t turn) const { return static_cast<int>(turn / order_.size()); }

    const Samples<Scalar>& samples_;
    Stage<Scalar>& stage_;
    bool last_;
    std::size_t delay_;
    std::vector<Index> order_;
    Batches batches_;
    PhaseTimes times_;
    Holders holders_;
    StepFit<Scalar> fit_;
    LearnedCoefficients<Scalar> coefficients_;
    BatchLayers<Scalar> layers_;

    std::vector<Passage<Scalar>> passages_;
    /// Batches begun and completed since begin_epoch().
    std::size_t begun_ = 0;
    std::size_t completed_ = 0;
    /// Where the columns of this shard begin in each batch.
    std::vector<Index> first_column_;
};

}  // namespace hoist
