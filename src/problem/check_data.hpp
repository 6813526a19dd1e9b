#pragma once

#include <string>

#include "hoist/config/config.hpp"

namespace hoist {

/// @throws UsageError where the widths, or the shape, of the network contradict what `part` of the data has.
void check_widths(const NetworkSpec& network, const Dataset& data, const std::string& part);

/// The same for the pictures that a network of pictures trains on: all of them, as far as it is known how large they are.
void check_pictures(const Config& config, const Dataset& data, const std::string& part);

/// @throws DataError without a training part, or one without labels where the network knows of targets that are no
/// pictures.
void require_training_part(const NetworkSpec& network, const Dataset* train);

}  // namespace hoist
