#pragma once

#include <deque>
#include <utility>

#include "hoist/math/solver_work.hpp"
#include "hoist/problem/problem.hpp"
#include "lrrn_part.hpp"
#include "rank_costs.hpp"
#include "timeline.hpp"

namespace hoist {

/// The steps of one rank of a lifted regression/reconstruction network, as LrrnStep and LrrnRelaxation take them.
class LrrnSchedule : RankPart {
  public:
    LrrnSchedule(const Config& config, const SampleFacts& samples, const Placement& placement,
                 int rank, Timeline& timeline)
        : RankPart(config, placement, rank),
          part_(config, placement, rank),
          timeline_(timeline),
          input_cost_(samples.input_cost),
          ranges_(training_blocks(config, samples.train)),
          batches_(ranges_, config.batch, 0),
          order_(placement.grid.order(rank, ranges_.count())) {
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            const WeightSolverOptions solver = config_.solver(l, batches_.most_columns());
            update_ += solver_work(solver, inputs_of(l), outputs_of(l), scalar_, team(l));
        }
    }

    /// Messages of a block in a batch, in each direction.
    static Index visits(const Config& config) {
        return Index{phases_of_batch(config.network, config.formulation)} *
               config.formulation.sweeps;
    }

    /// @pre outlives the script.
    Timeline::Script play(Index steps) {
        const Index turns = this->turns();  // up and down, in all phases
        for (Index step = 0; step < steps; ++step) {
            co_await timeline_.work(rank_, part_.prepare());
            // A block, and its turn.
            using Step = std::pair<Index, Index>;
            std::deque<Step> rising;
            std::deque<Step> falling;
            for (const Index block : order_) {
                rising.emplace_back(block, 0);
            }
            while (!rising.empty() || !falling.empty()) {
                bool rises = falling.empty();
                if (!rises && !rising.empty()) {
                    const auto [above, above_turn] = falling.front();
                    const auto [below, below_turn] = rising.front();
                    const Index from_above = message(step, stage_ + 1, above, above_turn, 1);
                    const Index from_below = message(step, stage_, below, below_turn, 0);
                    rises = !talks_below(below_turn, true);
                    if (!rises && !timeline_.has_arrived(rank_, from_above) &&
                        !timeline_.has_arrived(rank_, from_below)) {
                        co_await timeline_.wait_for_either(rank_, from_below, from_above);
                    }
                    rises = rises || !timeline_.has_arrived(rank_, from_above);
                }
                auto [block, turn] = rises ? rising.front() : falling.front();
                if (rises) {
                    rising.pop_front();
                    co_await wait_below(step, block, turn);
                    co_await timeline_.work(rank_, up(block, turn));
                    send_up(step, block, turn);
                    if (!last()) {
                        falling.emplace_back(block, part_.passive() ? turns - 1 : turn);
                        continue;
                    }
                } else {
                    falling.pop_front();
                }
                do {  // and the first of a phase that follows
                    co_await wait_above(step, block, turn);
                    co_await timeline_.work(rank_, down(block, turn));
                    send_down(step, block, turn);
                    ++turn;
                } while (turn < turns && !this->rises(turn));
                if (turn < turns) {
                    last() && part_.turns_at_bottom() ? rising.emplace_front(block, turn)
                                                      : rising.emplace_back(block, turn);
                }
            }
            double all_columns = 0.0;
            for (const Index block : order_) {
                all_columns += columns(block);
            }
            co_await timeline_.work(rank_, part_.gradients(all_columns));
            if (shards() > 1.0) {
                co_await timeline_.sum(rank_, placement_.grid.rank_of(stage_, 0),
                                       placement_.grid.shards(stage_),
                                       numbers_summed(batches_.most_columns()) * scalar_);
            }
            co_await timeline_.work(rank_, update_);
        }
    }

  private:
    double columns(Index block) const {
        return static_cast<double>(ranges_.columns(block).size()) /
               static_cast<double>(batches_.count());
    }
    Index turns() const { return Index{part_.phases()} * part_.sweeps(); }
    // A phase that follows begins at the top.
    bool rises(Index turn) const { return turn == 0 || turn % part_.sweeps() != 0; }
    Work up(Index block, Index turn) const {
        Work work = part_.up(columns(block), turn == 0);
        if (first() && turn == 0) {
            work += map_work(0).apply(columns(block)) * input_cost_;
        }
        return work;
    }
    Work down(Index block, Index turn) const {
        Work work = part_.down(columns(block));
        if (last() && turn + 1 == part_.sweeps()) {  // the outputs, and their pull
            work += map_work(layers_.end - 1).apply(columns(block)) * 2.0;
        }
        return work;
    }
    // Below the lowest block of all only the first message goes up and the last comes down.
    bool talks_below(Index turn, bool upward) const {
        return !first() && (!part_.turns_at_bottom() || turn == (upward ? 0 : turns() - 1));
    }
    bool talks_above(Index turn, bool upward) const {
        return !last() && (!part_.passive() || turn == (upward ? 0 : turns() - 1));
    }
    Index message(Index step, int stage, Index block, Index turn, Index direction) const {
        return (((step * placement_.grid.stages() + stage) * ranges_.count() + block) * turns() +
                turn) *
                   2 +
               direction;
    }
    double bytes(double rows, Index block) const { return (rows * columns(block) + 1.0) * scalar_; }
    Timeline::Pause wait_below(Index step, Index block, Index turn) {
        return talks_below(turn, true)
                   ? timeline_.wait(rank_, message(step, stage_, block, turn, 0),
                                    bytes(part_.rows_below(), block))
                   : timeline_.work(rank_, {});
    }
    Timeline::Pause wait_above(Index step, Index block, Index turn) {
        return talks_above(turn, false)
                   ? timeline_.wait(rank_, message(step, stage_ + 1, block, turn, 1),
                                    bytes(part_.rows_above(), block))
                   : timeline_.work(rank_, {});
    }
    void send_up(Index step, Index block, Index turn) {
        if (talks_above(turn, true)) {
            timeline_.send(rank_, placement_.grid.owner(stage_ + 1, block, ranges_.count()),
                           message(step, stage_ + 1, block, turn, 0),
                           bytes(part_.rows_above(), block));
        }
    }
    void send_down(Index step, Index block, Index turn) {
        if (talks_below(turn, false)) {
            timeline_.send(rank_, placement_.grid.owner(stage_ - 1, block, ranges_.count()),
                           message(step, stage_, block, turn, 1), bytes(part_.rows_below(), block));
        }
    }

    LrrnPart part_;
    Timeline& timeline_;
    double input_cost_;
    ColumnBlocks ranges_;
    Batches batches_;
    std::vector<Index> order_;
    Work update_;
};

}  // namespace hoist
