#pragma once

#include <filesystem>

#include "hoist/data/dataset.hpp"

namespace hoist {

/// Writes a part as an HDF5 file that open_dataset reads as the same part: `inputs` (samples x
/// features), then `labels` and `class_names`, or `targets` (samples x outputs). Holds a few
/// megabytes at a time.
/// @throws DataError (the part cannot be read), OutputError (the file cannot be written; then there
/// is none).
void write_hdf5(Dataset& data, Task task, const std::filesystem::path& path);

}  // namespace hoist
