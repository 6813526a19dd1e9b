#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "csv_layout.hpp"
#include "csv_targets.hpp"
#include "hoist/data/dataset.hpp"

namespace hoist {

/// What a first pass over a csv file finds.
struct CsvScan {
    char separator = ',';
    CsvLayout layout;
    /// The columns of the inputs: those that were known, or those of this file.
    TableColumns table;
    /// Where in the file each sample's record begins.
    std::vector<Index> offsets;
    CsvTargets targets;
    Index dropped = 0;
    std::vector<std::string> remarks;
};

/// Reads all of a file and checks that every record has equally many fields and every input is a
/// finite number, a word of its column, or missing where `config` says what to do then. A word that
/// is not among those of a known table is missing too.
/// @param known the columns that the file is to have; none: any.
/// @throws UsageError (a column that is not there), DataError (naming file, line and column; columns
/// that are not those known), MissingError.
CsvScan scan_csv(const std::filesystem::path& path, const DataConfig& config, const DataUse& use,
                 const KnownTable& known);

}  // namespace hoist
