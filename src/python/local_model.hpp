#pragma once

#include <optional>
#include <string>
#include <variant>

#include "hoist/train/local_network.hpp"

namespace hoist {

/// A model in one of the precisions.
struct LocalModel {
    std::variant<LocalNetwork<float>, LocalNetwork<double>> network;
};

/// Reads a run directory, or an HDF5, ONNX or NPZ file. @param precision to compute in; none: that of the model.
/// @throws MissingError, DataError, UsageError.
LocalModel read_local_model(const std::string& path, std::optional<Precision> precision);

/// Writes an HDF5, NPZ or ONNX file, as its ending says. @throws UsageError for another ending, OutputError.
void write_local_model(const LocalModel& model, const std::string& path);

}  // namespace hoist
