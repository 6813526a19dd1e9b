#pragma once

#include <limits>
#include <span>

#include "hoist/comm/communicator.hpp"
#include "hoist/train/phase_times.hpp"

namespace hoist {

/// Whether the shards of a stage divide work on a matrix of so many numbers, that each would otherwise do alone: below,
/// waiting for one another takes as long.
inline bool worth_dividing(Index numbers) {
    constexpr Index least = 1 << 15;
    return numbers >= least && numbers <= std::numeric_limits<int>::max();
}

/// Waits for the slowest shard of a stage, so that waiting is told from exchanging. Collective over its ranks.
inline void meet_shards(const Communicator& peers, PhaseTimes& times) {
    const PhaseClock clock(times.wait);
    peers.barrier();
}

/// Sums `values` over the shards of a stage, which first meet.
template <typename Scalar>
void sum_over_shards(const Communicator& peers, std::span<Scalar> values, PhaseTimes& times) {
    if (peers.size() == 1) {
        return;
    }
    meet_shards(peers, times);
    const PhaseClock clock(times.exchange);
    peers.sum(values);
}

}  // namespace hoist
