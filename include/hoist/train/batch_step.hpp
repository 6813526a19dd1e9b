#pragma once

#include <memory>
#include <vector>

#include "hoist/formulation/output_block.hpp"
#include "hoist/problem/batches.hpp"
#include "hoist/problem/samples.hpp"
#include "hoist/train/dropout.hpp"
#include "hoist/train/learned_slopes.hpp"
#include "hoist/train/passage.hpp"
#include "hoist/train/step_fit.hpp"

namespace hoist {

/// One mini-batch through a stage, in step with the other ranks. With
///     F(l,k): u_{l+1} = W_l x_l + b_l of column block k, from x_l = phi(u_l), normalized by the
///             block's own moments where the map is
///     B(l,k): layer l answers the signal s_{l+1} = lambda_{l+1} r_{l+1} of block k and sends s_l down
///     G(l):   the gradient s_{l+1} [x_l;1]' over all blocks, and a step of W_l
/// the order is
///     F(l,k) precedes F(l+1,k)          F(L,k) precedes B(L,k)
///     B(l+1,k) precedes B(l,k)          all B(l,.) precede G(l); the G are independent
/// and the blocks of a batch follow one another through the stages. A stage prefers B to F, and sums
/// gradients of the blocks that it has answered while nothing else has arrived. The signal of W_l is taken at
/// the forward u_{l+1} and x_l. With `formulation.iterations` above 1 a block is minimized by
/// proximal-gradient steps instead, and what travels down is the residual of the moved x_l.
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
    /// of length `rate`. Collective over the world, as is finish().
    void operator()(Index batch, int round, double rate);
    /// Completes the batches that are still under way.
    void finish();

    /// u_1 = W_0 x_0 + b_0 of some of this rank's training samples. @pre the first stage.
    void apply_first(const LinearMap<Scalar>& map, Range columns, Matrix<Scalar>& u) const {
        inputs_->apply(map, columns, u);
    }
    StepFit<Scalar>& fit() { return fit_; }
    const StepFit<Scalar>& fit() const { return fit_; }
    LearnedSlopes<Scalar>& slopes() { return slopes_; }

    /// The sum of the output's energy over the samples of this rank since begin_epoch(), before
    /// each step.
    double loss() const { return loss_; }
    const PhaseTimes& times() const { return times_; }

    /// What a run remembers beside the weights, layer by layer; in the order of solver_entries().
    std::vector<std::vector<Matrix<Scalar>*>> solver_state();

  private:
    void forward(Passage<Scalar>& passage, Index block);
    void backward(Passage<Scalar>& passage);
    void answer(Passage<Scalar>& passage, Index block, Index layer);
    void minimize(Passage<Scalar>& passage, Index block, Index layer);
    void add_group(Passage<Scalar>& passage);
    void answer_meanwhile(Passage<Scalar>& passage, std::size_t forwarded, Passage<Scalar>& awaited,
                          Index block);
    void complete(Passage<Scalar>& passage);
    void refit(Passage<Scalar>& passage);
    void prepare();

    bool is_output(Index layer) const { return layer + 1 == stage_.network.layers(); }

    const Samples<Scalar>& samples_;
    Stage<Scalar>& stage_;
    bool first_;
    bool last_;
    bool minimizes_;
    std::size_t delay_;
    std::vector<Index> order_;
    Batches batches_;
    std::unique_ptr<Formulation<Scalar>> formulation_;
    std::unique_ptr<OutputBlock<Scalar>> output_;
    std::unique_ptr<BatchInputs<Scalar>> inputs_;
    Dropout dropout_;
    Scalar smoothing_;
    PhaseTimes times_;
    StepFit<Scalar> fit_;
    LearnedSlopes<Scalar> slopes_;

    Index epoch_ = 0;
    std::vector<Passage<Scalar>> passages_;
    /// Batches begun and completed since begin_epoch().
    std::size_t begun_ = 0;
    std::size_t completed_ = 0;
    /// Where the columns of this shard begin in each batch.
    std::vector<Index> first_column_;
    double loss_ = 0.0;
};

}  // namespace hoist
