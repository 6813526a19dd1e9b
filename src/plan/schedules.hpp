#pragma once

#include "timeline.hpp"

namespace hoist {

/// The times of all ranks in one sweep.
std::vector<Timeline::Times> play_sweep(const Config& config, const SampleFacts& samples,
                                        const Placement& placement, const MachineRates& rates);

/// The times of all ranks in an epoch, with the pauses in which the stages empty themselves.
std::vector<Timeline::Times> play_epoch(const Config& config, const SampleFacts& samples,
                                        const Placement& placement, const MachineRates& rates);
/// In the batches of so many epochs that follow one another without a pause.
std::vector<Timeline::Times> play_unbroken(const Config& config, const SampleFacts& samples,
                                           const Placement& placement, const MachineRates& rates,
                                           Index epochs);

/// None on one stage, and where a batch passes more than once.
std::optional<FlushedPipelines> flushed_pipelines(const Config& config, const SampleFacts& samples,
                                                  const Placement& placement,
                                                  const MachineRates& rates);

}  // namespace hoist
