#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hoist/data/dataset.hpp"

namespace hoist {

/// What a first pass over a csv file finds.
struct CsvScan {
    char separator = ',';
    /// The columns' names, or none.
    std::vector<std::string> header;
    Index columns = 0;
    /// The columns that are inputs, ascending.
    std::vector<Index> features;
    std::optional<Index> target;
    /// Where in the file each sample's line begins.
    std::vector<Index> offsets;
    /// Task::values: the target of each sample.
    std::vector<double> values;
    /// Task::classes: the target of each sample, as a position in `names`.
    std::vector<Index> classes;
    /// The distinct targets in the order in which they come, and the lines where they come first.
    std::vector<std::string> names;
    std::vector<Index> name_lines;
};

/// Reads all of a file and checks that every line has equally many fields and every input is a
/// finite number.
/// @param features how many inputs are expected, 0 where that is not known: a file with exactly so
/// many columns (not counting those that are ignored) has no target.
/// @throws UsageError (a column that is not there), DataError (naming file, line and column).
CsvScan scan_csv(const std::filesystem::path& path, const DataConfig& config, Task task,
                 Index features);

}  // namespace hoist
