#include "csv_columns.hpp"

#include <algorithm>
#include <cmath>

#include "csv_values.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

constexpr std::size_t most_words = 1000;

bool is_whole(double value) { return value == std::trunc(value); }

}  // namespace

void CsvColumns::begin(const CsvLayout& layout) {
    layout_ = layout;
    columns_.resize(layout.inputs.size());
    for (std::size_t i = 0; i < known_.columns.size(); ++i) {
        const std::vector<std::string>& words = known_.columns[i].words;
        columns_[i].kind = words.empty() ? Kind::numbers : Kind::words;
        for (const std::string& word : words) {
            columns_[i].words.emplace(word, 0);
        }
    }
}

std::optional<std::size_t> CsvColumns::find_missing(
    std::span<const std::string_view> fields) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const std::string_view field = fields[static_cast<std::size_t>(layout_.inputs[i])];
        const bool unknown_word = !known_.empty() && columns_[i].kind == Kind::words &&
                                  !columns_[i].words.contains(field);
        if (unknown_word || (field.size() <= longest_missing && is_missing(field))) {
            return i;
        }
    }
    return std::nullopt;
}

void CsvColumns::take(std::span<const std::string_view> fields, Index line, const Refuse& refuse,
                      double largest) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const std::string_view field = fields[static_cast<std::size_t>(layout_.inputs[i])];
        Column& column = columns_[i];
        if (column.kind == Kind::numbers && take_finite(column, field, largest)) {
            continue;
        }
        if (is_missing(field) ||
            (!known_.empty() && column.kind == Kind::words && !column.words.contains(field))) {
            continue;
        }
        if (column.kind == Kind::unknown) {
            begin_column(column, i, field, line, refuse);
        }
        if (column.kind == Kind::numbers) {
            take_number(column, i, field, refuse, largest);
        } else {
            take_word(column, i, field, refuse);
        }
        ++column.values;
    }
    look_for_header(fields);
    look_for_row_numbers(fields);
    ++records_;
}

void CsvColumns::begin_column(Column& column, std::size_t input, std::string_view field, Index line,
                              const Refuse& refuse) const {
    column.kind = to_number(field) ? Kind::numbers : Kind::words;
    column.line = line;
    column.first = std::string(field.substr(0, 40));
    if (column.kind == Kind::words && is_foreign_number(field)) {
        refuse(input,
               in_quotes(field) + " is a number in a notation that is not read; write 1234.5");
    }
}

// What nearly every field is, quickly.
bool CsvColumns::take_finite(Column& column, std::string_view field, double largest) {
    const auto value = to_number(field);
    if (!value || !(std::abs(*value) <= largest)) {
        return false;
    }
    column.sum += *value;
    ++column.values;
    return true;
}

void CsvColumns::take_number(Column& column, std::size_t input, std::string_view field,
                             const Refuse& refuse, double largest) {
    const auto value = to_number(field);
    if (!value) {
        refuse(input,
               in_quotes(field) + " is not a number" +
                   (column.line > 0 ? ", as line " + std::to_string(column.line) + " has" : ""));
    }
    if (!std::isfinite(*value)) {
        refuse(input, std::string(field) + " is not a finite number");
    }
    if (std::abs(*value) > largest) {
        refuse(input, std::string(field) + " does not fit train.precision = float");
    }
    column.sum += *value;
}

void CsvColumns::take_word(Column& column, std::size_t input, std::string_view field,
                           const Refuse& refuse) {
    const auto known = column.words.find(field);
    if (known != column.words.end()) {
        ++known->second;
        return;
    }
    if (to_number(field)) {
        refuse(input, std::string(field) + " is a number, and line " + std::to_string(column.line) +
                          " has the word " + in_quotes(column.first));
    }
    if (is_foreign_number(field)) {
        refuse(input,
               in_quotes(field) + " is a number in a notation that is not read; write 1234.5");
    }
    if (!is_utf8(field)) {
        refuse(input, "the word is not UTF-8 text");
    }
    if (column.words.size() == most_words) {
        refuse(input, "there are more than " + std::to_string(most_words) + " different words");
    }
    column.words.emplace(field, 1);
}

void CsvColumns::look_for_header(std::span<const std::string_view> fields) {
    if (records_ > 0 && (!first_is_whole_ || others_are_whole_)) {
        return;
    }
    double before = -INFINITY;
    bool rises = columns_.size() > 1;
    bool counts = columns_.size() > 2;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const auto value = to_number(fields[static_cast<std::size_t>(layout_.inputs[i])]);
        const bool whole = value && is_whole(*value);
        others_are_whole_ = others_are_whole_ || (records_ > 0 && whole);
        rises = rises && whole && *value > before;
        counts = counts && whole && (i == 0 ? *value == 0 || *value == 1 : *value == before + 1);
        before = value.value_or(before);
    }
    if (records_ == 0) {
        first_is_whole_ = rises;
        first_counts_ = counts;
    }
}

void CsvColumns::look_for_row_numbers(std::span<const std::string_view> fields) {
    if (records_ == 0) {
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string_view field = fields[static_cast<std::size_t>(layout_.inputs[i])];
            if (field == "0" || field == "1") {
                counting_.push_back(i);
            }
        }
        return;
    }
    std::erase_if(counting_, [&](std::size_t i) {
        const std::string_view field = fields[static_cast<std::size_t>(layout_.inputs[i])];
        const Index start = columns_[i].first == "1" ? 1 : 0;
        return to_whole_number(field) != start + records_;
    });
}

bool CsvColumns::all_names_are_words() const {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const std::string& name = layout_.names[static_cast<std::size_t>(layout_.inputs[i])];
        if (columns_[i].kind != Kind::words || !columns_[i].words.contains(name)) {
            return false;
        }
    }
    return true;
}

bool CsvColumns::only_first_line_is_whole() const {
    return records_ > 2 && first_is_whole_ && !others_are_whole_;
}

TableColumns CsvColumns::finish(const std::string& file) const {
    if (!known_.empty()) {
        return known_;
    }
    TableColumns table;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const Column& column = columns_[i];
        const Index place = layout_.inputs[i];
        if (column.values == 0) {
            throw DataError(file + ", " + layout_.column(place), "every value is missing",
                            "leave the column out with data.ignore = " + std::to_string(place + 1));
        }
        TableColumn& entry = table.columns.emplace_back();
        if (layout_.header) {
            entry.name = layout_.names[static_cast<std::size_t>(place)];
        }
        const auto values = static_cast<long double>(column.values);
        if (column.kind == Kind::numbers) {
            table.means.push_back(static_cast<double>(column.sum / values));
        }
        for (const auto& [word, count] : column.words) {
            entry.words.push_back(word);
            table.means.push_back(static_cast<double>(static_cast<long double>(count) / values));
        }
    }
    return table;
}

std::vector<std::string> CsvColumns::remarks(const std::string& file) const {
    std::vector<std::string> remarks;
    if (!known_.empty()) {
        return remarks;
    }
    if (!layout_.header && first_counts_) {
        remarks.push_back("line 1 of " + file +
                          " counts its columns; if it is a header, set data.header = true");
    }
    constexpr Index many = 10;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const Index words = std::ssize(columns_[i].words);
        if (words > many && 2 * words > columns_[i].values) {
            const Index place = layout_.inputs[i];
            remarks.push_back(
                layout_.column(place) + " of " + file + " has " + std::to_string(words) +
                " different words in " + std::to_string(columns_[i].values) +
                " samples, and each is an input; to leave it out, set data.ignore = " +
                std::to_string(place + 1));
        }
    }
    constexpr Index least = 3;  // two records may well be 0 and 1
    for (const std::size_t i : counting_) {
        const Index place = layout_.inputs[i];
        const std::string name =
            layout_.header ? layout_.names[static_cast<std::size_t>(place)] : "";
        if (records_ >= least && (name.empty() || name.starts_with("Unnamed") || name == "id" ||
                                  name == "index" || name == "row")) {
            remarks.push_back(layout_.column(place) + " of " + file +
                              " counts the samples and is an input; to leave it out, set "
                              "data.ignore = " +
                              std::to_string(place + 1));
        }
    }
    return remarks;
}

}  // namespace hoist
