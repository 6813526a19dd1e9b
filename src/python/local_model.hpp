#pragma once

#include <string>
#include <variant>

#include "local_network.hpp"

namespace hoist {

/// A model in the precision that it was trained in.
struct LocalModel {
    std::variant<LocalNetwork<float>, LocalNetwork<double>> network;
};

/// Reads a run directory, or an HDF5, ONNX or NPZ file. @throws MissingError, DataError, UsageError.
LocalModel read_local_model(const std::string& path);

}  // namespace hoist
