#include "hoist/plan/cost_model.hpp"

#include <algorithm>

#include "rank_costs.hpp"
#include "schedules.hpp"

namespace hoist {

RunPlan plan_run(const Config& config, const SampleFacts& samples, int ranks,
                 const MachineRates& rates) {
    const auto rank_costs = config.fit == Fit::sweeps ? sweep_costs : batch_costs;
    const bool sweeps = config.fit == Fit::sweeps;
    const auto play = [&](const Placement& placement) {
        return sweeps ? play_sweep(config, samples, placement, rates)
                      : play_epoch(config, samples, placement, rates);
    };
    const std::vector<double> costs = layer_costs(config, samples.input_cost);
    RunPlan plan{place(costs, config.grid, ranks), {}};
    const std::vector<Timeline::Times> times = play(plan.placement);
    plan.seconds = Timeline::last_end(times);
    double heaviest = 0.0;
    for (int rank = 0; rank < ranks; ++rank) {
        const RankCosts found = rank_costs(config, samples, plan.placement, rank, costs);
        const Timeline::Times& spent = times[static_cast<std::size_t>(rank)];
        RankPlan own;
        own.stage = plan.placement.grid.stage_of(rank);
        own.shard = plan.placement.grid.shard_of(rank);
        own.layers = plan.placement.layers_of(rank);
        own.columns = found.columns;
        own.memory = found.memory;
        own.bytes_sent = found.bytes_sent;
        own.compute = spent.compute;
        own.exchange = spent.exchange;
        heaviest = std::max(heaviest, found.flops);
        plan.ranks.push_back(own);
    }
    for (RankPlan& own : plan.ranks) {
        own.wait = std::max(0.0, plan.seconds - own.compute - own.exchange);
    }
    const Placement alone = place(costs, {}, 1);
    plan.seconds_alone = play(alone).front().end;
    plan.seconds_steady = plan.seconds;
    if (!sweeps) {
        const auto unbroken = [&](Index epochs) {
            return Timeline::last_end(
                play_unbroken(config, samples, plan.placement, rates, epochs));
        };
        plan.seconds_steady = unbroken(2) - (config.drain_every > 0 ? unbroken(1) : plan.seconds);
        plan.flushed = flushed_pipelines(config, samples, plan.placement, rates);
    }
    plan.most_speedup = rank_costs(config, samples, alone, 0, costs).flops / heaviest;
    return plan;
}

}  // namespace hoist
