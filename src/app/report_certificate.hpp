#pragma once

#include <nlohmann/json.hpp>

#include "model_argument.hpp"

namespace hoist {

/// The bound, the median radius, and how large a share of `data` is right with a radius of at least so much. Collective
/// over the world. @pre as certify_samples.
template <typename Scalar>
nlohmann::ordered_json certificate_json(LoadedModel<Scalar>& model, const Communicator& world,
                                        Dataset& data);

}  // namespace hoist
