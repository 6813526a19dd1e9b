#pragma once

#include <algorithm>
#include <vector>

#include "hoist/math/solver_work.hpp"
#include "hoist/problem/problem.hpp"
#include "hoist/train/batch_step.hpp"
#include "rank_costs.hpp"
#include "rank_part.hpp"
#include "timeline.hpp"

namespace hoist {

/// The steps of one rank on mini-batches, as BatchStep takes them.
class BatchSchedule : RankPart {
  public:
    BatchSchedule(const Config& config, const SampleFacts& samples, const Placement& placement,
                  int rank, Timeline& timeline)
        : RankPart(config, placement, rank),
          timeline_(timeline),
          input_cost_(samples.input_cost),
          ranges_(training_blocks(config, samples.train)),
          batches_(ranges_, config.batch, 0),
          order_(placement.grid.order(rank, ranges_.count())),
          group_columns_(static_cast<double>(batch_group_columns(batches_.widest_block()))) {
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            update_ += solver_work(solver(l), inputs_of(l), outputs_of(l), scalar_, team(l));
            update_ += predicts(l) ? map_work(l).predict() : Work{};
        }
    }

    /// @pre outlives the script.
    Timeline::Script play(Index steps) {
        const std::size_t blocks = order_.size();
        const std::size_t turns = blocks * static_cast<std::size_t>(passes());
        BatchProgress own{.delay = placement_.delay(layers_.begin, config_.staleness)};
        std::vector<Work> sums;
        std::size_t summed = 0;
        double grouped = 0.0;
        Index in_group = 0;
        const auto complete_block = [&](std::size_t turn) {
            if (turn + blocks < turns) {
                return;  // it comes again
            }
            grouped += columns(block_of(turn));
            ++in_group;
            if (grouped >= group_columns_ || turn + 1 == turns) {
                const Index parts = parts_of_gradients(in_group);
                sums.insert(sums.end(), static_cast<std::size_t>(parts),
                            gradients(grouped) * (1.0 / static_cast<double>(parts)));
                grouped = 0.0;
                in_group = 0;
            }
        };
        for (Index step = 0; step <= steps; ++step) {
            const Index begun = std::min(step + 1, steps);
            const bool to_the_end = step == steps;
            own.risen = blocks == 0 ? begun : own.risen;
            while (own.is_behind(begun, to_the_end)) {
                const bool sums_left = summed < sums.size();
                if (own.must_step(begun, to_the_end) && own.answered == turns && !sums_left &&
                    own.risen == begun) {
                    if (shards() > 1.0) {
                        co_await timeline_.sum(rank_, placement_.grid.rank_of(stage_, 0),
                                               placement_.grid.shards(stage_),
                                               numbers_summed(batches_.most_columns()) * scalar_);
                    }
                    co_await timeline_.work(rank_, update_);
                    ++own.stepped;
                    own.answered = 0;
                    sums.clear();
                    summed = 0;
                    continue;
                }
                const bool can_answer = own.can_answer(begun, turns);
                const bool can_rise = own.can_rise(begun, blocks);
                const auto has_come = [&](Index message) {
                    return timeline_.has_arrived(rank_, message);
                };
                const auto from_above = [&] { return down(own.stepped, stage_ + 1, own.answered); };
                const auto from_below = [&] { return up(own.risen, stage_, own.rising); };
                const bool idle = !sums_left && can_answer != can_rise;  // one thing is awaited
                if (can_answer && (last() || idle || has_come(from_above()))) {
                    if (!last()) {
                        co_await wait_above(own.stepped, own.answered);
                    }
                    co_await timeline_.work(rank_, backward(block_of(own.answered)));
                    send_down(own.stepped, own.answered);
                    complete_block(own.answered++);
                } else if (can_rise && (first() || idle || has_come(from_below()))) {
                    if (!first()) {
                        co_await timeline_.wait(rank_, from_below(),
                                                bytes_up(layers_.begin, own.rising));
                    }
                    co_await timeline_.work(rank_, forward(own.rising));
                    if (!last()) {
                        timeline_.send(rank_, owner(stage_ + 1, block_of(own.rising)),
                                       up(own.risen, stage_ + 1, own.rising),
                                       bytes_up(layers_.end, own.rising));
                    }
                    own.rise(turns);
                } else if (sums_left) {
                    co_await timeline_.work(rank_, sums[summed++]);
                } else {
                    co_await timeline_.wait_for_either(rank_, from_below(), from_above());
                }
            }
        }
    }

    /// Of a block, on average, and of a step.
    struct Seconds {
        double forward = 0.0;
        double backward = 0.0;
        double gradient = 0.0;
        double step = 0.0;
        double blocks = 0.0;

        double all() const { return forward + backward + gradient; }
    };
    /// @pre a batch passes once.
    Seconds seconds(const MachineRates& rates) const {
        const auto of = [&](const Work& work) {
            return work.flops / rates.flops + work.bytes / rates.bandwidth;
        };
        Seconds seconds;
        double batch = 0.0;
        for (std::size_t turn = 0; turn < order_.size(); ++turn) {
            seconds.forward += of(forward(turn));
            seconds.backward += of(backward(block_of(turn)));
            batch += columns(block_of(turn));
        }
        seconds.blocks = std::max(1.0, static_cast<double>(order_.size()));
        seconds.forward /= seconds.blocks;
        seconds.backward /= seconds.blocks;
        seconds.gradient = of(gradients(batch)) / seconds.blocks;
        seconds.step = of(update_);
        return seconds;
    }

  private:
    double columns(Index block) const {
        return static_cast<double>(ranges_.columns(block).size()) /
               static_cast<double>(batches_.count());
    }
    int passes() const { return config_.formulation.passes; }
    /// The blocks of all passes, one after another.
    Index block_of(std::size_t turn) const { return order_[turn % order_.size()]; }
    Index pass_of(std::size_t turn) const { return static_cast<Index>(turn / order_.size()); }
    // What goes up to and down from a stage.
    Index up(Index step, int stage, std::size_t turn) const {
        return message(step, stage, turn, 0);
    }
    Index down(Index step, int stage, std::size_t turn) const {
        return message(step, stage, turn, 1);
    }
    Index message(Index step, int stage, std::size_t turn, Index direction) const {
        const Index pass = step * passes() + pass_of(turn);
        return ((pass * placement_.grid.stages() + stage) * ranges_.count() + block_of(turn)) * 2 +
               direction;
    }
    bool minimizes() const { return config_.formulation.iterations > 1; }
    /// Whether energies go up and verdicts down beside the rest.
    bool judged(std::size_t turn) const {
        return pass_of(turn) > 0 && pass_of(turn) + 1 == passes();
    }
    double bytes(double rows, std::size_t turn) const {
        return (rows + (judged(turn) ? 1.0 : 0.0)) * columns(block_of(turn)) * scalar_;
    }
    double bytes_up(Index layer, std::size_t turn) const { return bytes(maps(layer - 1), turn); }
    double bytes_down(Index layer, std::size_t turn) const {
        return bytes(minimizes() ? width(layer) : maps(layer - 1), turn);
    }
    double cost(Index layer) const { return layer == 0 ? input_cost_ : 1.0; }

    WeightSolverOptions solver(Index layer) const {
        return config_.solver(layer, batches_.most_columns());
    }

    Work forward(std::size_t turn) const {
        const Index block = block_of(turn);
        Work work;
        for (Index l = std::max<Index>(layers_.begin, pass_of(turn) > 0 ? 1 : 0); l < layers_.end;
             ++l) {
            work += map_work(l).apply(columns(block)) * cost(l);
            work += l > 0 ? kernels_.activation(width(l), columns(block))
                          : kernels_.passes(input_cost_, width(0) * columns(block));
            work += judged(turn) && l > 0 ? kernels_.energy(width(l), columns(block)) : Work{};
        }
        return work;
    }

    Work backward(Index block) const {
        Work work;
        if (last()) {
            work += kernels_.energy(maps(layers_.end - 1), columns(block)) * 2.0;
        }
        for (Index l = std::max<Index>(layers_.begin, 1); l < layers_.end; ++l) {
            const Work pull = map_work(l).pull_back(columns(block));
            const Work respond = kernels_.respond(width(l), columns(block));
            const Work map = map_work(l).apply(columns(block));
            work += minimizes() ? (pull + map + respond) * config_.formulation.iterations
                                : pull + respond;
        }
        return work;
    }
    Timeline::Pause wait_above(Index step, std::size_t turn) {
        return timeline_.wait(rank_, down(step, stage_ + 1, turn), bytes_down(layers_.end, turn));
    }
    int owner(int stage, Index block) const {
        return placement_.grid.owner(stage, block, ranges_.count());
    }
    void send_down(Index step, std::size_t turn) {
        if (!first()) {
            timeline_.send(rank_, owner(stage_ - 1, block_of(turn)), down(step, stage_, turn),
                           bytes_down(layers_.begin, turn));
        }
    }

    Index parts_of_gradients(Index blocks) const {
        Index most = 1;
        for (Index l = std::max<Index>(layers_.begin, 1); l < layers_.end; ++l) {
            const MapSpec& map = network_.map(l);
            most = std::max(most, map.plain() ? gradient_parts(map.outputs(), blocks) : 1);
        }
        return most;
    }
    Work gradients(double columns) const {
        Work work;
        for (Index l = layers_.begin; l < layers_.end && columns > 0.0; ++l) {
            const MapWork map = map_work(l);
            work += map.gradient(columns) * cost(l);
            work += uses_input_gram(solver(l), network_.map(l).inputs()) ? map.input_gram(columns)
                                                                         : Work{};
            work += uses_signal_gram(solver(l)) ? map.signal_gram(columns) : Work{};
        }
        return work;
    }

    Timeline& timeline_;
    double input_cost_;
    ColumnBlocks ranges_;
    Batches batches_;
    std::vector<Index> order_;
    double group_columns_;
    Work update_;
};

}  // namespace hoist
