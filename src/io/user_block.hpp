#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "hoist/base/types.hpp"

namespace hoist {

/// The first bytes of a file that hoist wrote, which the HDF5 library skips: a line that names the
/// format, the length of the file and the XXH3 checksum (64 bits) of all that follows the block.
using UserBlock = std::array<char, 512>;

/// What an undamaged file of these contents would begin with, or nothing where reading fails (errno
/// says why).
std::optional<UserBlock> expected_user_block(int file);

/// The bytes that the file does begin with, zeros where it is shorter, or nothing where reading
/// fails (errno says why).
std::optional<UserBlock> stored_user_block(int file);

/// Whether the block is one of hoist's, be it damaged in one place.
bool is_user_block(const UserBlock& block);

/// The length of the file that the block speaks of, or nothing where that is unreadable.
std::optional<Index> length_in(const UserBlock& block);

}  // namespace hoist
