#pragma once

#include <string>

#include "hoist/base/types.hpp"

namespace hoist {

/// How the numbers of one sample's block are laid out: `rows` x `columns` places of `channels`
/// each, channels innermost. A plain vector is one place.
struct Shape {
    Index rows = 1;
    Index columns = 1;
    Index channels = 1;

    /// That of a plain vector of n numbers.
    static Shape vector(Index n) { return {.channels = n}; }

    Index places() const { return rows * columns; }
    Index size() const { return places() * channels; }
    bool operator==(const Shape&) const = default;
};

/// "300", or "28x28x1" where there are several places.
std::string to_text(const Shape& shape);

}  // namespace hoist
