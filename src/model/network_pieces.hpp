#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// How large a number in the text of a network may be, and how many numbers its input may have.
constexpr Index most_numbers = Index{1} << 24;
/// How many numbers any other block may have: a large picture has many channels within.
constexpr Index most_numbers_within = Index{1} << 30;

/// What advice on the text of a network shows.
inline const std::string network_example =
    "write it like 784-300-100-10 or 28x28x1-conv(16,5)-maxpool(2)-10";

/// A piece of the text of a network: a width, a shape, or `name(numbers)`.
struct Piece {
    enum class Kind {
        width,
        shape,
        convolution,
        residual,
        potential,
        fidelity,
        kept,
        by_rows,
        recurrent,
        maximum,
        mean,
        normalization,
        shuffle,
        addition
    };
    Kind kind;
    std::string text;
    std::vector<Index> numbers;
    /// What stands in parentheses where that is more than numbers.
    std::string inside = {};
    /// How many maps before it the one with the same weights stands; 0: it has its own.
    Index again = 0;

    /// How many maps it makes.
    Index maps() const;

    /// Of a parameter that may be left out.
    Index number(std::size_t position, Index preset) const {
        return position < numbers.size() ? numbers[position] : preset;
    }
};

/// How many maps they make together.
Index maps_in(const std::vector<Piece>& pieces);

/// Cuts at separators outside parentheses; white space around each piece is removed.
std::vector<std::string> split_outside(std::string_view text, char separator);

/// The pieces of a network, those that are to be repeated as often as they say: `residual(3)*18`, or
/// several at once, `(conv(64,3)-batchnorm)*2`; with the same weights `residual(3)^18`.
/// @param shown the key and its whole value. @throws UsageError.
std::vector<Piece> read_pieces(std::string_view text, const std::string& shown);

}  // namespace hoist
