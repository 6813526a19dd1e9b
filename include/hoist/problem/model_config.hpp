#pragma once

#include "hoist/problem/model_file.hpp"

namespace hoist {

/// The configuration in a model, for any grid, with the network that the file holds.
/// @throws DataError where it cannot be used or contradicts the weights.
Config config_of(const ModelHeader& header);

}  // namespace hoist
