#include <algorithm>

#include "hoist/math/solver_work.hpp"
#include "hoist/problem/problem.hpp"
#include "hoist/train/passage.hpp"
#include "lrrn_schedule.hpp"
#include "rank_costs.hpp"
#include "rank_part.hpp"
#include "schedules.hpp"

namespace hoist {

namespace {

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
          order_(placement.grid.order(rank, ranges_.count())) {
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            update_ += solver_work(solver(l), inputs_of(l), outputs_of(l), scalar_);
        }
    }

    /// @pre outlives the script.
    Timeline::Script play(Index steps) {
        const auto delay = static_cast<Index>(
            std::min<Index>(config_.staleness, placement_.grid.stages() - 1 - stage_));
        for (Index step = 0; step < steps + delay; ++step) {
            // The batch that is completed in this step, with what has been done for it.
            const Index oldest = step - delay;
            const std::size_t blocks = order_.size();
            const std::size_t turns = blocks * static_cast<std::size_t>(passes());
            std::size_t answered = 0;
            std::vector<Work> sums;
            std::size_t summed = 0;
            double grouped = 0.0;
            const auto complete_block = [&](std::size_t turn) {
                ++answered;
                if (turn + blocks < turns) {
                    return;  // it comes again
                }
                grouped += columns(block_of(turn));
                const bool full = grouped >= static_cast<double>(batch_group_columns);
                if (full || answered == turns) {
                    sums.push_back(gradients(grouped));
                    grouped = 0.0;
                }
            };
            for (std::size_t i = 0; i < turns && step < steps; ++i) {
                const Index block = block_of(i);
                const std::size_t forwarded = delay == 0 ? i : turns;
                const auto awaited = up(step, stage_, i);
                while (i >= blocks && answered <= i - blocks) {  // of the pass before
                    co_await wait_above(oldest, answered);
                    co_await timeline_.work(rank_, backward(block_of(answered)));
                    send_down(oldest, answered);
                    complete_block(answered);
                }
                while (oldest >= 0) {
                    if (!last() && answered < forwarded &&
                        timeline_.has_arrived(rank_, down(oldest, stage_ + 1, answered))) {
                        co_await wait_above(oldest, answered);
                        co_await timeline_.work(rank_, backward(block_of(answered)));
                        send_down(oldest, answered);
                        complete_block(answered);
                    } else if (summed < sums.size() && !first() &&
                               !timeline_.has_arrived(rank_, awaited)) {
                        co_await timeline_.work(rank_, sums[summed++]);
                    } else {
                        break;
                    }
                }
                if (!first()) {
                    co_await timeline_.wait(rank_, awaited, bytes_up(layers_.begin, i));
                }
                co_await timeline_.work(rank_, forward(i));
                if (last()) {
                    co_await timeline_.work(rank_, backward(block));
                    send_down(step, i);
                    complete_block(i);
                } else {
                    timeline_.send(rank_, owner(stage_ + 1, block), up(step, stage_ + 1, i),
                                   bytes_up(layers_.end, i));
                }
            }
            if (oldest < 0) {
                continue;
            }
            while (answered < turns) {
                while (summed < sums.size() &&
                       !timeline_.has_arrived(rank_, down(oldest, stage_ + 1, answered))) {
                    co_await timeline_.work(rank_, sums[summed++]);
                }
                co_await wait_above(oldest, answered);
                co_await timeline_.work(rank_, backward(block_of(answered)));
                send_down(oldest, answered);
                complete_block(answered);
            }
            while (summed < sums.size()) {
                co_await timeline_.work(rank_, sums[summed++]);
            }
            if (shards() > 1.0) {
                co_await timeline_.sum(rank_, placement_.grid.rank_of(stage_, 0),
                                       placement_.grid.shards(stage_), equations() * scalar_);
            }
            co_await timeline_.work(rank_, update_);
        }
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

    double equations() const {
        double numbers = 0.0;
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            numbers += batch_equations(solver(l), network_.map(l));
        }
        return numbers;
    }

    Timeline& timeline_;
    double input_cost_;
    ColumnBlocks ranges_;
    Batches batches_;
    std::vector<Index> order_;
    Work update_;
};

template <typename Schedule>
std::vector<Timeline::Times> play_batches(const Config& config, const SampleFacts& samples,
                                          const Placement& placement, const MachineRates& rates,
                                          Index steps) {
    const Index blocks = training_blocks(config, samples.train).count();
    const Index visits = config.formulation.is_lrrn() ? LrrnSchedule::visits(config)
                                                      : Index{config.formulation.passes};
    const Index messages = steps * visits * placement.grid.stages() * blocks * 2;
    Timeline timeline(placement.grid.ranks(), messages, rates);
    std::vector<Schedule> schedules;
    for (int rank = 0; rank < placement.grid.ranks(); ++rank) {
        schedules.emplace_back(config, samples, placement, rank, timeline);
    }
    std::vector<Timeline::Script> scripts;
    for (Schedule& schedule : schedules) {
        scripts.push_back(schedule.play(steps));
    }
    return timeline.run(std::move(scripts));
}

}  // namespace

// The first batches are played, and the rest goes on as they do.
std::vector<Timeline::Times> play_epoch(const Config& config, const SampleFacts& samples,
                                        const Placement& placement, const MachineRates& rates) {
    const Index batches = Batches(training_blocks(config, samples.train), config.batch, 0).count();
    const Index steps = batches * config.rounds;
    const Index played = std::min<Index>(steps, 8 + 2 * config.staleness);
    const auto play =
        config.formulation.is_lrrn() ? play_batches<LrrnSchedule> : play_batches<BatchSchedule>;
    std::vector<Timeline::Times> times = play(config, samples, placement, rates, played);
    if (played == steps) {
        return times;
    }
    const Index fewer = played / 2;
    const auto before = play(config, samples, placement, rates, fewer);
    const double further =
        static_cast<double>(steps - played) / static_cast<double>(played - fewer);
    for (std::size_t i = 0; i < times.size(); ++i) {
        const auto extend = [&](double Timeline::Times::*part) {
            times[i].*part += further * (times[i].*part - before[i].*part);
        };
        extend(&Timeline::Times::compute);
        extend(&Timeline::Times::exchange);
        extend(&Timeline::Times::end);
    }
    return times;
}

}  // namespace hoist
