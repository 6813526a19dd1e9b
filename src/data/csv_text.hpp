#pragma once

#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// Cuts lines into fields. White space around a field does not belong to it; quotes may hold
/// separators.
class CsvFields {
  public:
    explicit CsvFields(char separator) : separator_(separator) {}

    /// The fields of `line`, valid until the next call and as long as `line`. @throws DataError
    /// ("why" only) for a quote that is not closed.
    std::span<const std::string_view> cut(std::string_view line);

  private:
    char separator_;
    std::vector<std::string> unquoted_;
    std::vector<std::string_view> fields_;
};

/// The separator of a file whose first line this is: of tab, semicolon and comma the most frequent
/// one outside quotes.
char separator_of(std::string_view line);

/// The lines of a file, with their places in it.
class CsvLines {
  public:
    explicit CsvLines(const std::filesystem::path& path) : stream_(path, std::ios::binary) {}

    /// Goes to the next line, or to the end. A byte order mark and carriage returns do not belong
    /// to lines.
    bool next();
    /// The next line is the one at `offset`.
    void go_to(Index offset);

    std::string_view line() const { return line_; }
    /// Counted from 1 since the beginning of the file, if there was no go_to.
    Index number() const { return number_; }
    Index offset() const { return offset_; }

  private:
    std::ifstream stream_;
    std::string buffer_;
    std::string_view line_;
    Index number_ = 0;
    Index offset_ = 0;
    Index next_offset_ = 0;
};

}  // namespace hoist
