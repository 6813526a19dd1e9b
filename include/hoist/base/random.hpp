#pragma once

#include <cstdint>
#include <random>

#include "hoist/base/types.hpp"

namespace hoist {

/// A generator for one purpose and one item: the same for a given (seed, purpose, item) on every
/// grid, and independent of every other.
std::mt19937_64 random_engine(std::uint64_t seed, std::uint64_t purpose, std::uint64_t item = 0);

/// The `purpose` of random_engine: one number for each use of randomness.
enum class Purpose : std::uint64_t {
    weights = 1,
    validation = 2,
    glyphs = 3,
    benchmark = 4,
    shuffling = 5,
    dropout = 6,
    augmentation = 7,
    tuning = 8,
    attack = 9,
    comparison = 10,
    labels = 11,
    degradation = 12,
    inversion = 13
};

inline std::mt19937_64 random_engine(std::uint64_t seed, Purpose purpose, std::uint64_t item = 0) {
    return random_engine(seed, static_cast<std::uint64_t>(purpose), item);
}

}  // namespace hoist
