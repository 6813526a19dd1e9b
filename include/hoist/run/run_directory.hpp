#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hoist/io/directory_lock.hpp"
#include "hoist/run/run_record.hpp"

namespace hoist {

/// What --resume and --overwrite choose for a directory that already holds a run.
enum class Existing { refuse, resume, overwrite };

/// The part of a text file that was written whole: a power cut or a full disk may end it within a
/// line, or with bytes that are zero.
std::string_view whole_lines(std::string_view text);

/// The files of one run (see the README). Used by rank 0 alone, but for the paths.
class RunDirectory {
  public:
    explicit RunDirectory(std::filesystem::path path) : path_(std::move(path)) {}

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path config() const { return path_ / "config.ini"; }
    std::filesystem::path metrics() const { return path_ / "metrics.csv"; }
    std::filesystem::path summary() const { return path_ / "summary.json"; }
    std::filesystem::path model() const { return path_ / "model.h5"; }
    std::filesystem::path log() const { return path_ / "log.txt"; }
    std::filesystem::path checkpoint(Index sweep) const;

    /// Whether the run in it is complete.
    bool complete() const;
    /// Checkpoints, the newest first.
    std::vector<std::filesystem::path> checkpoints() const;
    /// The model of a complete run, else the newest checkpoint, if any.
    std::optional<std::filesystem::path> newest_model() const;

    /// Makes the directory ready for a run: what a power cut has torn is dropped at resume.
    /// @pre this process owns it, see DirectoryLock; to resume, it need not exist.
    /// @throws OutputError: it holds a run and `existing` is refuse, or it cannot be written;
    /// MissingError: nothing to resume from.
    void prepare(Existing existing) const;
    void write_config(const std::string& ini) const;

    /// Writes the header of metrics.csv, or where it exists keeps the whole rows up to `sweep`.
    void start_metrics(Index sweep, Figure figure) const;
    /// @throws OutputError: it cannot be written, or is in a directory that is not the owner's.
    void add_metrics(const SweepRecord& record, Figure figure, const DirectoryLock& owner) const;
    /// Lets the rows outlast a power cut, as far as the system can.
    void settle_metrics() const;
    void write_summary(const RunSummary& summary, Figure figure) const;
    /// @throws as add_metrics().
    void add_log(const std::string& line, const DirectoryLock& owner) const;
    /// Removes all checkpoints but the newest `keep`, and files that were not finished and could not
    /// be removed then, their file system being away.
    void remove_old_checkpoints(Index keep) const;

  private:
    void remove_unfinished() const;
    void mend_log() const;

    std::filesystem::path path_;
};

/// The file that the argument MODEL means: itself, or of a run directory its model or else its newest checkpoint.
/// @throws MissingError.
std::filesystem::path model_file(const std::string& argument);

}  // namespace hoist
