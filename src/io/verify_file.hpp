#pragma once

#include <filesystem>

#include "hoist/io/hdf5_file.hpp"

namespace hoist {

/// @throws MissingError or DataError unless the file can be read and is what its checksum says.
void verify_file(const std::filesystem::path& path, Hdf5Reader::Checksum checksum);

}  // namespace hoist
