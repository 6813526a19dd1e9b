#pragma once

#include <mpi.h>

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "hoist/library/model.hpp"

namespace hoist {

/// What has happened up to the end of a sweep or epoch. Figures are accuracies in per cent; of a regression, roots of
/// mean squared errors.
struct TrainingReport {
    /// Sweeps or epochs that are over, and all of the run.
    Index done = 0;
    Index length = 0;
    double seconds = 0.0;
    double objective = 0.0;
    std::optional<double> train;
    std::optional<double> validation;
    std::optional<double> test;
};

struct TrainingOptions {
    /// Told after each sweep or epoch, on rank 0.
    std::function<void(const TrainingReport&)> report = {};
    /// Asked on every rank, several times in an epoch: whether any wants to stop.
    std::function<bool()> stop = {};
    /// A run directory to keep, with checkpoints; empty: none, and no file is written.
    std::string directory = {};
    /// Whether to go on from the last checkpoint in it.
    bool resume = false;
};

/// Trains a network over all of `ranks`, as `hoist train` does. Collective: every rank gives the same keys and the same data,
/// of which it reads and holds what belongs to its layers and samples. Neither prints nor ends the process; `ranks` is
/// duplicated, so that no message meets another.
/// @param keys of the configuration by their names, as {"network.layers", "784-300-10"}; those that name data files have
/// no meaning here.
/// @return on every rank the whole model, as far as it has come where it was told to stop.
/// @throws Error, whose status() tells its kind; where it is agreed() on every rank, else on this one alone while others may
/// wait for it: then end the job (MPI_Abort). What fails within MPI ends the job.
[[gnu::visibility("default")]] Model train(const std::map<std::string, std::string>& keys, const DataInMemory& data,
                                           MPI_Comm ranks, const TrainingOptions& options = {});

}  // namespace hoist
