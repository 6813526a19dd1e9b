#pragma once

#include "commands.hpp"

namespace hoist {

struct BenchOptions {
    Config config;
    int repeat = 9;
    /// Random training samples; 0: the data that the configuration names.
    Index samples = 0;
    bool json = false;
    int threads = 1;
};

/// Times each kernel of training beside a product of as many operations and prints both. On several
/// ranks all work at once, as in training, and rank 0 prints its own times. Collective.
void bench_kernels(const Communicator& world, const BenchOptions& options);

/// Trains a few sweeps (or epochs, on mini-batches) and prints where their time went on each rank. Collective.
void bench_sweep(const Communicator& world, const BenchOptions& options);

/// Sends messages of many sizes back and forth between the lower and the upper half of the ranks.
/// Collective. @throws UsageError on one rank.
void bench_exchange(const Communicator& world, const BenchOptions& options);

}  // namespace hoist
