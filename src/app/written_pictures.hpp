#pragma once

#include <filesystem>
#include <vector>

#include "hoist/base/shape.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

/// Nothing that a user has is written over. @param what the folder is for. @throws OutputError where it is not empty, or
/// no folder.
void require_empty_folder(const std::filesystem::path& folder, const char* what);
/// @throws OutputError.
void make_folder(const std::filesystem::path& folder);

/// Levels from 0 to 255 of values, cut to 0 to 1.
std::vector<unsigned char> levels_of(const ConstVectorRef<double>& values);
/// A picture of one channel or three as a PNG file, whose folder is made. @throws OutputError.
void write_png(const std::filesystem::path& file, const Shape& shape,
               const ConstVectorRef<double>& values);

}  // namespace hoist
