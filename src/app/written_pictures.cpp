#include "written_pictures.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"
#include "hoist/io/picture_file.hpp"

namespace hoist {

void require_empty_folder(const std::filesystem::path& folder, const char* what) {
    std::error_code error;
    const bool is_folder = std::filesystem::is_directory(folder, error);
    if (std::filesystem::exists(folder, error) &&
        (!is_folder || !std::filesystem::is_empty(folder, error))) {
        throw OutputError(std::string("cannot write the ") + what + " to " + folder.string(),
                          is_folder ? "it is not empty" : "it is no folder",
                          "choose another --out, or remove what is there");
    }
}

void make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        throw OutputError("cannot make the folder " + folder.string(), error.message(),
                          "check permissions, or choose another --out");
    }
}

std::vector<unsigned char> levels_of(const ConstVectorRef<double>& values) {
    std::vector<unsigned char> levels;
    for (const double value : values) {
        levels.push_back(
            static_cast<unsigned char>(std::lround(255.0 * std::clamp(value, 0.0, 1.0))));
    }
    return levels;
}

void write_png(const std::filesystem::path& file, const Shape& shape,
               const ConstVectorRef<double>& values) {
    make_folder(file.parent_path());
    write_picture(file, {shape.rows, shape.columns, shape.channels == 3}, levels_of(values));
}

}  // namespace hoist
