#include "hoist/io/output_path.hpp"

#include "hoist/base/error.hpp"

namespace hoist {

void refuse_to_replace_device(const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
        !std::filesystem::is_directory(status)) {
        throw OutputError("cannot write " + path.string(), "it is a pipe or a device",
                          "name a file, which appears whole");
    }
}

}  // namespace hoist
