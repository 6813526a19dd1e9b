#include "hoist/base/random.hpp"

namespace hoist {

std::mt19937_64 random_engine(std::uint64_t seed, std::uint64_t purpose, std::uint64_t item) {
    // seed_seq spreads neighboring seeds over the whole state, so that streams are unrelated.
    const auto low = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
    const auto high = [](std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); };
    std::seed_seq sequence{low(seed),     high(seed), low(purpose),
                           high(purpose), low(item),  high(item)};
    return std::mt19937_64(sequence);
}

}  // namespace hoist
