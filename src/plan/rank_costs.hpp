#pragma once

#include "hoist/plan/cost_model.hpp"

namespace hoist {

/// Whether sweeps move each block by a bounded regression (classical); the other penalties take
/// steps of proximal gradient.
inline bool solves_regressions(const Config& config) {
    return config.formulation.name == "classical";
}
/// How many steps of proximal gradient they are otherwise, or below a map that is not plain.
inline double gradient_steps(const Config& config) {
    const FormulationOptions& options = config.formulation;
    return solves_regressions(config) ? options.nnls.sweeps : options.iterations;
}

/// Which Gram matrices the steps on mini-batches of a map of n inputs take.
inline bool uses_input_gram(const WeightSolverOptions& options, Index inputs) {
    using Kind = WeightSolverOptions::Kind;
    return options.kind == Kind::gram ||
           (options.kind == Kind::implicit && !solves_in_batch(options, inputs));
}
inline bool uses_signal_gram(const WeightSolverOptions& options) {
    return options.kind == WeightSolverOptions::Kind::gram && options.sides == GramSides::both;
}
/// The numbers that shards add of such a map with m outputs. @param options with the batch set.
inline double batch_equations(const WeightSolverOptions& options, const MapSpec& map) {
    const double n = static_cast<double>(map.inputs()) + 1.0;
    const auto m = static_cast<double>(map.outputs());
    const double kept = solves_in_batch(options, map.inputs())
                            ? (n - 1.0) * static_cast<double>(options.batch)
                            : 0.0;
    return n * m + (uses_input_gram(options, map.inputs()) ? n * n : 0.0) +
           (uses_signal_gram(options) ? m * m : 0.0) + (map.normalized ? 2.0 * m : 0.0) + kept;
}

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
// that trains a small network, less that of an empty MPI program: 12.6 MB with the kernels for AVX2 on a first-generation
// EPYC, 20 MB with those for AVX-512 on a fourth-generation one.
constexpr double program_pages = 16.3e6;
// What the HDF5 library adds where the model is written: 3.5 and 7 MB there.
constexpr double writer_pages = 5.2e6;
// Rows of the panels that OpenBLAS copies the factors of a product into.
constexpr double panel_rows = 384.0;

}  // namespace hoist
