#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/formulation/output_block.hpp"
#include "hoist/math/learned_activation.hpp"
#include "hoist/math/weight_solver.hpp"
#include "hoist/model/column_groups.hpp"
#include "hoist/train/batch_inputs.hpp"
#include "hoist/train/batch_sums.hpp"
#include "hoist/train/batches.hpp"
#include "hoist/train/exchange.hpp"
#include "hoist/train/stage.hpp"

namespace hoist {

/// Columns of a batch that are summed at once: fewer would make the products slow.
constexpr Index batch_group_columns = 256;

/// One mini-batch through a stage, in step with the other ranks. With
///     F(l,k): u_{l+1} = W_l x_l + b_l of column block k, from x_l = phi(u_l)
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
    /// @throws NumericalError where a step of this rank's weights failed, which then kept them.
    void require_success() const {
        if (failure_) {
            throw Error(*failure_);
        }
    }

    /// u_1 = W_0 x_0 + b_0 of some of this rank's training samples. @pre the first stage.
    void apply_first(const Weights<Scalar>& weights, Range columns, Matrix<Scalar>& u) const {
        inputs_->apply(weights, columns, u);
    }

    /// Takes the present weights into their running average.
    void average();
    /// Exchanges the weights with their average, where there is one.
    void swap_average();
    bool averages() const { return averaged_ > 0; }

    /// The sum of the output's energy over the samples of this rank since begin_epoch(), before
    /// each step.
    double loss() const { return loss_; }
    const PhaseTimes& times() const { return times_; }

    /// What the weight solvers remember, layer by layer, and the averages; in the order of
    /// solver_entries().
    std::vector<std::vector<Matrix<Scalar>*>> solver_state();
    Index averaged() const { return averaged_; }
    void set_averaged(Index count) { averaged_ = count; }
    /// Sets the learned slopes of activations to what solver_state() holds.
    void restore_slopes();

  private:
    /// A batch on its way through this stage.
    struct Passage {
        Index batch = 0;
        int round = 0;
        double rate = 0.0;
        /// Of each own block, its columns in the matrices below.
        std::vector<Range> blocks;
        std::vector<InputBlock<Scalar>> inputs;
        Matrix<Scalar> targets;
        /// Of each layer of the stage: phi(u_l), u_l, the residual of the moved x_l (where blocks are
        /// minimized), and the signal s_{l+1}.
        std::vector<Matrix<Scalar>> x;
        std::vector<Matrix<Scalar>> u;
        std::vector<Matrix<Scalar>> residual;
        std::vector<Matrix<Scalar>> s;
        /// u_{e+1}, and the residual of the moved x_{e+1}.
        Matrix<Scalar> above;
        Matrix<Scalar> residual_above;
        /// s_l or the residual of the moved x_l of the lowest layer.
        Matrix<Scalar> below;
        std::vector<Request> from_below;
        std::vector<Request> from_above;
        std::vector<Request> sent;
        /// How many blocks have been answered, in the order to treat them.
        std::size_t answered = 0;
        /// Own blocks whose signals are summed together.
        ColumnGroups groups;
    };

    using Columns = Eigen::Block<Matrix<Scalar>, Eigen::Dynamic, Eigen::Dynamic, true>;

    void start(Passage& passage);
    void forward(Passage& passage, std::size_t block);
    void backward(Passage& passage, std::size_t block);
    void add_group(Passage& passage);
    void refit(Passage& passage);
    void answer(Passage& passage, std::size_t block, std::size_t position);
    void minimize(Passage& passage, std::size_t block, std::size_t position);
    void answer_meanwhile(Passage& passage, std::size_t forwarded, Request& awaited);
    void complete(Passage& passage);
    void prepare(std::size_t position);
    void learn_slopes(const Passage& passage);
    void drop(const Passage& passage, std::size_t block, Index layer, MatrixRef<Scalar> x) const;
    void wait(Request& request);
    /// Of the block whose turn it is.
    Request& arrival(std::vector<Request>& requests, std::size_t turn) const {
        return requests[static_cast<std::size_t>(order_[turn] - samples_.own.begin)];
    }
    Matrix<Scalar>& u_above(Passage& passage, std::size_t position);
    static Columns part(Matrix<Scalar>& matrix, Range columns) {
        return matrix.middleCols(columns.begin, columns.size());
    }
    bool is_highest(std::size_t position) const { return position + 1 == stage_.layers.size(); }
    bool is_output(std::size_t position) const { return last_ && is_highest(position); }
    double dropout(Index layer) const;

    const Config& config_;
    const Communicator& peers_;
    const Samples<Scalar>& samples_;
    Stage<Scalar>& stage_;
    bool first_;
    bool last_;
    bool minimizes_;
    std::size_t delay_;
    std::vector<Index> order_;
    Batches batches_;
    Exchange exchange_;
    std::unique_ptr<Formulation<Scalar>> formulation_;
    std::unique_ptr<OutputBlock<Scalar>> output_;
    std::unique_ptr<BatchInputs<Scalar>> inputs_;
    std::vector<std::unique_ptr<WeightSolver<Scalar>>> solvers_;

    Index epoch_ = 0;
    std::vector<Passage> passages_;
    /// Batches begun and completed since begin_epoch().
    std::size_t begun_ = 0;
    std::size_t completed_ = 0;
    /// Where the columns of this shard begin in each batch.
    std::vector<Index> first_column_;
    std::optional<BatchSums<Scalar>> sums_;
    std::vector<Matrix<Scalar>> average_;
    Index averaged_ = 0;
    /// Of each layer: phi_l if its parameter is learned, the derivative by it over the batch at
    /// hand, and steps, first and second moment, and value.
    std::vector<const LearnedActivation*> learned_;
    std::vector<double> slope_gradients_;
    std::vector<Matrix<Scalar>> slopes_;
    double loss_ = 0.0;
    std::optional<Error> failure_;
    PhaseTimes times_;
};

/// What a run on mini-batches remembers of map `layer` beside its weights.
std::vector<SolverState> solver_entries(const Config& config, Index layer);

/// The options of map `layer`'s solver.
WeightSolverOptions solver_options(const Config& config, Index layer);

}  // namespace hoist
