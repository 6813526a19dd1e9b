#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hoist/config/rate_schedule.hpp"
#include "hoist/io/hdf5_file.hpp"
#include "hoist/model/network_spec.hpp"
#include "hoist/model/weights.hpp"
#include "hoist/problem/samples.hpp"

namespace hoist {

/// How far a run had come.
struct Progress {
    /// Sweeps or epochs that are complete.
    Index sweep = 0;
    /// Mini-batches done of the epoch under way, and the sum of their losses.
    Index batch = 0;
    double loss = 0.0;
    /// How lifted these were: LiftSums::values(), and the sum of their passes; empty between epochs.
    std::vector<double> lift;
    /// Passes over the next mini-batch; 0: not chosen yet.
    int passes = 0;
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
    /// What the network's inputs are made of, as `config` says.
    InputLift lift = {};
    std::vector<std::string> class_names;
    /// What the inputs are in a table; none for other data.
    TableColumns table;
    /// Dataset::sample_shape() of what it was trained on.
    std::vector<Index> sample_shape;
    /// Of the inputs, and of the values of a regression, whose answers are u / scale + mean.
    Standardization standardization;
    Standardization targets;
    std::string created;
    std::string version;
    /// Sweeps or epochs that were trained; none where that is not known.
    std::optional<Index> trained;
    /// The name of the formulation.
    std::string formulation = "classical";
    /// Whether there are activations and progress.
    bool checkpoint = false;
    Progress progress;

    /// Numbers per sample of the data that it takes, before they are lifted.
    Index inputs() const { return lift.numbers(network.inputs()); }
};

/// The group of the layer's weights, bias and activation in a file.
std::string layer_name(Index layer);
/// The coefficients of that activation, where they are learned as a spline's.
std::string coefficients_name(Index layer);

/// Writes all of the header; of the checkpoint too where it is one.
void write_model_header(Hdf5Writer& file, const ModelHeader& header);

/// @throws MissingError, DataError (not a model of hoist, damaged). Verifies the checksum unless
/// `trusted`.
ModelHeader read_model_header(const std::filesystem::path& path, bool trusted = false);

/// Reads the weights of the layers `range`. @pre the file's checksum has been verified.
template <typename Scalar>
std::vector<Weights<Scalar>> read_weights(const std::filesystem::path& path,
                                          const NetworkSpec& network, Range range);

}  // namespace hoist
