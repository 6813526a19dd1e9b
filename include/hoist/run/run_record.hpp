#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hoist/train/evaluation.hpp"
#include "hoist/train/lift.hpp"
#include "hoist/train/sweep.hpp"

namespace hoist {

/// What happened up to the end of a sweep or epoch (0: before the first), over all ranks.
struct SweepRecord {
    Index sweep = 0;
    /// Whether `sweep` counts epochs.
    bool epochs = false;
    /// Of training: without reading data, evaluating and writing checkpoints.
    double seconds = 0.0;
    Energy energy;
    std::optional<Evaluation> train;
    std::optional<Evaluation> validation;
    std::optional<Evaluation> test;
    Lift lift;
    /// Mean over ranks, of this sweep.
    PhaseTimes times;
    /// Sum over ranks, of this sweep.
    double bytes_sent = 0.0;
};

/// The closing figures of a run.
struct RunSummary {
    SweepRecord last;
    std::optional<double> best_test;
    double seconds_training = 0.0;
    double seconds_total = 0.0;
    std::optional<double> seconds_to_target;
    bool target_set = false;
    int ranks = 1;
    std::vector<int> shards;
    double bytes_sent = 0.0;
    /// Share of training time that ranks waited.
    double idle_fraction = 0.0;
    /// Of each stage: its layers.
    std::vector<Range> layers;
    /// Of each rank, since the run was last started.
    std::vector<PhaseTimes> times;
    /// Bytes, the largest over ranks.
    double peak_memory = 0.0;
    std::uint64_t seed = 0;
    /// Of a lifted regression/reconstruction network: LipschitzBound::whole(), and the median radius of the predicted
    /// classes of the test part, or of the validation part.
    std::optional<double> lipschitz;
    std::optional<double> median_radius;
    /// Of each layer whose regression was singular: the largest RidgeFactor::shift().
    std::vector<double> shifts;
};

/// The line with which metrics.csv begins, and the line of a record.
std::string metrics_header(Figure figure);
std::string metrics_row(const SweepRecord& record, Figure figure);
/// What summary.json holds.
std::string summary_text(const RunSummary& summary, Figure figure);

}  // namespace hoist
