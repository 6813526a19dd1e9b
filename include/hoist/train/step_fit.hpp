#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/comm/communicator.hpp"
#include "hoist/config/config.hpp"
#include "hoist/train/batch_sums.hpp"
#include "hoist/train/holders.hpp"
#include "hoist/train/phase_times.hpp"
#include "hoist/train/shard_team.hpp"

namespace hoist {

/// The options of map `layer`'s solver. @param most_columns of a batch; 0: not known.
WeightSolverOptions solver_options(const Config& config, Index layer, Index most_columns = 0);

/// Whether the shards of a stage divide the step of map `layer`, where its solver can.
bool shards_divide_step(const Config& config, Index layer);

/// Fits the weights of a stage to mini-batches: sums over the columns of a batch, over all shards, then
/// a step of each map's solver; and the running average of the weights.
template <typename Scalar>
class StepFit {
  public:
    /// @param peers the ranks of the stage. @param most_columns of a batch, over all shards.
    /// @param holders of shared weights, where there are any. All references must outlive it.
    StepFit(const Config& config, const Communicator& peers, Stage<Scalar>& stage,
            Index most_columns, PhaseTimes& times, const Holders* holders = nullptr);

    /// Forgets the batch before, of some layers; the next has so many columns, over all shards.
    void begin(Range layers, Index columns) { sums_->begin(positions(layers), columns); }
    /// Adds columns to what the batch says of the map of `layer`; as BatchSums.
    void add(Index layer, Index first, const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> s) {
        sums_->add(position(layer), first, x, s);
    }
    /// Adds some rows of s; all are added one part after another. @pre the map is plain.
    void add_rows(Index layer, Index first, const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> s,
                  Range rows) {
        sums_->add_rows(position(layer), first, x, s, rows);
    }
    void add_inputs(Index first, std::span<const InputBlock<Scalar>> x, MatrixRef<Scalar> s) {
        sums_->add(0, first, x, s);
    }
    void add_gradient(Index layer, const ConstMatrixRef<Scalar>& own) {
        sums_->add_gradient(position(layer), own);
    }
    /// Adds what blocks of a map say beside its gradient, where it is normalized.
    void add_moments(Index layer, const std::vector<BlockMoments<Scalar>>& moments, Range blocks) {
        for (Index i = blocks.begin; i < blocks.end && !moments.empty(); ++i) {
            sums_->add(position(layer), moments[static_cast<std::size_t>(i)]);
        }
    }
    /// Collective over the stage's ranks, and where weights are shared over all that hold them: adds up what all
    /// shards, and all layers with the same weights, have added of some layers. @pre the stage's or, where no weights
    /// are shared, any. @param to_step each shard needs no more than its step does; else it gets the gradients.
    void sum(Range layers, bool to_step);
    /// Collective over the stage's ranks. A step of length `rate` of the weights of some layers. @param round of the same
    /// batch, from 0. @pre sum() to step.
    void step(Range layers, int round, double rate);
    /// The gradient of the batch in [W b] of the map of `layer`, without ridge. @pre sum(), not to step.
    ConstMatrixRef<Scalar> gradient(Index layer) const {
        return sums_->equations(position(layer)).gradient;
    }
    /// @throws NumericalError where a step failed, which then kept the weights.
    void require_success() const {
        if (failure_) {
            throw Error(*failure_);
        }
    }

    /// Takes the present weights into their running average.
    void average();
    /// Exchanges the weights with their average, where there is one.
    void swap_average();
    Index averaged() const { return averaged_; }
    void set_averaged(Index count) { averaged_ = count; }

    /// Collective over the stage's ranks. What solvers remember is whole on every shard until the next step.
    void gather_state() {
        for (const auto& solver : solvers_) {
            solver->gather_state();
        }
    }
    /// What the solver of the map of `layer` remembers, and the average: what solver_states() names,
    /// "average", and "moment_samples" where the map is normalized. Where shards divide steps, it is whole after
    /// gather_state().
    std::vector<Matrix<Scalar>*> state(Index layer);

  private:
    std::size_t position(Index layer) const {
        return static_cast<std::size_t>(layer - stage_.layers.begin);
    }
    Range positions(Range layers) const {
        return {layers.begin - stage_.lowest(), layers.end - stage_.lowest()};
    }
    /// The first map of the stage with the weights of the one at a position: its solver makes the steps of all.
    std::size_t first_with(std::size_t at) const;
    void take_moments(std::size_t position);

    const Communicator& peers_;
    Stage<Scalar>& stage_;
    PhaseTimes& times_;
    ShardTeam<Scalar> team_;
    std::vector<std::unique_ptr<WeightSolver<Scalar>>> solvers_;
    const Holders* holders_;
    std::vector<double> shares_;
    std::optional<BatchSums<Scalar>> sums_;
    std::vector<Matrix<Scalar>> average_;
    /// The samples that the moments of each normalized map stand for, 1 x 1; else empty.
    std::vector<Matrix<Scalar>> moment_samples_;
    Index averaged_ = 0;
    std::optional<Error> failure_;
};

/// What a run on mini-batches remembers of map `layer` beside its weights.
std::vector<SolverState> solver_entries(const Config& config, Index layer);

}  // namespace hoist
