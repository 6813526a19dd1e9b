#pragma once

#include "hoist/train/cost_model.hpp"

namespace hoist {

/// The part of one rank in a sweep or an epoch.
struct RankCosts {
    Index columns = 0;
    MemoryPlan memory;
    double bytes_sent = 0.0;
    /// Operations that the cut into stages and shards divides.
    double flops = 0.0;
};

/// @param costs as layer_costs() gives them.
RankCosts sweep_costs(const Config& config, const SampleFacts& samples, const Placement& placement,
                      int rank, const std::vector<double>& costs);
RankCosts batch_costs(const Config& config, const SampleFacts& samples, const Placement& placement,
                      int rank, const std::vector<double>& costs);

// Resident pages of hoist, HDF5 (with the network libraries that Debian's links) and OpenBLAS that
// a run touches, and the buffers of OpenBLAS for small products: measured as the peak of a rank
// that trains 4-5-5-3, less that of an empty MPI program.
constexpr double program_pages = 12.6e6;
// What the HDF5 library adds where the model is written.
constexpr double writer_pages = 3.5e6;
// Rows of the panels that OpenBLAS copies the factors of a product into.
constexpr double panel_rows = 384.0;

}  // namespace hoist
