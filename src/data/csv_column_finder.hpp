#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// Finds the columns of a csv file that a configuration means: by a name, where the first record is
/// a header, or by a number from 1.
class CsvColumnFinder {
  public:
    /// @param file for messages; it and `first` must outlive this.
    CsvColumnFinder(const std::string& file, std::span<const std::string_view> first, bool header)
        : file_(file), first_(first), header_(header) {}

    /// The column that is called so in the first record. @throws DataError where there are two.
    std::optional<Index> named(const std::string& name) const;
    std::optional<Index> numbered(const std::string& number) const;
    /// By name before by number. @throws DataError as `named`.
    std::optional<Index> find(const std::string& column) const;

    /// @param key the option that asks for the column.
    /// @throws UsageError where it is not there, DataError as `named`.
    Index require(const std::string& column, const std::string& key) const;

    /// Whether each column of the file is one of `columns`; those that are not there do not matter.
    std::vector<bool> among(const std::vector<std::string>& columns) const;

  private:
    const std::string& file_;
    std::span<const std::string_view> first_;
    bool header_;
};

}  // namespace hoist
