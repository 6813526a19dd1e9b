#pragma once

#include <functional>

#include "hoist/problem/model_file.hpp"
#include "hoist/problem/problem.hpp"
#include "hoist/run/run_directory.hpp"

namespace hoist {

/// Collective: the unit in which a run trains, which is that of the checkpoint that it resumes. One of
/// an earlier version knows only the values' own. What is wrong with checkpoints is said when one
/// is taken.
TargetUnit unit_of_targets(const Config& config, const Communicator& world,
                           const RunDirectory& directory, Existing existing);

/// Collective: the newest checkpoint that is whole. On rank 0 `note` is told which are not.
/// @throws DataError where all are damaged.
std::filesystem::path find_checkpoint(const RunDirectory& directory, const Communicator& world,
                                      const std::function<void(const std::string&)>& note);

/// What a run goes on from, after a check that it is the same run: the network, the samples, which
/// activations in a checkpoint belong to, and what the mini-batches and their steps are made from.
/// @param ini the present configuration as text. @throws UsageError.
Progress resumed_progress(const std::filesystem::path& checkpoint, const Config& config,
                          const std::string& ini);

}  // namespace hoist
