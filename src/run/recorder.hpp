#pragma once

#include <deque>
#include <optional>
#include <string>

#include "hoist/io/directory_lock.hpp"
#include "hoist/run/checkpoint.hpp"
#include "hoist/run/trainer.hpp"

namespace hoist {

/// Keeps the directory of a run: rank 0 owns it and writes what the run has to say; the other ranks
/// learn whether that worked.
class Recorder {
  public:
    /// Whether what cannot be written ends the run even where checkpoint.required is false.
    enum class Needed { always, if_required };

    /// All references must outlive it.
    Recorder(const Config& config, const Communicator& world, const RunOptions& options,
             TrainObserver& observer);

    /// Collective: whether the run that is to be resumed has come to its end. Rank 0 looks for all:
    /// on a shared file system others may still see the directory as it was.
    bool is_complete() const;
    /// Collective: keeps other processes away from the directory, if it is there.
    /// @throws as DirectoryLock.
    void own_if_there();
    /// Collective: makes the directory where there is none, owns it and makes way for the run.
    /// @throws as DirectoryLock and RunDirectory::prepare().
    void prepare();
    /// Collective: writes config.ini and the first lines of the log, and cuts metrics.csv off after
    /// sweep `first`.
    void start(const Placement& placement, Index samples, Index first,
               const std::vector<std::string>& remarks);

    bool reports() const { return world_.rank() == 0; }
    /// A line of log.txt. @pre reports().
    void log(const std::string& text) const;
    /// Tells the observer, too. @pre reports().
    void note(const std::string& text) const;

    /// Takes note of a row of metrics.csv.
    void add(const SweepRecord& record) { unwritten_.push_back(record); }
    /// Collective: writes the rows that wait. Where the file system has no room or is away for a
    /// while, they wait on in memory.
    void write_metrics(Needed needed);

    /// Collective: whether the seconds between checkpoints are over; and whether one is due where the run is.
    bool checkpoint_overdue() const;
    bool checkpoint_due(const Progress& progress) const;
    /// Whether a checkpoint holds the run as it is.
    bool saved() const { return saved_; }
    void set_saved(bool saved) { saved_ = saved; }
    /// Collective.
    template <typename Scalar>
    void write_checkpoint(const ModelHeader& header, const Placement& placement,
                          const Stage<Scalar>& stage, const CheckpointState<Scalar>& state,
                          Needed needed);

    /// Collective: writes the model and the closing figures.
    template <typename Scalar>
    void finish(const ModelHeader& header, const Placement& placement, const Stage<Scalar>& stage,
                const RunSummary& summary);

  private:
    enum class Directory { made, if_there };
    void own(Directory directory);

    const Config& config_;
    const Communicator& world_;
    const RunOptions& options_;
    TrainObserver& observer_;
    /// On rank 0, from before anything in the directory is touched.
    std::optional<DirectoryLock> lock_;
    std::deque<SweepRecord> unwritten_;
    double last_checkpoint_;
    bool saved_ = false;
};

}  // namespace hoist
