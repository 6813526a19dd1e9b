#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "hoist/comm/process_grid.hpp"
#include "hoist/config/config.hpp"

namespace hoist {

/// Which layers each stage holds, and which ranks each stage has.
struct Placement {
    ProcessGrid grid;
    /// Of each stage.
    std::vector<Range> layers;
    /// Of each layer, how many stages lie above its own: those of the grid, or those that are emulated.
    std::vector<Index> stages_above = {};

    Range layers_of(int rank) const {
        return layers[static_cast<std::size_t>(grid.stage_of(rank))];
    }
    /// How many mini-batches the way up through a layer is ahead of its steps.
    Index delay(Index layer, Index staleness) const {
        return std::min(staleness, stages_above[static_cast<std::size_t>(layer)]);
    }
    bool first(int rank) const { return grid.stage_of(rank) == 0; }
    bool last(int rank) const { return grid.stage_of(rank) == grid.stages() - 1; }
    /// "2 stages (layers 0 | 1-2) x shards 1, 2".
    std::string text() const;
};

/// Places the layers on `ranks` ranks. What `options` leaves open is chosen so that the costliest
/// rank has least to do: among all cuts into stages and all numbers of shards, the one with the
/// most stages that is within a twentieth of the best.
/// @param costs relative cost of each layer, as layer_costs() gives it.
/// @throws UsageError where `options` cannot be met with so many ranks, naming the nearest that
/// can, or where there are fewer emulated stages than real ones, or more than layers.
Placement place(const std::vector<double>& costs, const GridOptions& options, int ranks);

/// Floating-point operations per column that each layer takes in one sweep or epoch.
/// @param input_cost the time of products with the inputs over that of dense ones.
std::vector<double> layer_costs(const Config& config, double input_cost = 1.0);

}  // namespace hoist
