#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hoist/comm/communicator.hpp"
#include "hoist/io/hdf5_file.hpp"
#include "hoist/math/weight_solver.hpp"
#include "hoist/train/rate_schedule.hpp"
#include "hoist/train/stage.hpp"

namespace hoist {

/// How far a run had come.
struct Progress {
    /// Sweeps or epochs that are complete.
    Index sweep = 0;
    /// Mini-batches done of the epoch under way, and the sum of their losses.
    Index batch = 0;
    double loss = 0.0;
    /// Weights in the running average.
    Index averaged = 0;
    PlateauState plateau;
    double seconds_training = 0.0;
    double bytes_sent = 0.0;
    /// The best test figure so far: the highest accuracy, or the lowest rmse.
    std::optional<double> best_test;
    /// When the target was reached.
    std::optional<double> seconds_to_target;
};

/// What a model or checkpoint file holds beside weights and activations.
struct ModelHeader {
    NetworkSpec network;
    /// The resolved configuration, as in config.ini.
    std::string config;
    std::vector<std::string> class_names;
    /// What the inputs are in a table; none for other data.
    TableColumns table;
    /// Of the inputs, and of the values of a regression, whose answers are u / scale + mean.
    Standardization standardization;
    Standardization targets;
    std::string created;
    std::string version;
    /// The name of the formulation.
    std::string formulation = "classical";
    /// Whether there are activations and progress.
    bool checkpoint = false;
    Progress progress;
};

/// What a checkpoint holds beside the weights.
template <typename Scalar>
struct CheckpointState {
    /// The samples whose activations persist from sweep to sweep; null: none do.
    const Samples<Scalar>* samples = nullptr;
    /// What the weight solvers remember of each layer of this rank's stage, and its names.
    std::vector<std::vector<Matrix<Scalar>*>> solver;
    std::function<std::vector<SolverState>(Index layer)> entries;
};

/// The time of day in UTC, as in 2026-01-31T12:00:00Z.
std::string time_stamp();

/// Collective over the world: writes the weights of all stages as `path`, and with `state` a
/// checkpoint: also all hidden activations (/activations/l is n_l x N in the order of the data) and
/// what the weight solvers remember (/solver/l/NAME). Rank 0 writes; it receives one column block at a time. @throws
/// OutputError on every rank; then no file and nothing half-written is left.
template <typename Scalar>
void write_model(const std::filesystem::path& path, const ModelHeader& header,
                 const Communicator& world, const Placement& placement, const Stage<Scalar>& stage,
                 const CheckpointState<Scalar>* state);

/// @throws MissingError, DataError (not a model of hoist, damaged). Verifies the checksum unless
/// `trusted`.
ModelHeader read_model_header(const std::filesystem::path& path, bool trusted = false);

/// Reads the weights of the layers `range`. @pre the file's checksum has been verified.
template <typename Scalar>
std::vector<Layer<Scalar>> read_layers(const std::filesystem::path& path,
                                       const NetworkSpec& network, Range range);

/// Fills this rank's activations and halo from a checkpoint, whatever grid wrote it. @throws
/// DataError where the file has another number of samples. @pre the file's checksum has been
/// verified.
template <typename Scalar>
void read_activations(const std::filesystem::path& path, const Samples<Scalar>& samples,
                      const NetworkSpec& network, bool last_stage, Stage<Scalar>& stage);

/// Fills what the weight solvers of the layers `range` remember. @throws DataError where the file
/// has none of the right size. @pre the file's checksum has been verified.
template <typename Scalar>
void read_solver_state(const std::filesystem::path& path, const Config& config, Range range,
                       const std::vector<std::vector<Matrix<Scalar>*>>& state);

}  // namespace hoist
