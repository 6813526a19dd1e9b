#pragma once

#include <vector>

#include "hoist/foreign/portable_model.hpp"
#include "hoist/problem/model_file.hpp"

namespace hoist {

/// A model of hoist for other tools: normalization goes into the maps, and the unit of a regression's values into the
/// last of them. @param maps as the header's network describes them.
/// @throws UsageError for a network that does not answer feed-forward.
PortableModel to_portable(const ModelHeader& header, const std::vector<Weights<double>>& maps,
                          Precision precision);

/// What a model file says of a network that hoist did not train: its configuration has a formulation that can carry it,
/// and no data. @throws DataError where there is none.
ModelHeader header_of(const PortableModel& model);

}  // namespace hoist
