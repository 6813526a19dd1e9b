#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace hoist {

/// Refuses what is there and is no file: a folder, or a pipe or device, which may have no end or keep
/// its reader waiting. @throws MissingError.
void refuse_other_than_file(const std::filesystem::path& path);

/// The bytes of a file. @throws MissingError where it is not there or cannot be read.
std::string read_whole_file(const std::filesystem::path& path);

/// `size` bytes of a file from `offset` on. @throws MissingError, also where it ends before.
std::string read_file_part(const std::filesystem::path& path, std::uint64_t offset,
                           std::size_t size);

/// A name beside `path` for what is to become it: that of this process alone, so that several which
/// write one file at a time do not meet. It ends with .tmp.
std::filesystem::path temporary_name(const std::filesystem::path& path);

/// Writes a file so that it exists whole or not at all, under a temporary name beside it first. Of
/// several processes that write it at a time, the last one's stays.
/// @throws OutputError: no such folder, permission, disk full; then nothing is left of it.
void write_whole_file(const std::filesystem::path& path, std::string_view bytes);

/// Lets what has been written to a file outlast a power cut, as far as the system can.
void settle_file(const std::filesystem::path& path);

}  // namespace hoist
