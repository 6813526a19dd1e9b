#pragma once

#include <nlohmann/json.hpp>

#include "model_argument.hpp"

namespace hoist {

/// Collective: the middle of some pictures of `data`, as they were, as the network of pictures got them and as it made
/// them, with the peak signal-to-noise ratios of the whole ones; on rank 0.
template <typename Scalar>
nlohmann::ordered_json restored_json(const LoadedModel<Scalar>& model, const Communicator& world,
                                     Dataset& data);

}  // namespace hoist
