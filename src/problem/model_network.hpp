#pragma once

#include <string>

#include "hoist/io/hdf5_file.hpp"
#include "hoist/model/network_spec.hpp"

namespace hoist {

/// The network of a model file, held to the sizes of its weights. @param shown the file, for
/// messages. @throws DataError where they contradict one another, UsageError for what cannot be read.
NetworkSpec read_network(const Hdf5Reader& file, const std::string& shown);

}  // namespace hoist
