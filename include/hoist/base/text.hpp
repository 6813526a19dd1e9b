#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// Cuts `text` at every `separator`; white space around each piece is removed. Empty text has no
/// pieces.
std::vector<std::string> split(std::string_view text, char separator);

/// `text` without white space at both ends.
std::string_view trim(std::string_view text);

/// The whole of `text` as a number, or nothing. Accepts what std::from_chars does, and a leading
/// plus; what is too small or too large for a double is 0 or infinite.
std::optional<double> to_number(std::string_view text);

/// The whole of `text` as a whole number, or nothing.
std::optional<Index> to_whole_number(std::string_view text);

/// The shortest text that reads back as exactly `value`.
std::string to_text(double value);

/// `pieces` with `separator` between them.
std::string join(std::span<const std::string> pieces, std::string_view separator);

/// `text` as a field of a CSV file: in quotation marks where it needs them.
std::string csv_field(std::string_view text);

/// Whether `text` is UTF-8.
bool is_utf8(std::string_view text);

/// The word of `words` nearest to `word` in edit distance, if it is near enough to be meant.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> words);

/// The time of day in UTC, as in 2026-01-31T12:00:00Z.
std::string time_stamp();

}  // namespace hoist
