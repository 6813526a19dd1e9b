#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// What an NPY file says before its elements.
struct NpyHeader {
    std::string type;
    bool fortran_order = false;
    std::vector<Index> shape;
};

/// The bytes that every NPY file begins with.
constexpr std::string_view npy_magic = "\x93NUMPY";
/// The longest beginning, in which the length of the rest of the header stands.
constexpr std::size_t npy_prefix = 12;

/// Where an NPY file that begins with the 12 bytes `prefix` has the text of its header.
struct NpyHeaderPlace {
    std::size_t begin = 0;
    std::size_t length = 0;
};

/// @throws DataError, naming `shown`, unless an NPY file begins so.
NpyHeaderPlace npy_header_place(std::string_view prefix, const std::string& shown);

/// @throws DataError for a header that is not that of an array of one plain type.
NpyHeader parse_npy_header(const std::string& text, const std::string& shown);

}  // namespace hoist
