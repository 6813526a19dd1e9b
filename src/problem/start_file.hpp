#pragma once

#include <optional>
#include <vector>

#include "hoist/config/config.hpp"
#include "hoist/problem/model_file.hpp"

namespace hoist {

/// The header of what network.init names, if it is a file. Its weights expect inputs as it was trained on.
/// @throws UsageError where it does not fit. @pre it has been verified.
std::optional<ModelHeader> read_start(const Config& config);

/// The configuration's network, with what the splines of network.init have learned where that is a file.
NetworkSpec starting_network(const Config& config, const std::optional<ModelHeader>& start);

/// The weights of `layers`: those of network.init, of which `start` is the header, where that is a file; drawn where it
/// is none, or has the lower maps only.
template <typename Scalar>
std::vector<Weights<Scalar>> starting_weights(const Config& config,
                                              const std::optional<ModelHeader>& start,
                                              Range layers);

}  // namespace hoist
