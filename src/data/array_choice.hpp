#pragma once

#include <optional>
#include <string>
#include <vector>

#include "array_file.hpp"
#include "array_name.hpp"

namespace hoist {

/// The arrays of one part.
struct ArrayChoice {
    std::string inputs;
    std::optional<std::string> targets;
    /// What the class numbers stand for.
    std::optional<std::string> class_names;
    /// What the inputs of a sample are called.
    std::optional<std::string> column_names;
};

/// Chooses among the arrays of a file by the configuration, or by what their names say.
/// @throws DataError (not there), UsageError (several may be meant), naming what the file holds.
ArrayChoice choose_arrays(const NamedFile& named, const DataConfig& config, const DataUse& use,
                          NamedPart part);

/// Whether the file has inputs that are called those of the part.
bool has_inputs_of(const ArrayFile& file, const DataConfig& config, const DataUse& use,
                   NamedPart part);

/// Names of arrays for a message: "a, b, c", or the first of many.
std::string listed_arrays(const std::vector<std::string>& names);

}  // namespace hoist
