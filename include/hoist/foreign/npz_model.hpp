#pragma once

#include <filesystem>

#include "hoist/foreign/portable_model.hpp"

namespace hoist {

/// Writes `weights_0` (n_out x n_in), `bias_0`, ..., `activations` (the hidden ones, then the
/// output) and, where the inputs are standardized, `input_mean` and `input_scale`. Class names have
/// no place there. @throws OutputError.
void write_npz_model(const std::filesystem::path& path, const PortableModel& model);

/// Reads the same, and what differs a little: weights that fit together only as n_in x n_out, biases
/// of one row or column or none, a sigmoid above one output, other arrays, which are named in the
/// remarks. The model has double precision where any of its maps has.
/// @throws MissingError; DataError, also where an array may be a part of the network that has
/// another name.
PortableModel read_npz_model(const std::filesystem::path& path);

}  // namespace hoist
