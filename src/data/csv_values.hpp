#pragma once

#include <string>
#include <string_view>

namespace hoist {

/// The most characters of a field that says that there is no value.
inline constexpr std::size_t longest_missing = 4;

/// Whether a field says that there is no value: empty, ?, NA, N/A, NaN, null, None and their like.
bool is_missing(std::string_view field);

/// The same for a class, whose name may be None.
bool is_missing_class(std::string_view field);

/// Whether a field is a number in a notation that is not read: with a decimal comma or thousands
/// separators, hexadecimal, with a unit of money or a per cent sign, 1.5D+3, 3:0.5 (of sparse files).
bool is_foreign_number(std::string_view field);

/// The first letters of a field in quotes, for a message.
std::string in_quotes(std::string_view field);

}  // namespace hoist
