#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "csv_layout.hpp"

namespace hoist {

/// Turns the fields of records into inputs, one-hot for words, the mean for what is missing.
class CsvInputs {
  public:
    CsvInputs(TableColumns table, CsvLayout layout);

    const TableColumns& table() const { return table_; }
    const CsvLayout& layout() const { return layout_; }

    /// Whether the record has all columns, and no field that was not accepted when it was scanned.
    bool read(std::span<const std::string_view> fields, std::span<double>::iterator out) const;

  private:
    TableColumns table_;
    CsvLayout layout_;
    /// Of each column that has words, the place of each.
    std::vector<std::map<std::string, Index, std::less<>>> words_;
};

}  // namespace hoist
