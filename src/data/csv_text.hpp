#pragma once

#include <zlib.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// What sets off fields that no other separator does: any number of blanks and tabs.
constexpr char blanks = ' ';

/// The separator of a file that begins with `line`: of tab, semicolon and comma the most frequent one
/// outside quotes, blanks where there is none of these. Commas beside tabs or semicolons do not count
/// where all of them stand between digits, nor do tabs behind another separator.
char separator_of(std::string_view line);

/// Cuts records into fields, as RFC 4180 has it: a field that begins with a quote ends with one, and
/// two quotes in it stand for one. White space around a field does not belong to it.
class CsvFields {
  public:
    explicit CsvFields(char separator) : separator_(separator) {}

    /// The fields of `record`, valid until the next call and as long as `record`. @throws DataError
    /// ("why" only) for text behind a quoted field.
    std::span<const std::string_view> cut(std::string_view record);

  private:
    std::string_view cut_quoted(std::string_view& rest);

    char separator_;
    /// Quoted fields that hold quotes, without their doubles.
    std::string unquoted_;
    std::vector<std::string_view> fields_;
};

/// The records of a file, plain or gzip: its lines, or several where a quoted field goes on. Lines
/// end with a line feed, a carriage return or both.
class CsvRecords {
  public:
    /// @throws MissingError.
    explicit CsvRecords(const std::filesystem::path& path);

    /// @pre before the first call of next().
    void set_separator(char separator) { separator_ = separator; }

    /// The first line, or nothing where the file is empty. @throws DataError ("why" only) for UTF-16.
    std::optional<std::string> first_line();

    /// Goes to the next record, or to the end. @throws DataError ("why" only) for a quote that is
    /// not closed, what is not text, and damaged gzip.
    bool next();
    /// The next record is the one at `offset`.
    void go_to(Index offset);

    std::string_view record() const { return record_; }
    /// The number of its first line, from 1, if there was no go_to.
    Index line() const { return line_; }
    /// Where it begins.
    Index offset() const { return offset_; }

  private:
    struct Close {
        void operator()(gzFile file) const { gzclose(file); }
    };

    /// The next line without its end, valid until the next call.
    std::optional<std::string_view> next_line();
    /// Reads on, keeping what has not been used. False at the end.
    bool fill();
    void begin();
    bool is_open_after(std::string_view line, bool open) const;

    std::unique_ptr<gzFile_s, Close> file_;
    char separator_ = ',';
    /// Bytes of the file from `buffer_offset_` on, of which the first `used_` are done with.
    std::string buffer_;
    Index buffer_offset_ = 0;
    std::size_t used_ = 0;
    bool at_end_ = false;
    std::string longer_;
    std::string_view record_;
    Index lines_ = 0;
    Index line_ = 0;
    Index offset_ = 0;
};

}  // namespace hoist
