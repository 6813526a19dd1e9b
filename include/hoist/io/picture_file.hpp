#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "hoist/base/types.hpp"

namespace hoist {

/// What a picture is taken as.
struct PictureForm {
    Index rows = 0;
    Index columns = 0;
    bool color = false;

    Index channels() const { return color ? 3 : 1; }
    Index size() const { return rows * columns * channels(); }
};

/// That of Rec. 601, as JPEG's is, to the nearest byte.
inline unsigned char luminance(int red, int green, int blue) {
    return static_cast<unsigned char>((299 * red + 587 * green + 114 * blue + 500) / 1000);
}

/// The form of a PNG or JPEG file by its first bytes, whatever it is called.
/// @throws MissingError where it cannot be read; DataError where it is neither, its header is broken,
/// or its colors are those of printing (CMYK).
PictureForm picture_form(const std::filesystem::path& path);

/// A PNG or JPEG file as `form`, row by row and the channels of each place side by side: red, green and
/// blue, three equal ones of a gray file; or the luminance alone, also of a file in color. What is
/// transparent lies on black, and 16 bits become 8.
/// @param bytes form.size().
/// @throws as picture_form; DataError also where the file is damaged or truncated, or is not of the
/// rows and columns of `form`.
void read_picture(const std::filesystem::path& path, const PictureForm& form,
                  std::span<unsigned char> bytes);

/// Writes a PNG file, whole or not at all. @param bytes form.size(), as read_picture has them.
/// @throws OutputError.
void write_picture(const std::filesystem::path& path, const PictureForm& form,
                   std::span<const unsigned char> bytes);

}  // namespace hoist
