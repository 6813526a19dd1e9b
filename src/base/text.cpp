#include "hoist/base/text.hpp"

#include <algorithm>
#include <array>
#include <boost/locale/utf.hpp>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <numeric>

namespace hoist {

namespace {

constexpr std::string_view white_space = " \t\r\n\f\v";

std::string_view without_plus(std::string_view text) {
    return text.size() > 1 && text[0] == '+' && text[1] != '-' ? text.substr(1) : text;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t substitution = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({substitution, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row[b.size()];
}

}  // namespace

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(white_space);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> pieces;
    if (trim(text).empty()) {
        return pieces;
    }
    while (true) {
        const auto end = text.find(separator);
        pieces.emplace_back(trim(text.substr(0, end)));
        if (end == std::string_view::npos) {
            return pieces;
        }
        text.remove_prefix(end + 1);
    }
}

std::optional<double> to_number(std::string_view text) {
    text = without_plus(trim(text));
    double value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end != text.data() + text.size() || error == std::errc::invalid_argument) {
        return std::nullopt;
    }
    // What is beyond all numbers becomes 0 or infinite, as it does for others who read text.
    return error == std::errc{} ? value : std::strtod(std::string(text).c_str(), nullptr);
}

std::optional<Index> to_whole_number(std::string_view text) {
    text = without_plus(trim(text));
    Index value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

std::string to_text(double value) {
    std::array<char, 32> buffer;
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return {buffer.data(), result.ptr};
}

std::string join(std::span<const std::string> pieces, std::string_view separator) {
    std::string text;
    for (const std::string& piece : pieces) {
        if (&piece != &pieces.front()) {
            text += separator;
        }
        text += piece;
    }
    return text;
}

std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        return std::string(text);
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + "\"";
}

bool is_utf8(std::string_view text) {
    namespace utf = boost::locale::utf;
    for (auto at = text.begin(); at != text.end();) {
        const utf::code_point point = utf::utf_traits<char>::decode(at, text.end());
        if (point == utf::illegal || point == utf::incomplete) {
            return false;
        }
    }
    return true;
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> words) {
    // At most two slips, or one in three letters. Lengths that differ by more need no comparison, so
    // that a long word among short ones, or the reverse, costs nothing.
    constexpr std::size_t longest = 1024;
    if (word.size() > longest) {
        return std::nullopt;
    }
    const std::size_t most = std::max<std::size_t>(2, word.size() / 3);
    const auto distance = [&](const std::string& other) {
        const auto [shorter, longer] = std::minmax({word.size(), other.size()});
        return longer - shorter > most ? longer - shorter : edit_distance(word, other);
    };
    const auto best = std::ranges::min_element(words, {}, distance);
    if (best == words.end()) {
        return std::nullopt;
    }
    // A word with nothing in common is never meant.
    const std::size_t slips = distance(*best);
    const bool meant = slips <= most && slips < std::max(word.size(), best->size());
    return meant ? std::optional(*best) : std::nullopt;
}

std::string time_stamp() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text.data();
}

}  // namespace hoist
