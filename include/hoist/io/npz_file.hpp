#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hoist/io/byte_stream.hpp"
#include "hoist/io/numpy_array.hpp"

namespace hoist {

/// Reads the arrays of an NPZ file, a zip archive of NPY files, compressed or stored.
class NpzReader {
  public:
    /// @throws MissingError; DataError where it is no zip archive.
    explicit NpzReader(const std::filesystem::path& path);
    ~NpzReader();
    NpzReader(const NpzReader&) = delete;
    NpzReader& operator=(const NpzReader&) = delete;

    /// The names of the arrays in the order of the file, without `.npy`.
    std::vector<std::string> names() const;

    /// @throws DataError: no such array, damaged, or expands to more than any compressed data of
    /// its size; or as parse_npy().
    NumpyArray read(const std::string& name) const;

    /// The bytes of the NPY file that an array is, which outlive this reader. Going back in a
    /// compressed one starts over. @throws DataError as read().
    std::unique_ptr<ByteStream> open(const std::string& name) const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Writes an NPZ file whose arrays are stored as they are, whole or not at all.
/// @throws OutputError.
void write_npz(const std::filesystem::path& path,
               const std::vector<std::pair<std::string, NumpyArray>>& arrays);

}  // namespace hoist
