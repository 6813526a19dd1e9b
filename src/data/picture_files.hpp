#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hoist {

/// The pictures of a part, those of a class side by side.
struct PictureFiles {
    std::filesystem::path folder;
    /// Within `folder`.
    std::vector<std::string> files;
    /// The name of the folder of each; none where the pictures lie in `folder` itself.
    std::vector<std::string> classes;
    std::vector<std::string> remarks;
};

/// The files in `folder` and in the folders in it, or else in it alone, that are called pictures.
/// @throws MissingError (no such folder, no pictures), DataError.
PictureFiles find_pictures(const std::filesystem::path& folder);

}  // namespace hoist
