#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "fuzz/targets.hpp"
#include "support/own_folder.hpp"

namespace hoist {

/// A folder in memory where a target puts the files of its current input.
class ScratchFolder {
  public:
    const std::filesystem::path& path() const { return folder_.path(); }

    std::filesystem::path put(const std::string& name, Bytes bytes) const {
        const std::filesystem::path file = path() / name;
        std::ofstream(file, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
        return file;
    }

    std::string contents(const std::string& name) const {
        std::ifstream stream(path() / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

  private:
    OwnFolder folder_{"/dev/shm"};
};

/// One for the whole process.
inline const ScratchFolder& scratch() {
    static const ScratchFolder folder;
    return folder;
}

/// Takes an input apart from its front; past its end there are zeros.
class InputBytes {
  public:
    explicit InputBytes(Bytes bytes) : bytes_(bytes) {}

    std::uint8_t next() {
        if (bytes_.empty()) {
            return 0;
        }
        const std::uint8_t byte = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return byte;
    }
    Bytes next(std::size_t count) {
        const Bytes taken = bytes_.first(std::min(count, bytes_.size()));
        bytes_ = bytes_.subspan(taken.size());
        return taken;
    }
    Bytes rest() { return next(bytes_.size()); }

  private:
    Bytes bytes_;
};

inline std::string text_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
inline Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace hoist
