#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hoist/comm/communicator.hpp"
#include "hoist/config/search_space.hpp"
#include "hoist/run/run_directory.hpp"

namespace hoist {

/// One configuration that a search has tried, or is trying.
struct Trial {
    /// In the order of their names in trials.csv.
    enum class State { running, complete, stopped, diverged };

    /// From 1.
    Index number = 0;
    /// Trials of a round are chosen together and run side by side.
    Index round = 0;
    /// Of each range.
    std::vector<std::string> values;
    State state = State::running;
    /// Wall-clock time, with reading the data.
    double seconds = 0.0;
    /// Validation figures, accuracy in per cent or rmse, one per sweep or epoch.
    std::vector<double> figures;
    /// The last of them as trials.csv has it, where that was read.
    std::optional<double> recorded;
    /// Whether its directory holds a checkpoint or a complete run.
    bool resumable = false;

    /// Whether it has a figure to compare by: the last.
    bool judged() const { return state == State::complete || state == State::stopped; }
    double figure() const { return figures.back(); }
    std::string name() const;
};

/// `figure` with the digits that metrics.csv has, so that a resumed search sees the same numbers.
double as_written(double figure);

/// @throws OutputError where `run` is a trial of a search that another process goes on with.
void refuse_trial_of_running_search(const std::filesystem::path& run);

/// The files of one search. Used by rank 0 alone, but for the paths.
class SearchDirectory {
  public:
    SearchDirectory(std::filesystem::path path, const SearchSpace& space, Figure figure)
        : path_(std::move(path)), space_(space), figure_(figure) {}

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path trials() const;
    std::filesystem::path best() const { return path_ / "best.ini"; }
    RunDirectory run(const Trial& trial) const { return RunDirectory(path_ / trial.name()); }

    /// Makes the directory ready for a new search. @pre this process owns it, see DirectoryLock.
    /// @throws OutputError: it holds one and `existing` is refuse, or it cannot be written, or a
    /// process runs one of its trials.
    void prepare(Existing existing, const std::string& ini) const;
    /// The configuration of the search in it. @throws MissingError where there is none.
    std::string read_config() const;

    void write_trials(const std::vector<Trial>& trials) const;
    /// Collective over `world`: rank 0 reads. @throws DataError where trials.csv is malformed.
    std::vector<Trial> read_trials(const Communicator& world) const;

  private:
    std::vector<Trial> parse(const std::string& text) const;
    std::string header() const;

    std::filesystem::path path_;
    const SearchSpace& space_;
    Figure figure_;
};

}  // namespace hoist
