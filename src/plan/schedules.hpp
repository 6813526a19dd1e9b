#pragma once

#include "timeline.hpp"

namespace hoist {

/// The times of all ranks in one sweep.
std::vector<Timeline::Times> play_sweep(const Config& config, const SampleFacts& samples,
                                        const Placement& placement, const MachineRates& rates);

/// The times of all ranks in one epoch.
std::vector<Timeline::Times> play_epoch(const Config& config, const SampleFacts& samples,
                                        const Placement& placement, const MachineRates& rates);

}  // namespace hoist
