#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hoist/data/dataset.hpp"

namespace hoist {

/// What each column of a csv file is.
struct CsvLayout {
    /// Whether the first record names the columns.
    bool header = false;
    /// The names, or none.
    std::vector<std::string> names = {};
    Index columns = 0;
    /// The columns of the inputs, in the order of the inputs.
    std::vector<Index> inputs = {};
    std::optional<Index> target = {};

    /// "column 3 (name)", or "column 3" where it has no name.
    std::string column(Index place) const;
};

/// What a file is to have in common with data read before: its columns, and whose they are.
struct KnownTable {
    TableColumns table = {};
    /// As in "the model"; for messages.
    std::string of = {};
};

/// Finds the columns by the first record of a file. Where `known` and the file have names, inputs are
/// found by name; where one has none, by place.
/// @param use of which `features` says how many columns inputs have where `known` is empty.
/// @throws UsageError (a column that is not there, data.target or data.ignore that contradict),
/// DataError (other columns than `known`, names that are not unique, no inputs); `file` is for messages.
CsvLayout find_layout(const std::string& file, std::span<const std::string_view> first,
                      const DataConfig& config, Index features, const KnownTable& known);

}  // namespace hoist
