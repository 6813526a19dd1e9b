#pragma once

#include "hoist/data/dataset.hpp"

namespace hoist {

/// Reads all of a data set and prints what it holds: sizes, range and density of the inputs,
/// samples of each class or the range of the targets; as a table or as one JSON object.
/// @throws DataError.
void describe_data(const DataParts& data, Task task, bool json);

}  // namespace hoist
