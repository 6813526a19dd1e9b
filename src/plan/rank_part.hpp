#pragma once

#include <algorithm>
#include <set>

#include "hoist/math/solver_work.hpp"
#include "hoist/model/column_blocks.hpp"
#include "hoist/model/map_work.hpp"
#include "hoist/train/step_fit.hpp"
#include "rank_costs.hpp"

namespace hoist {

/// The part of one rank in a placed run, for what counts its memory, its work and its messages: sizes
/// as the numbers that these are made of.
class RankPart {
  protected:
    RankPart(const Config& config, const Placement& placement, int rank)
        : config_(config),
          network_(config.network),
          placement_(placement),
          rank_(rank),
          stage_(placement.grid.stage_of(rank)),
          layers_(placement.layers_of(rank)),
          scalar_(config.precision == Precision::single ? sizeof(float) : sizeof(double)),
          kernels_{scalar_} {}

    bool first() const { return placement_.first(rank_); }
    bool last() const { return placement_.last(rank_); }
    double shards() const { return placement_.grid.shards(stage_); }
    double width(Index layer) const { return static_cast<double>(network_.block(layer).size()); }
    /// The rows that a map gives; 0 below the first.
    double maps(Index map) const {
        return map < 0 ? 0.0 : static_cast<double>(network_.map(map).to.size());
    }
    /// The columns and the rows of its weights.
    double inputs_of(Index map) const { return static_cast<double>(network_.map(map).inputs()); }
    double outputs_of(Index map) const { return static_cast<double>(network_.map(map).outputs()); }
    /// Whether a layer goes up with predicted weights.
    bool predicts(Index layer) const {
        return config_.look_ahead && placement_.delay(layer, config_.staleness) > 0;
    }
    /// The shards that divide the step of a map.
    double team(Index map) const { return shards_divide_step(config_, map) ? shards() : 1.0; }
    /// What a batch says of the maps of this stage, with their solvers for so many columns; and the numbers that shards
    /// add in a step.
    double equations(Index most_columns) const {
        double numbers = 0.0;
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            numbers += batch_equations(config_.solver(l, most_columns), network_.map(l));
        }
        return numbers;
    }
    double numbers_summed(Index most_columns) const {
        double numbers = equations(most_columns);
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            numbers += solver_numbers(config_.solver(l, most_columns), inputs_of(l), outputs_of(l),
                                      team(l));
        }
        return numbers;
    }
    /// The shards that divide the solution of a regression, of n inputs and m outputs; and the numbers that each then
    /// tells the others.
    double solvers(double n, double m) const {
        return worth_dividing(static_cast<Index>((n + 1.0) * m)) ? shards() : 1.0;
    }
    double solution_numbers(double n, double m) const {
        return solvers(n, m) > 1.0 ? 0.5 * (n + 1.0) * m : 0.0;
    }
    /// Bytes of the fixed operators of this stage, each of which may stand in front of many maps.
    double fixed_bytes() const {
        std::set<const FixedOperator*> counted;
        double bytes = 0.0;
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            const FixedOperator* const fixed = network_.map(l).in_front.get();
            if (fixed != nullptr && counted.insert(fixed).second) {
                bytes += fixed->bytes(scalar_);
            }
        }
        return bytes;
    }
    MapWork map_work(Index map) const { return {kernels_, network_.map(map)}; }
    double outputs() const { return width(network_.layers()); }
    /// The columns of this rank's share of so many samples.
    double share(Index samples, const ColumnBlocks& blocks) const {
        const Range own = placement_.grid.owned(rank_, blocks.count());
        return samples == 0 ? 0.0 : static_cast<double>(blocks.columns(own).size());
    }
    /// Bytes of the inputs and targets of so many samples.
    double sample_bytes(double held) const {
        const double targets = last() && !network_.unsupervised() ? outputs() : 0.0;
        return ((first() ? width(0) : 0.0) + targets) * held * scalar_;
    }

    /// Bytes of the pictures that are kept beside the still patches.
    double picture_bytes(const PictureFacts& pictures) const {
        const bool adds = last() && !first() && network_.adds_input;
        const double judged = (first() ? 1.0 : 0.0) + (last() ? 1.0 : 0.0) + (adds ? 1.0 : 0.0);
        const double stored = first() || last() ? 1.0 : 0.0;
        return (stored * pictures.stored + judged * pictures.judged) / shards() * scalar_;
    }
    /// Bytes of what compares the largest of them with the clean one: both, their planes, and means of windows.
    double comparison_bytes(const PictureFacts& pictures) const {
        return last() ? 12.0 * pictures.largest * static_cast<double>(sizeof(double)) : 0.0;
    }
    /// How many columns of such a height are evaluated at once, as heights of the network's own.
    double judged_columns(const PictureFacts& pictures) const {
        const double times =
            std::max(1.0, pictures.largest / static_cast<double>(network_.inputs()));
        const double tallest = times * static_cast<double>(network_.widest());
        return times * static_cast<double>(ColumnBlocks::most_columns(static_cast<Index>(tallest)));
    }

    const Config& config_;
    const NetworkSpec& network_;
    const Placement& placement_;
    int rank_;
    int stage_;
    Range layers_;
    /// Bytes of a number of bulk data.
    double scalar_;
    KernelWork kernels_;
};

}  // namespace hoist
