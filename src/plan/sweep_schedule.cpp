#include "hoist/math/kernel_work.hpp"
#include "hoist/problem/batches.hpp"
#include "rank_costs.hpp"
#include "rank_part.hpp"
#include "schedules.hpp"

namespace hoist {

namespace {

struct Step {
    enum class Kind { work, send, wait, sum };
    Kind kind;
    Work work;
    double bytes;
    /// A message and its receiver, or the first rank and the size of a group.
    Index target;
    int size;
};

// None of them depends on what has arrived.
Timeline::Script play(Timeline& timeline, int rank, std::vector<Step> steps) {
    for (const Step& step : steps) {
        if (step.kind == Step::Kind::work) {
            co_await timeline.work(rank, step.work);
        } else if (step.kind == Step::Kind::send) {
            timeline.send(rank, step.size, step.target, step.bytes);
        } else if (step.kind == Step::Kind::wait) {
            co_await timeline.wait(rank, step.target, step.bytes);
        } else {
            co_await timeline.sum(rank, static_cast<int>(step.target), step.size, step.bytes);
        }
    }
}

/// The steps of one rank in a sweep, as Sweep takes them.
class SweepSchedule : RankPart {
  public:
    SweepSchedule(const Config& config, const SampleFacts& samples, const Placement& placement,
                  int rank)
        : RankPart(config, placement, rank),
          blocks_(training_blocks(config, samples.train)),
          order_(placement.grid.order(rank, blocks_.count())) {}

    static Index messages(const Config& config, const Placement& placement, Index blocks) {
        const Index rounds =
            config.activation_step == ActivationStep::joint ? config.joint_iterations + 1 : 1;
        return rounds * 2 * placement.grid.stages() * blocks;
    }

    std::vector<Step> operator()() {
        if (config_.activation_step == ActivationStep::joint) {
            move_jointly();
        } else if (config_.schedule == Schedule::wavefront) {
            move_wavefront();
        } else {
            move_checkerboard();
        }
        refit();
        send_preactivations();
        return std::move(steps_);
    }

  private:
    double columns(Index block) const { return static_cast<double>(blocks_.columns(block).size()); }

    // X of a block that a stage sends down, and U of a block that comes up to it.
    Index down(int stage, Index block) const { return message(stage, block, 0); }
    Index up(int stage, Index block) const { return message(stage, block, 1); }
    Index message(int stage, Index block, Index direction) const {
        const Index within = (stage * blocks_.count() + block) * 2 + direction;
        return round_ * 2 * placement_.grid.stages() * blocks_.count() + within;
    }
    double bytes_down(Index layer, Index block) const {
        return width(layer) * columns(block) * scalar_;
    }
    double bytes_up(Index layer, Index block) const {
        return maps(layer - 1) * columns(block) * scalar_;
    }
    int owner(int stage, Index block) const {
        return placement_.grid.owner(stage, block, blocks_.count());
    }
    void send_down(Index block) {
        if (!first()) {
            send(bytes_down(layers_.begin, block), down(stage_, block), owner(stage_ - 1, block));
        }
    }
    void send_up(Index block) {
        if (!last()) {
            send(bytes_up(layers_.end, block), up(stage_ + 1, block), owner(stage_ + 1, block));
        }
    }
    void wait_above(Index block) {
        if (!last()) {
            wait(bytes_down(layers_.end, block), down(stage_ + 1, block));
        }
    }
    void wait_below(Index block) {
        if (!first()) {
            wait(bytes_up(layers_.begin, block), up(stage_, block));
        }
    }
    void send(double bytes, Index message, int receiver) {
        steps_.push_back({Step::Kind::send, {}, bytes, message, receiver});
    }
    void wait(double bytes, Index message) {
        steps_.push_back({Step::Kind::wait, {}, bytes, message, 0});
    }
    void work(Work work) { steps_.push_back({Step::Kind::work, work, 0.0, 0, 0}); }
    void sum(int first, int size, double bytes) {
        if (size > 1) {
            steps_.push_back({Step::Kind::sum, {}, bytes, first, size});
        }
    }

    bool curved_output(Index layer) const {
        return layer + 1 == network_.layers() && config_.improves_output();
    }
    Work map(Index layer, Index block) const { return map_work(layer).apply(columns(block)); }
    Work move(Index layer, Index block) const {
        if (layer == 0) {
            return {};
        }
        const FormulationOptions& options = config_.formulation;
        if (!solves_regressions(config_) || !network_.map(layer).plain()) {
            const bool adaptive =
                options.name == "mac" ||
                (options.name == "bregman" && options.method == BlockMethod::adaptive);
            return map_work(layer).gradient_steps(columns(block), gradient_steps(config_),
                                                  adaptive);
        }
        const NnlsOptions& nnls = options.nnls;
        const bool pivoting = nnls.method == NnlsOptions::Method::block_pivoting;
        return map_work(layer).descent(columns(block), pivoting ? 10.0 : nnls.sweeps);
    }
    Work target(Index layer, Index block) const {
        // T costs about as much as a thousand operations per output (measured with 10 outputs).
        return curved_output(layer) ? Work{1000.0 * maps(layer) * columns(block)} : Work{};
    }
    void accumulate(Index block) {
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            work(map_work(l).moment(columns(block)));
            work(l > 0 ? map_work(l).gram(columns(block)) : Work{});
            work(curved_output(l) || !solves_regressions(config_) ? map(l, block) : Work{});
        }
    }

    void move_wavefront() {
        for (const Index block : order_) {
            wait_above(block);
            Work all;
            for (Index l = layers_.begin; l < layers_.end; ++l) {
                all += move(l, block);
            }
            work(all);
            send_down(block);
            accumulate(block);
        }
    }

    bool moves_first(Index layer, Index block) const { return (layer + block) % 2 != 0; }
    bool sent_after_refit(Index layer, Index block) const {
        return config_.schedule == Schedule::wavefront || layer == 1 || moves_first(layer, block);
    }

    void move_checkerboard() {
        for (const bool first_color : {true, false}) {
            for (const Index block : order_) {
                for (Index l = layers_.begin; l < layers_.end; ++l) {
                    if (moves_first(l, block) != first_color) {
                        continue;
                    }
                    if (l + 1 == layers_.end && !first_color) {
                        wait_above(block);
                    }
                    if (l == layers_.begin && l > 0 && !sent_after_refit(l, block)) {
                        wait_below(block);
                    }
                    work(move(l, block));
                    if (l == layers_.begin) {
                        send_down(block);
                    }
                    if (first_color && l > 0 && l + 1 < network_.layers()) {
                        work(map(l, block));
                        if (l + 1 == layers_.end) {
                            send_up(block);
                        }
                    }
                }
            }
        }
        for (const Index block : order_) {
            wait_above(block);
            accumulate(block);
        }
    }

    void move_jointly() {
        for (int iteration = 0; iteration < config_.joint_iterations; ++iteration) {
            for (const Index block : order_) {
                send_down(block);
            }
            for (const Index block : order_) {
                for (Index l = layers_.begin; l < layers_.end; ++l) {
                    work(map(l, block));
                }
                send_up(block);
                wait_above(block);
                wait_below(block);
                for (Index l = std::max<Index>(layers_.begin, 1); l < layers_.end; ++l) {
                    work(map_work(l).pull_back(columns(block)) +
                         kernels_.passes(3.0, (width(l) + maps(l)) * columns(block)));
                }
            }
            sum(0, placement_.grid.ranks(),
                8.0 * static_cast<double>(blocks_.count() * network_.layers()));
            ++round_;
        }
        for (const Index block : order_) {
            send_down(block);
        }
        for (const Index block : order_) {
            wait_above(block);
            accumulate(block);
        }
    }

    void sum(double numbers) {
        sum(placement_.grid.rank_of(stage_, 0), placement_.grid.shards(stage_), 8.0 * numbers);
    }

    Work solution(Index layer) const {
        return map_work(layer).solution() * (1.0 / solvers(inputs_of(layer), outputs_of(layer)));
    }

    void refit() {
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            const double n = inputs_of(l);
            const double m = outputs_of(l);
            sum((n + 1) * (l > 0 ? n + 1 + m : m) + solution_numbers(n, m));
            work(solution(l) + (l > 0 ? map_work(l).factor() : Work{}));
        }
        const Index top = layers_.end - 1;
        for (int step = 1; step < config_.inner && curved_output(top); ++step) {
            for (const Index block : order_) {
                work(map(top, block) + target(top, block) + map_work(top).moment(columns(block)));
            }
            sum((inputs_of(top) + 1) * outputs_of(top) +
                solution_numbers(inputs_of(top), outputs_of(top)));
            work(solution(top));
        }
        for (Index l = std::max<Index>(layers_.begin, 1); l < layers_.end; ++l) {
            work(map_work(l).prepare());
        }
    }

    void send_preactivations() {
        for (const Index block : order_) {
            for (Index l = layers_.begin; l < layers_.end; ++l) {
                work(map(l, block));
                if (l + 1 == layers_.end && !last() && sent_after_refit(l + 1, block)) {
                    send_up(block);
                }
                work(kernels_.energy(maps(l), columns(block)));
            }
        }
        for (const Index block : order_) {
            if (sent_after_refit(layers_.begin, block)) {
                wait_below(block);
            }
        }
    }

    ColumnBlocks blocks_;
    std::vector<Index> order_;
    std::vector<Step> steps_;
    Index round_ = 0;
};

}  // namespace

std::vector<Timeline::Times> play_sweep(const Config& config, const SampleFacts& samples,
                                        const Placement& placement, const MachineRates& rates) {
    const Index blocks = training_blocks(config, samples.train).count();
    Timeline timeline(placement.grid.ranks(), SweepSchedule::messages(config, placement, blocks),
                      rates);
    std::vector<Timeline::Script> scripts;
    for (int rank = 0; rank < placement.grid.ranks(); ++rank) {
        scripts.push_back(play(timeline, rank, SweepSchedule(config, samples, placement, rank)()));
    }
    return timeline.run(std::move(scripts));
}

}  // namespace hoist
