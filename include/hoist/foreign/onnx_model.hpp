#pragma once

#include <filesystem>

#include "hoist/foreign/portable_model.hpp"

namespace hoist {

/// Writes an ONNX graph of opset 13 with one float input `input` (batch x n_in) and one output
/// `output`, the scores. Weights are stored in the model's precision and the graph computes in
/// float. Class names, configuration and time of creation are in its metadata.
/// @throws UsageError for more than the 2 GB that the format holds; OutputError.
void write_onnx_model(const std::filesystem::path& path, const PortableModel& model);

/// Reads a chain of dense maps and known activations, hoist's own or another tool's. An affine map
/// of the inputs in front of it becomes their standardization. A graph that ends in its last map
/// has a linear output.
/// @throws MissingError; DataError for anything else, which names the node and its operator.
PortableModel read_onnx_model(const std::filesystem::path& path);

}  // namespace hoist
