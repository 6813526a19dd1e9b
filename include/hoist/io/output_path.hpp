#pragma once

#include <filesystem>

namespace hoist {

/// Refuses what is there and is no file or folder: a pipe or a device, in whose place a file that appears whole would
/// come for good. @throws OutputError.
void refuse_to_replace_device(const std::filesystem::path& path);

}  // namespace hoist
