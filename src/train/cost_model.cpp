#include "hoist/train/cost_model.hpp"

#include <algorithm>
#include <numeric>

#include "rank_costs.hpp"

namespace hoist {

RunPlan plan_run(const Config& config, const SampleFacts& samples, int ranks,
                 const MachineRates& rates) {
    const auto rank_costs = config.fit == Fit::sweeps ? sweep_costs : batch_costs;
    const std::vector<double> costs = layer_costs(config, samples.input_cost);
    RunPlan plan{place(costs, config.grid, ranks), {}, 0.0, 0.0, 1.0};
    double heaviest = 0.0;
    for (int rank = 0; rank < ranks; ++rank) {
        const RankCosts found = rank_costs(config, samples, plan.placement, rank, costs, rates);
        RankPlan own;
        own.stage = plan.placement.grid.stage_of(rank);
        own.shard = plan.placement.grid.shard_of(rank);
        own.layers = plan.placement.layers_of(rank);
        own.columns = found.columns;
        own.memory = found.memory;
        own.bytes_sent = found.bytes_sent;
        own.compute = found.compute;
        own.exchange = found.bytes_exchanged / rates.bandwidth;
        plan.seconds = std::max(plan.seconds, (own.compute + own.exchange) * (1.0 + found.bubble));
        heaviest = std::max(heaviest, found.flops);
        plan.ranks.push_back(own);
    }
    for (RankPlan& own : plan.ranks) {
        own.wait = plan.seconds - own.compute - own.exchange;
    }
    const Placement alone = place(costs, {}, 1);
    const RankCosts all = rank_costs(config, samples, alone, 0, costs, rates);
    plan.seconds_alone = all.compute;
    plan.most_speedup = all.flops / heaviest;
    return plan;
}

}  // namespace hoist
