#pragma once

#include <nlohmann/json.hpp>

#include "model_argument.hpp"

namespace hoist {

/// Collective over the world. What a model is and does, as the report's page reads it, on rank 0:
/// `layers`, `class_names`, `figures` (as evaluate --json; null with the reason in `missing` where
/// the data are not there or have no targets), `image` (rows, columns), `weights` (those of the
/// units with the largest norms, a byte each: 127 stands for `scale`), `confused` (the samples
/// furthest on the wrong side) or for regression `predictions` (pairs of true and predicted value).
/// Pixels and weights are base64.
/// @param given data to use instead of the configuration's. @throws as load_model and
/// open_for_model, but for data that are not there.
nlohmann::ordered_json describe_model(const Communicator& world, const std::filesystem::path& path,
                                      const ConfigText& given);

}  // namespace hoist
