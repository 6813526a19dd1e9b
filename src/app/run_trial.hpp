#pragma once

#include <functional>

#include "trials.hpp"

namespace hoist {

/// Trains one trial on the ranks of `group` and records in it how that ended; it stays running
/// where it was interrupted. Collective over `group`.
/// @param earlier figures of trials to judge it by while it runs; none: it runs to its end.
/// @param interrupted asked on every rank: whether to stop with a checkpoint.
/// @throws as Trainer, but for the NumericalError of a trial that diverges.
void run_trial(Trial& trial, const ConfigText& settings, const RunDirectory& directory,
               const Communicator& group, const std::vector<std::vector<double>>& earlier,
               const std::function<bool()>& interrupted);

}  // namespace hoist
