#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "hoist/train/batch_layers.hpp"
#include "hoist/train/batch_part.hpp"
#include "hoist/train/inbox.hpp"
#include "hoist/train/step_fit.hpp"

namespace hoist {

/// Columns of a batch that are summed at once, fewer of which would make the products slow, with blocks of at most so
/// many columns.
constexpr Index batch_group_columns(Index block) { return std::clamp<Index>(8 * block, 64, 256); }

/// Mini-batches through a stage, in step with the other ranks. With
///     F(l,n,k): u_{l+1} = W_l x_l + b_l of column block k of batch n
///     B(l,n,k): layer l answers the signal s_{l+1} of the block and sends s_l down
///     G(l,n):   the gradient s_{l+1} [x_l;1]' over the blocks of the batch
///     U(l,n):   the step of W_l
/// (see BatchLayers) the order is
///     F(l,n,k) precedes F(l+1,n,k)      F(L,n,k) precedes B(L,n,k)
///     B(l+1,n,k) precedes B(l,n,k)      all B(l,n,.) precede G(l,n), which precedes U(l,n)
///     U(l,n) precedes all B(l,n+1,.)    F(l,n+d,.) precede U(l,n), which precedes F(l,n+d+1,.)
/// where d is the delay of the layer: 0, or with a staleness the number of stages above its own, and no more than
/// the staleness. So a layer goes up through a batch with the weights of d steps before its own, and down with
/// those of the step before its own: whatever the grid and its speed. In each pass but the first F(l,n,k) follows
/// B(l,n,k) of the pass before, and the blocks of a batch follow one another pass by pass.
///
/// A stage does what has arrived: B before F, since every stage below waits for it, and gradients while nothing
/// else can be done.
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
    /// of length `rate`; none: the gradient alone is wanted. The last of an epoch, and of the batches after which steps
    /// are waited for, completes those under way. Collective over the world, as is finish().
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
    using PartAt = std::vector<BatchPart>::iterator;

    void advance(bool to_the_end);
    bool act(bool to_the_end);
    void await();
    bool has_input(PartAt part);
    bool has_signal(PartAt part);
    void forward(BatchPart& part);
    void backward(BatchPart& part);
    void sum(BatchPart& part);
    void open(BatchPart& part);
    void step(BatchPart& part);

    /// The blocks of all passes, one after another.
    std::size_t turns() const { return order_.size() * static_cast<std::size_t>(layers_.passes()); }
    Index block_of(std::size_t turn) const { return order_[turn % order_.size()]; }
    int pass_of(std::size_t turn) const { return static_cast<int>(turn / order_.size()); }
    /// Of the n-th batch of the epoch.
    Passage<Scalar>& passage(Index number) {
        return passages_[static_cast<std::size_t>(number) % passages_.size()];
    }

    const Samples<Scalar>& samples_;
    Stage<Scalar>& stage_;
    bool first_;
    bool last_;
    std::vector<Index> order_;
    Batches batches_;
    /// Batches after which none is under way.
    Index unbroken_;
    PhaseTimes times_;
    Holders holders_;
    StepFit<Scalar> fit_;
    LearnedCoefficients<Scalar> coefficients_;
    LookAhead<Scalar> ahead_;
    Index group_columns_;
    BatchLayers<Scalar> layers_;

    /// From the lowest layer up, so that no delay is longer than the one before.
    std::vector<BatchPart> parts_;
    std::vector<Passage<Scalar>> passages_;
    /// Where the stage below runs ahead of this one.
    std::optional<Inbox<Scalar>> inbox_;
    /// Batches since begin_epoch().
    Index begun_ = 0;
    /// Where the columns of this shard begin in each batch.
    std::vector<Index> first_column_;
};

}  // namespace hoist
