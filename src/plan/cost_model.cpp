#include "hoist/plan/cost_model.hpp"

#include <algorithm>

#include "rank_costs.hpp"
#include "schedules.hpp"

namespace hoist {

RunPlan plan_run(const Config& config, const SampleFacts& samples, int ranks,
                 const MachineRates& rates) {
    const auto rank_costs = config.fit == Fit::sweeps ? sweep_costs : batch_costs;
    const auto play = config.fit == Fit::sweeps ? play_sweep : play_epoch;
    const std::vector<double> costs = layer_costs(config, samples.input_cost);
    RunPlan plan{place(costs, config.grid, ranks), {}, 0.0, 0.0, 1.0};
    const std::vector<Timeline::Times> times = play(config, samples, plan.placement, rates);
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
        plan.seconds = std::max(plan.seconds, spent.end);
        heaviest = std::max(heaviest, found.flops);
        plan.ranks.push_back(own);
    }
    for (RankPlan& own : plan.ranks) {
        own.wait = std::max(0.0, plan.seconds - own.compute - own.exchange);
    }
    const Placement alone = place(costs, {}, 1);
    plan.seconds_alone = play(config, samples, alone, rates).front().end;
    plan.most_speedup = rank_costs(config, samples, alone, 0, costs).flops / heaviest;
    return plan;
}

}  // namespace hoist
