#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "hoist/problem/model_file.hpp"
#include "hoist/problem/problem.hpp"
#include "hoist/run/method.hpp"
#include "hoist/run/run_directory.hpp"

namespace hoist {

/// What a run tells as it goes on, on rank 0.
class TrainObserver {
  public:
    virtual ~TrainObserver() = default;
    /// Once the data are read. @param first the sweep after which the run goes on, 0 for a new one.
    virtual void started(const Placement& placement, Index samples, Index first) = 0;
    virtual void swept(const SweepRecord& record) = 0;
    virtual void noted(const std::string& text) = 0;
};

/// How a run is to be started, beside its configuration.
struct RunOptions {
    /// None: no file is written, and there is nothing to resume.
    std::optional<RunDirectory> directory = std::nullopt;
    Existing existing = Existing::refuse;
    /// The resolved configuration as text.
    std::string ini;
    /// Asked on every rank after each sweep and several times in an epoch: whether to stop with a checkpoint.
    std::function<bool()> stop_requested;
    /// What the log says of the machine beside the ranks; may be empty.
    std::string machine = "";
};

/// How a run ended.
enum class Outcome {
    complete,
    /// The directory held a complete run.
    already_complete,
    /// After a checkpoint.
    stopped_on_request,
    out_of_time,
};

class Recorder;

/// Trains a network over all ranks and keeps its run directory. One object trains once.
template <typename Scalar>
class Trainer {
  public:
    /// @param observer used on rank 0 only. All references must outlive the trainer.
    Trainer(const Config& config, const Communicator& world, const RunOptions& options,
            TrainObserver& observer);

    /// Collective over the world. @throws on every rank: the errors of make_problem and of reading
    /// or writing the run directory; NumericalError where the objective is not finite.
    Outcome operator()();

    /// After operator(): the closing figures, the same on every rank. @pre the outcome is complete
    /// or interrupted.
    const RunSummary& summary() const { return summary_; }
    /// After operator(): how far the run is, and whether this object has brought it further.
    const Progress& progress() const { return progress_; }
    bool has_advanced() const { return has_advanced_; }
    /// With the weights that were trained. @pre as summary().
    const Problem<Scalar>& problem() const { return *problem_; }
    /// What a file of them begins with. @pre as summary().
    ModelHeader header() const;

  private:
    std::optional<Outcome> stop() const;
    bool stops_here(const SweepRecord& record);
    void advance(Method<Scalar>& method, const Recorder& recorder);
    void note_best(const SweepRecord& record);
    void log_shifts(Recorder& recorder, std::span<const double> shifts);
    void warn_of_residual(Recorder& recorder, const Lift& lift);
    void fill_summary(const SweepRecord& last, const PhaseTimes& times);

    const Config& config_;
    const Communicator& world_;
    const RunOptions& options_;
    TrainObserver& observer_;
    double started_;
    Progress progress_;
    std::optional<Problem<Scalar>> problem_;
    double bytes_of_record_ = 0.0;
    bool warned_ = false;
    bool has_advanced_ = false;
    RunSummary summary_;
};

}  // namespace hoist
