#include "csv_text.hpp"

#include <algorithm>
#include <array>
#include <boost/tokenizer.hpp>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

std::span<const std::string_view> CsvFields::cut(std::string_view line) {
    fields_.clear();
    if (line.find('"') == std::string_view::npos) {
        while (true) {
            const auto end = line.find(separator_);
            fields_.push_back(trim(line.substr(0, end)));
            if (end == std::string_view::npos) {
                return fields_;
            }
            line.remove_prefix(end + 1);
        }
    }
    if (std::ranges::count(line, '"') % 2 != 0) {
        throw DataError("a quote is not closed");
    }
    // Quotes alone have a meaning; backslashes are ordinary.
    const boost::escaped_list_separator<char> rule("", std::string(1, separator_), "\"");
    unquoted_.clear();
    using Iterator = std::string_view::const_iterator;
    for (const std::string& field :
         boost::tokenizer<boost::escaped_list_separator<char>, Iterator>(line, rule)) {
        unquoted_.push_back(field);
    }
    for (const std::string& field : unquoted_) {
        fields_.push_back(trim(field));
    }
    return fields_;
}

char separator_of(std::string_view line) {
    constexpr std::array candidates = {'\t', ';', ','};
    std::array<int, candidates.size()> counts{};
    bool quoted = false;
    for (const char character : line) {
        quoted = quoted != (character == '"');
        const auto found = std::ranges::find(candidates, character);
        if (!quoted && found != candidates.end()) {
            ++counts[static_cast<std::size_t>(found - candidates.begin())];
        }
    }
    const auto most = std::ranges::max_element(counts);
    return *most == 0 ? ',' : candidates[static_cast<std::size_t>(most - counts.begin())];
}

bool CsvLines::next() {
    offset_ = next_offset_;
    if (!std::getline(stream_, buffer_)) {
        return false;
    }
    next_offset_ = offset_ + std::ssize(buffer_) + 1;
    ++number_;
    line_ = buffer_;
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (offset_ == 0 && line_.starts_with(byte_order_mark)) {
        line_.remove_prefix(byte_order_mark.size());
    }
    if (line_.ends_with('\r')) {
        line_.remove_suffix(1);
    }
    return true;
}

void CsvLines::go_to(Index offset) {
    if (next_offset_ != offset || !stream_) {
        stream_.clear();
        stream_.seekg(offset);
        next_offset_ = offset;
    }
}

}  // namespace hoist
