#pragma once

#include <optional>
#include <vector>

#include "hoist/problem/placement.hpp"

namespace hoist {

/// What a network of pictures meets, in numbers; none for other networks.
struct PictureFacts {
    /// Of all pictures that patches are cut out of.
    double stored = 0.0;
    /// Of all pictures that it is judged on, as large as they fit, and of the largest of them.
    double judged = 0.0;
    double largest = 0.0;
};

/// How many samples a run has of each kind, and the time that products with its inputs take, as
/// input_cost() gives it.
struct SampleFacts {
    Index train = 0;
    Index validation = 0;
    Index test = 0;
    double input_cost = 1.0;
    PictureFacts pictures = {};
};

/// What one rank can do: floating-point operations per second of its matrix products, in the
/// precision of the run, bytes per second that it copies, and between ranks the bytes per second of
/// a network (0: they share memory) and the seconds until a message arrives.
struct MachineRates {
    double flops = 0.0;
    double bandwidth = 0.0;
    double network = 0.0;
    double latency = 1e-6;
};

/// The bytes that a rank has resident at its peak, beyond those of an empty MPI program.
struct MemoryPlan {
    /// Inputs and targets.
    double samples = 0.0;
    /// X_l, U_l and what is seen of the neighbors.
    double activations = 0.0;
    /// Weights, normal equations, factors and solvers.
    double weights = 0.0;
    /// Blocks on their way and the largest temporaries.
    double scratch = 0.0;
    /// Pages of hoist itself and of the libraries that it brings.
    double program = 0.0;

    double total() const { return samples + activations + weights + scratch + program; }
};

/// The part of one rank in a run; times and bytes are those of one sweep.
struct RankPlan {
    int stage = 0;
    int shard = 0;
    Range layers;
    /// Training samples of its own.
    Index columns = 0;
    MemoryPlan memory;
    /// Messages, and the buffer of each sum once, as Communicator::bytes_sent() counts them.
    double bytes_sent = 0.0;
    double compute = 0.0;
    double exchange = 0.0;
    /// While the first blocks come through the stages, and for slower ranks.
    double wait = 0.0;
};

/// Seconds of an epoch on pipelines that empty themselves before each step of the weights, as their papers count
/// them: every stage takes as long as the heaviest, and messages take no time.
struct FlushedPipelines {
    /// GPipe (Huang et al. 2019), and 1F1B (Narayanan et al. 2021), which keeps fewer activations.
    double fill_and_drain = 0.0;
    /// ZB-H1 and ZB-H2 (Qi et al. 2023, table 2).
    double zero_bubble_h1 = 0.0;
    double zero_bubble_h2 = 0.0;
};

/// What to expect of a run before it is started.
struct RunPlan {
    Placement placement;
    std::vector<RankPlan> ranks;
    /// Seconds of one sweep, and of one on a single rank.
    double seconds = 0.0;
    double seconds_alone = 0.0;
    /// Of an epoch among others, without what fills and empties the stages; of a sweep what it takes.
    double seconds_steady = 0.0;
    /// Of mini-batches on several stages, where each passes once.
    std::optional<FlushedPipelines> flushed = {};
    /// All work over that of the rank with most of it: no exchange could make it faster.
    double most_speedup = 1.0;

    double speedup() const { return seconds_alone / seconds; }
    double efficiency() const { return speedup() / static_cast<double>(ranks.size()); }
};

/// Predicts a run of `config` on `ranks` ranks, placed as training places them. Reads no data.
/// @throws UsageError as place().
RunPlan plan_run(const Config& config, const SampleFacts& samples, int ranks,
                 const MachineRates& rates);

}  // namespace hoist
