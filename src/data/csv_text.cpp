#include "csv_text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_blank(char character) { return character == ' ' || character == '\t'; }

bool is_digit(char character) { return character >= '0' && character <= '9'; }

std::string_view without_blanks(std::string_view text) {
    const auto first = std::ranges::find_if_not(text, is_blank);
    return text.substr(static_cast<std::size_t>(first - text.begin()));
}

// Whether a field holds several numbers: then blanks set them off, and the tab beside is one more.
bool is_row_of_numbers(std::string_view field) {
    CsvFields cut(blanks);
    const auto pieces = cut.cut(field);
    return pieces.size() > 1 && std::ranges::all_of(pieces, [](std::string_view piece) {
               return to_number(piece).has_value();
           });
}

}  // namespace

char separator_of(std::string_view line) {
    constexpr std::string_view candidates = "\t;,";
    std::array<int, candidates.size()> counts{};
    bool quoted = false;
    bool decimal_commas = true;
    char before = ',';
    line = trim(line);
    std::string unquoted(line);
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        quoted = quoted != (c == '"');
        if (quoted || c == '"') {
            unquoted[i] = 'x';
            before = 'x';
            continue;
        }
        const auto place = candidates.find(c);
        const bool decoration = c == '\t' && (before == ',' || before == ';');
        if (place != std::string_view::npos && !decoration) {
            ++counts[place];
        }
        if (c == ',' && !(is_digit(before) && i + 1 < line.size() && is_digit(line[i + 1]))) {
            decimal_commas = false;
        }
        before = is_blank(c) ? before : c;
    }
    if (decimal_commas && (counts[0] > 0 || counts[1] > 0)) {
        counts[2] = 0;
    }
    const auto most = std::ranges::max_element(counts);
    if (*most == 0) {
        return blanks;
    }
    const char separator = candidates[static_cast<std::size_t>(most - counts.begin())];
    CsvFields cut(separator);
    return separator == '\t' && std::ranges::any_of(cut.cut(unquoted), is_row_of_numbers)
               ? blanks
               : separator;
}

std::span<const std::string_view> CsvFields::cut(std::string_view record) {
    fields_.clear();
    unquoted_.clear();
    unquoted_.reserve(record.size());  // so that no view into it moves
    const bool quotes = record.find('"') != std::string_view::npos;
    if (separator_ == blanks) {
        record = trim(record);
    }
    while (true) {
        if (quotes) {
            const std::string_view rest = separator_ == '\t' ? record : without_blanks(record);
            if (rest.starts_with('"')) {
                record = rest;
                fields_.push_back(cut_quoted(record));
                if (record.empty()) {
                    return fields_;
                }
                record.remove_prefix(1);
                record = separator_ == blanks ? without_blanks(record) : record;
                continue;
            }
        }
        const auto end =
            separator_ == blanks ? record.find_first_of(" \t") : record.find(separator_);
        fields_.push_back(trim(record.substr(0, end)));
        if (end == std::string_view::npos) {
            return fields_;
        }
        record.remove_prefix(end + 1);
        record = separator_ == blanks ? without_blanks(record) : record;
    }
}

// Leaves `rest` empty, or at the separator behind the field.
std::string_view CsvFields::cut_quoted(std::string_view& rest) {
    const std::size_t begin = unquoted_.size();
    std::size_t i = 1;
    for (; i < rest.size(); ++i) {
        if (rest[i] == '"') {
            if (i + 1 == rest.size() || rest[i + 1] != '"') {
                break;
            }
            ++i;
        }
        unquoted_ += rest[i];
    }
    rest.remove_prefix(std::min(i + 1, rest.size()));
    const std::string_view behind =
        separator_ == blanks || separator_ == '\t' ? rest : without_blanks(rest);
    const bool ends = behind.empty() || behind.front() == separator_ ||
                      (separator_ == blanks && is_blank(behind.front()));
    if (!ends) {
        throw DataError("there is text behind a quoted field");
    }
    rest = behind;
    return trim(std::string_view(unquoted_).substr(begin));
}

CsvRecords::CsvRecords(const std::filesystem::path& path) {
    errno = 0;
    file_.reset(gzopen(path.c_str(), "rb"));
    if (!file_) {
        throw MissingError("cannot read the data file " + path.string(), std::strerror(errno),
                           "check data.path and the file's name");
    }
    gzbuffer(file_.get(), 1U << 17);
    begin();
}

void CsvRecords::begin() {
    fill();
    if (buffer_.starts_with("\xFF\xFE") || buffer_.starts_with("\xFE\xFF")) {
        throw DataError(buffer_.starts_with(std::string_view("\xFF\xFE\0\0", 4)) ? "it is UTF-32"
                                                                                 : "it is UTF-16");
    }
    if (buffer_.starts_with(byte_order_mark)) {
        used_ = byte_order_mark.size();
    }
}

bool CsvRecords::fill() {
    if (at_end_) {
        return false;
    }
    constexpr std::size_t piece = 1U << 18;
    buffer_.erase(0, used_);
    buffer_offset_ += static_cast<Index>(used_);
    used_ = 0;
    const std::size_t size = buffer_.size();
    buffer_.resize(size + piece);
    const int count = gzread(file_.get(), buffer_.data() + size, piece);
    buffer_.resize(size + static_cast<std::size_t>(std::max(count, 0)));
    int status = Z_OK;
    const char* message = gzerror(file_.get(), &status);
    if (status == Z_ERRNO) {
        throw DataError(std::string("it cannot be read: ") + std::strerror(errno));
    }
    if (status != Z_OK && status != Z_STREAM_END) {
        throw DataError(status == Z_BUF_ERROR
                            ? "the gzip file is truncated"
                            : std::string("the gzip file is damaged: ") + message);
    }
    at_end_ = count <= 0;
    return !at_end_;
}

std::optional<std::string_view> CsvRecords::next_line() {
    std::size_t looked = 0;
    while (true) {
        const std::string_view rest = std::string_view(buffer_).substr(used_);
        const char* from = rest.data() + looked;
        const auto* feed = static_cast<const char*>(std::memchr(from, '\n', rest.size() - looked));
        const std::size_t before =
            feed != nullptr ? static_cast<std::size_t>(feed - rest.data()) : rest.size();
        const auto* carriage = static_cast<const char*>(std::memchr(from, '\r', before - looked));
        const std::size_t end =
            carriage != nullptr ? static_cast<std::size_t>(carriage - rest.data()) : before;
        // A carriage return at the end of the buffer may have its line feed in the next.
        const bool whole = end < rest.size() && (rest[end] == '\n' || end + 1 < rest.size());
        if (whole || at_end_) {
            if (rest.empty()) {
                return std::nullopt;
            }
            const bool both = end + 1 < rest.size() && rest[end] == '\r' && rest[end + 1] == '\n';
            used_ += std::min(end + (both ? 2 : 1), rest.size());
            ++lines_;
            return rest.substr(0, end);
        }
        looked = end;
        fill();
    }
}

std::optional<std::string> CsvRecords::first_line() {
    const auto line = next_line();
    const std::optional<std::string> copy = line ? std::optional(std::string(*line)) : std::nullopt;
    go_to(0);
    lines_ = 0;
    return copy;
}

// Whether a quoted field goes on behind `line`, given whether one does before it.
bool CsvRecords::is_open_after(std::string_view line, bool open) const {
    bool field_begins = !open;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (open) {
            if (c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
                ++i;
            } else if (c == '"') {
                open = false;
            }
        } else if (c == '"' && field_begins) {
            open = true;
            field_begins = false;
        } else if (c == separator_ || (separator_ == blanks && is_blank(c))) {
            field_begins = true;
        } else if (!is_blank(c)) {
            field_begins = false;
        }
    }
    return open;
}

bool CsvRecords::next() {
    offset_ = buffer_offset_ + static_cast<Index>(used_);
    line_ = lines_ + 1;
    const auto line = next_line();
    if (!line) {
        return false;
    }
    record_ = *line;
    if (record_.find('"') != std::string_view::npos && is_open_after(record_, false)) {
        constexpr Index most_lines = 1000;
        longer_ = record_;
        for (bool open = true; open;) {
            const auto more = lines_ - line_ < most_lines ? next_line() : std::nullopt;
            if (!more) {
                throw DataError("a quote is not closed");
            }
            longer_ += '\n';
            longer_ += *more;
            open = is_open_after(*more, true);
        }
        record_ = longer_;
    }
    if (record_.find('\0') != std::string_view::npos) {
        throw DataError("this is not text");
    }
    return true;
}

void CsvRecords::go_to(Index offset) {
    if (offset < buffer_offset_ || offset > buffer_offset_ + std::ssize(buffer_)) {
        gzclearerr(file_.get());
        gzseek(file_.get(), offset, SEEK_SET);
        buffer_.clear();
        buffer_offset_ = offset;
        at_end_ = false;
    }
    used_ = static_cast<std::size_t>(offset - buffer_offset_);
    if (offset == 0) {
        if (buffer_.empty()) {
            fill();
        }
        if (buffer_.starts_with(byte_order_mark)) {
            used_ = byte_order_mark.size();
        }
    }
}

}  // namespace hoist
