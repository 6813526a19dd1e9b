#pragma once

#include <algorithm>
#include <numeric>

#include "hoist/math/solver_work.hpp"
#include "hoist/problem/problem.hpp"
#include "rank_costs.hpp"
#include "rank_part.hpp"

namespace hoist {

/// One rank of a placed run on mini-batches, in the numbers that its memory and its work are made
/// of.
class BatchModel : protected RankPart {
  public:
    BatchModel(const Config& config, const SampleFacts& samples, const Placement& placement,
               int rank)
        : RankPart(config, placement, rank),
          ranges_(training_blocks(config, samples.train)),
          batches_(ranges_, config.batch, 0),
          own_(placement.grid.owned(rank, ranges_.count())),
          pictures_(samples.pictures) {
        columns_ = static_cast<double>(ranges_.columns(own_).size());
        for (Index block = own_.begin; block < own_.end; ++block) {
            batch_columns_ += static_cast<double>(batches_.most_columns(block));
        }
        const auto evaluated = [&](Index count) {
            return share(count, ColumnBlocks(count, 0, network_.widest()));
        };
        held_ = columns_;
        if (!network_.pictures()) {
            held_ += evaluated(samples.validation) + evaluated(samples.test);
        }
        for (const Index count : {samples.train, samples.validation, samples.test}) {
            evaluated_width_ =
                std::max(evaluated_width_, count == samples.train
                                               ? ranges_.width()
                                               : ColumnBlocks(count, 0, network_.widest()).width());
        }
    }

    double columns() const { return columns_; }
    /// Steps of the weights in an epoch.
    double steps() const { return static_cast<double>(batches_.count() * config_.rounds); }

    MemoryPlan memory() const {
        MemoryPlan memory;
        memory.samples = sample_bytes(held_) + picture_bytes(pictures_);
        // Compressed inputs take a value and an index for each that is not zero, at most 0.35.
        memory.activations = (passages() * batch_rows() + inbox_rows()) * batch_columns_ * scalar_;
        memory.weights = weights() * scalar_ + fixed_bytes();
        memory.program = program_pages + (rank_ == 0 ? writer_pages : 0.0);
        const double at_once = judged_columns(pictures_);
        memory.scratch =
            (panel_rows * (panel_width() + batch_columns_) + at_once * slice_rows() + stepped()) *
                scalar_ +
            factored() * static_cast<double>(sizeof(double)) + comparison_bytes(pictures_);
        return memory;
    }

    double bytes_sent() const {
        const double up = last() ? 0.0 : maps(layers_.end - 1);
        const double moved =
            config_.formulation.iterations > 1 ? width(layers_.begin) : maps(layers_.begin - 1);
        const double down = first() ? 0.0 : moved;
        const bool again = config_.formulation.passes > 1;
        const double verdicts = again ? (last() ? 0.0 : 1.0) + (first() ? 0.0 : 1.0) : 0.0;
        return (((up + down) * config_.formulation.passes + verdicts) * columns_ * config_.rounds +
                (shards() > 1.0 ? steps() * numbers_summed() : 0.0)) *
               scalar_;
    }

    double flops(const std::vector<double>& costs) const {
        return config_.rounds * columns_ *
               std::accumulate(costs.begin() + layers_.begin, costs.begin() + layers_.end, 0.0);
    }

  protected:
    double passages() const {
        return 1.0 + static_cast<double>(placement_.delay(layers_.begin, config_.staleness));
    }
    /// Rows of what is received of a batch before its time.
    double inbox_rows() const {
        const bool ahead = !first() && placement_.delay(layers_.begin - 1, config_.staleness) > 0;
        return ahead ? maps(layers_.begin - 1) : 0.0;
    }
    /// Rows of everything that a batch holds in this stage.
    double batch_rows() const {
        const bool again = config_.formulation.passes > 1;
        // Beside x of each layer its residual, or the pull of the pass before and the way it went; beside all
        // of them an energy and a verdict.
        const double beside = again ? 3.0 : config_.formulation.iterations > 1 ? 2.0 : 1.0;
        double rows = (first() ? width(0) : maps(layers_.begin - 1)) + (again ? 2.0 : 0.0);
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            rows += 2.0 * maps(l) + (l > 0 ? width(l) * beside : 0.0);
        }
        return rows + (last() ? outputs() * (again ? 4.0 : 1.0) : 0.0);
    }
    /// Of the products with dense maps; those of windows are small.
    double panel_width() const {
        double widest = 0.0;
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            widest = std::max(widest, network_.map(l).dense() ? maps(l) : outputs_of(l));
        }
        return widest;
    }
    /// Rows of the slices of the forward pass that evaluates: x and u at hand, four that leave, and two
    /// that arrive in rooms as large again, which the heap keeps in pieces.
    double slice_rows() const {
        double x = 0.0;
        double u = 0.0;
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            x = std::max(x, l > 0 ? width(l) : 0.0);
            u = std::max(u, l + 1 < layers_.end || last() ? maps(l) : 0.0);
        }
        return x + u + 4.0 * maps(layers_.begin - 1) + (last() ? 0.0 : 4.0 * maps(layers_.end - 1));
    }
    double equations() const { return RankPart::equations(batches_.most_columns()); }
    double numbers_summed() const { return RankPart::numbers_summed(batches_.most_columns()); }
    /// What the step of the largest map is made in: a part of another shard's gradient, or what is orthogonalized, its
    /// next and two squares.
    double stepped() const {
        double numbers = 0.0;
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            const double own = inputs_of(l) * outputs_of(l) / team(l);
            numbers = std::max(numbers, team(l) > 1.0 ? own : 0.0);
            if (config_.solver(l, batches_.most_columns()).kind ==
                WeightSolverOptions::Kind::muon) {
                const double less = std::min(inputs_of(l), outputs_of(l));
                numbers = std::max(numbers, 2.0 * own + 2.0 * less * less);
            }
        }
        return numbers;
    }
    /// What a solver of the largest map factors, its factor, and with `gram` the inverse.
    double factored() const {
        using Kind = WeightSolverOptions::Kind;
        double numbers = 0.0;
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            const WeightSolverOptions options = config_.solver(l, batches_.most_columns());
            const double n = inputs_of(l) + 1.0;
            if (options.kind == Kind::gram) {
                const double m = options.sides == GramSides::both ? outputs_of(l) : 0.0;
                numbers = std::max({numbers, 3.0 * n * n, 3.0 * m * m});
            } else if (options.kind == Kind::implicit) {
                const double k = std::min(n, static_cast<double>(batches_.most_columns()));
                numbers = std::max(numbers, 2.0 * k * k);
            }
        }
        return numbers;
    }
    /// Weights, what their solvers remember, averages and equations.
    double weights() const {
        double numbers = equations();
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            numbers += (inputs_of(l) + 1) * outputs_of(l) * (predicts(l) ? 2.0 : 1.0);
            if (network_.map(l).normalized) {  // moments, and those of blocks on their way
                numbers +=
                    (2.0 + 4.0 * passages() * static_cast<double>(own_.size())) * outputs_of(l);
            }
            for (const SolverState& entry : solver_entries(config_, l)) {
                numbers += static_cast<double>(entry.rows * entry.columns);
            }
        }
        return numbers;
    }

    ColumnBlocks ranges_;
    Batches batches_;
    Range own_;
    PictureFacts pictures_;
    double columns_ = 0.0;
    /// The most columns of a batch, and all samples that it holds.
    double batch_columns_ = 0.0;
    double held_ = 0.0;
    /// The most columns of a block that is evaluated.
    Index evaluated_width_ = 0;
};

}  // namespace hoist
