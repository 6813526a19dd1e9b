#pragma once

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

    Range layers_of(int rank) const {
        return layers[static_cast<std::size_t>(grid.stage_of(rank))];
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
/// can.
Placement place(const std::vector<double>& costs, const GridOptions& options, int ranks);

/// Floating-point operations per column that each layer takes in one sweep or epoch.
/// @param input_cost the time of products with the inputs over that of dense ones.
std::vector<double> layer_costs(const Config& config, double input_cost = 1.0);

}  // namespace hoist
