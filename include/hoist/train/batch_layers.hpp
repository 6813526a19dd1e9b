#pragma once

#include <memory>
#include <vector>

#include "hoist/formulation/output_block.hpp"
#include "hoist/problem/samples.hpp"
#include "hoist/train/dropout.hpp"
#include "hoist/train/learned_coefficients.hpp"
#include "hoist/train/lift.hpp"
#include "hoist/train/look_ahead.hpp"
#include "hoist/train/passage.hpp"

namespace hoist {

/// The layers of a stage on the blocks of mini-batches: what each does on the way up and on the way
/// down.
///
/// A batch passes `formulation.passes` times. In the first pass activations are feed-forward and a signal
/// answers the pull from above it at that state. From the second pass on, x_l minimizes its penalty
/// under the pull g_l = W_l' s_{l+1} of the pass before, so that the passes are steps of a fixed point in
/// the signals: at its end all activations together are stationary for the energy.
template <typename Scalar>
class BatchLayers {
  public:
    /// All references must outlive it.
    BatchLayers(const Config& config, const Communicator& world, const Placement& placement,
                const Samples<Scalar>& samples, const Batches& batches, Stage<Scalar>& stage,
                LearnedCoefficients<Scalar>& coefficients, const LookAhead<Scalar>& ahead,
                PhaseTimes& times);

    /// Draws the epoch, and forgets the figures of the one before.
    void begin_epoch(Index epoch);
    /// Forgets how far the activations of the batch before were lifted.
    void begin_batch() { batch_sums_.clear(); }
    /// Takes note of how far those of the present batch were.
    void end_batch() { sums_ += batch_sums_; }
    /// x_l = phi(u_l) or the minimizer, and u_{l+1} = W_l x_l + b_l, normalized by the block's own
    /// moments where the map is, of some layers of the stage; receives u of the lowest layer and sends what leaves
    /// the stage.
    void forward(Passage<Scalar>& passage, Range layers, Index block, int pass);
    /// Each of some layers answers the signal s_{l+1} = lambda_{l+1} r_{l+1}: the signal of W_l is taken at the
    /// u_{l+1} and x_l of the way up. With `formulation.iterations` above 1 a block is minimized by
    /// proximal-gradient steps instead, and what travels down is the residual of the moved x_l.
    void backward(Passage<Scalar>& passage, Range layers, Index block, int pass);
    /// Takes note of new weights of some layers, or of new lambda.
    void prepare(Range layers);
    /// The penalty weights from here on, of the hidden layers.
    void weigh(const std::vector<double>& lambda);

    /// Passes over each batch.
    int passes() const { return passes_; }
    /// Passes over the batches from here on, at most `formulation.passes`.
    void set_passes(int passes) { passes_ = passes; }
    /// u_1 = W_0 x_0 + b_0 of some of this rank's training samples. @pre the first stage.
    void apply_first(const LinearMap<Scalar>& map, Range columns, Matrix<Scalar>& u) const {
        inputs_->apply(map, columns, u);
    }
    /// The sum of the output's energy over the samples of this rank since begin_epoch(), at the
    /// feed-forward state before each step.
    double loss() const { return loss_; }
    /// How far activations were lifted, on this rank: of all batches since begin_epoch(), and of the last
    /// one. Zeros where a batch passes once.
    const LiftSums& sums() const { return sums_; }
    const LiftSums& batch_sums() const { return batch_sums_; }

  private:
    void answer(Passage<Scalar>& passage, Index block, Index layer, int pass);
    void minimize(Passage<Scalar>& passage, Index block, Index layer);
    void output_signal(Passage<Scalar>& passage, Range columns, int pass);
    /// Whether this is the last of several passes.
    bool is_last(int pass) const { return pass > 0 && pass + 1 == passes_; }
    bool is_output(Index layer) const { return layer + 1 == stage_.network.layers(); }

    const Samples<Scalar>& samples_;
    const Batches& batches_;
    Stage<Scalar>& stage_;
    LearnedCoefficients<Scalar>& coefficients_;
    const LookAhead<Scalar>& ahead_;
    PhaseTimes& times_;
    bool first_;
    bool last_;
    bool minimizes_;
    int passes_;
    std::unique_ptr<Formulation<Scalar>> formulation_;
    std::unique_ptr<OutputBlock<Scalar>> output_;
    std::unique_ptr<BatchInputs<Scalar>> inputs_;
    Dropout dropout_;
    Scalar smoothing_;

    Index epoch_ = 0;
    double loss_ = 0.0;
    LiftSums sums_;
    LiftSums batch_sums_;
};

}  // namespace hoist
