#pragma once

#include <algorithm>

#include "hoist/formulation/lrrn.hpp"
#include "hoist/train/relaxed_pass.hpp"
#include "rank_part.hpp"

namespace hoist {

/// What a rank does and holds in the relaxation of a lifted regression/reconstruction network, as LrrnRelaxation
/// goes about it, with all sweeps that it may take.
class LrrnPart : RankPart {
  public:
    LrrnPart(const Config& config, const Placement& placement, int rank)
        : RankPart(config, placement, rank),
          top_(topmost_block(config.network, config.formulation)),
          moved_{std::max<Index>(layers_.begin, 1),
                 last() ? top_ + 1 : std::max<Index>(layers_.end, 1)},
          sweeps_(config.formulation.sweeps),
          phases_(phases_of_batch(config.network, config.formulation)) {}

    bool passive() const { return moved_.size() == 0; }
    bool turns_at_bottom() const { return !passive() && moved_.begin == 1; }
    int sweeps() const { return sweeps_; }
    int phases() const { return phases_; }
    bool clamps() const { return phases_ == 2 && config_.formulation.clamps(); }

    double rows_moved() const {
        double rows = 0.0;
        for (Index k = moved_.begin; k < moved_.end; ++k) {
            rows += width(k);
        }
        return rows;
    }
    double rows_below() const { return first() ? 0.0 : width(layers_.begin); }
    double rows_above() const { return last() ? 0.0 : width(layers_.end); }
    /// Of states, adjoints and what pulls at them, in a batch.
    double rows_of_batch() const {
        const double states = rows_moved() + rows_above();
        const double more = phases_ == 3   ? 3.0
                            : phases_ == 2 ? 1.0
                                           : 0.0;  // of a phase that follows
        const double held = clamps() && last() && top_ < network_.layers() ? 3.0 * outputs() : 0.0;
        return rows_moved() + (2.0 + more) * states + held +
               (first() && counts_energies(config_.formulation) ? width(0) + width(1) : 0.0);
    }
    /// Of the states that last: hidden blocks, and the one above.
    double rows_kept() const {
        return rows_moved() - (top_ > network_.hidden() && last() ? outputs() : 0.0) + rows_above();
    }
    double blocks_at_once() const {
        int most = 1;
        for (int stage = 0; stage < placement_.grid.stages(); ++stage) {
            most = std::max(most, placement_.grid.shards(stage));
        }
        return static_cast<double>(hoist::blocks_at_once(placement_)) * most / shards();
    }
    /// Numbers of the matrices of blocks, as they are and packed.
    double curvatures() const {
        double numbers = rows_above() * rows_above() + rows_below() * rows_below();
        for (Index k = moved_.begin; k < moved_.end; ++k) {
            const bool held = clamps() && k == top_ && top_ < network_.layers();
            numbers += (held ? 4.0 : 2.0) * width(k) * width(k);
        }
        return numbers;
    }

    /// Messages of a block in a batch.
    double messages_up() const {
        return last() ? 0.0 : passive() ? 1.0 : phases_ * (sweeps_ - 1.0) + 1.0;
    }
    double messages_down() const {
        return first() ? 0.0 : turns_at_bottom() ? phases_ : phases_ * sweeps_;
    }
    /// Ranks of the stage above that this one hands its curvature.
    double receivers_above() const {
        if (last()) {
            return 0.0;
        }
        const int above = placement_.grid.shards(stage_ + 1);
        const int own = placement_.grid.shards(stage_);
        const int shard = placement_.grid.shard_of(rank_);
        return shard < above ? static_cast<double>((above - shard + own - 1) / own) : 0.0;
    }

    /// Of so many columns: all blocks on their way up, in a phase, and on their way down.
    Work up(double columns, bool begins) const { return move(columns, begins ? 0 : 2, true); }
    Work down(double columns) const { return move(columns, 1, false); }
    /// Of a batch: solvers, and what the gradient takes.
    Work prepare() const {
        Work work;
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            const double n = inputs_of(l);
            const double m = outputs_of(l);
            work += Work{2.0 * n * m * (m + (l > 0 ? n : 0.0))};
        }
        return work;
    }
    Work gradients(double columns) const {
        Work work;
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            const double n = inputs_of(l);
            const double m = outputs_of(l);
            const bool readout = l + 1 == network_.layers() && top_ < network_.layers();
            const double products = readout || l == 0 ? 1.0 : 4.0;
            work += Work{2.0 * n * m * products * columns + (readout ? 0.0 : 2.0 * m * m * n)} +
                    kernels_.passes(products, (n + m) * columns);
        }
        return work;
    }

  private:
    /// @param skipped the block that has just met everything that pulls at it: 0 none, 1 the topmost of all,
    /// 2 the lowest.
    Work move(double columns, int skipped, bool up) const {
        Work work;
        for (Index k = moved_.begin; k < moved_.end; ++k) {
            if (!(skipped == 1 && k == top_) && !(skipped == 2 && k == 1 && k < top_)) {
                work += Work{2.0 * width(k) * width(k) * columns} +
                        kernels_.passes(4.0, width(k) * columns);
            }
            if (k < top_ && k < layers_.end) {
                work += up ? map_work(k).apply(columns) : map_work(k).pull_back(columns);
            }
        }
        return work;
    }

    Index top_;
    Range moved_;
    int sweeps_;
    int phases_;
};

}  // namespace hoist
