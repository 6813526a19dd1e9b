#pragma once

#include <string>

#include "hoist/data/table_columns.hpp"
#include "hoist/io/hdf5_file.hpp"

namespace hoist {

/// Writes what a model remembers of the table that it was trained on as /table/names, words (those of
/// all columns), word_counts (of each column), means and target; nothing of an empty one.
void write_table(Hdf5Writer& file, const TableColumns& table);

/// Reads that again; an empty one where there is none. @throws DataError unless it describes
/// `inputs` inputs; `shown` is the file's name for messages.
TableColumns read_table(const Hdf5Reader& file, const std::string& shown, Index inputs);

}  // namespace hoist
