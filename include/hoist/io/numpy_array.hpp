#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// An array of numpy with at most two dimensions, its elements in row-major order.
struct NumpyArray {
    std::vector<Index> shape;
    std::variant<std::vector<float>, std::vector<double>, std::vector<std::string>> values;
};

/// The array as an NPY file (format 1.0); texts are ASCII and become fixed-width unicode.
std::string npy_bytes(const NumpyArray& array);

/// Reads an NPY file: little-endian float16, float32 and float64 or texts, in C or Fortran order. Takes no
/// more memory than a few times the size of `bytes`.
/// @param name for messages: `weights_0 in model.npz`.
/// @throws DataError, which names what it does not read.
NumpyArray parse_npy(std::string_view bytes, const std::string& name);

}  // namespace hoist
