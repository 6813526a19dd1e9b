#pragma once

#include <span>

#include "hoist/comm/communicator.hpp"
#include "hoist/train/phase_times.hpp"

namespace hoist {

/// Sums `values` over the shards of a stage. Collective over its ranks, which first wait for the slowest, so that waiting
/// is told from exchanging.
template <typename Scalar>
void sum_over_shards(const Communicator& peers, std::span<Scalar> values, PhaseTimes& times) {
    if (peers.size() == 1) {
        return;
    }
    {
        const PhaseClock clock(times.wait);
        peers.barrier();
    }
    const PhaseClock clock(times.exchange);
    peers.sum(values);
}

}  // namespace hoist
