#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "csv_layout.hpp"

namespace hoist {

/// Looks at the input columns of a csv file, record by record: what they hold, their means, and what
/// is odd about them.
class CsvColumns {
  public:
    /// Told of an input (from 0) that cannot be taken, and why; does not return.
    using Refuse = std::function<void(std::size_t input, const std::string& why)>;

    /// @param known what the columns are to hold; empty: what their first values are.
    explicit CsvColumns(const TableColumns& known) : known_(known) {}

    /// @pre before all other calls.
    void begin(const CsvLayout& layout);

    /// The first input without a value, or with a word that its column does not have.
    std::optional<std::size_t> find_missing(std::span<const std::string_view> fields) const;

    /// @param largest the largest magnitude that a number may have.
    void take(std::span<const std::string_view> fields, Index line, const Refuse& refuse,
              double largest);

    /// Whether every column holds words, its name among them.
    bool all_names_are_words() const;
    /// Whether the numbers of the first record are whole and rise, and no others are whole.
    bool only_first_line_is_whole() const;

    /// The columns with their words and means. @throws DataError for one without a value; `file` is
    /// for messages.
    TableColumns finish(const std::string& file) const;

    /// What a reader may want to know of columns that are used as they are.
    std::vector<std::string> remarks(const std::string& file) const;

  private:
    enum class Kind { unknown, numbers, words };

    struct Column {
        Kind kind = Kind::unknown;
        /// The line and the text of the first value.
        Index line = 0;
        std::string first = {};
        Index values = 0;
        // Of more range and digits than the values, so that no sum overflows.
        long double sum = 0.0L;
        /// How often each word comes.
        std::map<std::string, Index, std::less<>> words = {};
    };

    void begin_column(Column& column, std::size_t input, std::string_view field, Index line,
                      const Refuse& refuse) const;
    /// Takes a number that is finite and not too large; false for others.
    static bool take_finite(Column& column, std::string_view field, double largest);
    void take_number(Column& column, std::size_t input, std::string_view field,
                     const Refuse& refuse, double largest);
    void take_word(Column& column, std::size_t input, std::string_view field, const Refuse& refuse);
    void look_for_header(std::span<const std::string_view> fields);
    void look_for_row_numbers(std::span<const std::string_view> fields);

    const TableColumns& known_;
    CsvLayout layout_;
    std::vector<Column> columns_;
    Index records_ = 0;
    /// The columns that have counted the records so far, from 0 or from 1.
    std::vector<std::size_t> counting_;
    /// Whether the first record's numbers are whole and rise, and whether they are 0, 1, ... or 1, 2, ...
    bool first_is_whole_ = false;
    bool first_counts_ = false;
    bool others_are_whole_ = false;
};

}  // namespace hoist
