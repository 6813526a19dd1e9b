#pragma once

#include <boost/random/normal_distribution.hpp>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include "hoist/base/random.hpp"

namespace hoist {

/// A generator that costs nothing to start, for the many short streams of training: the same for a
/// given (seed, purpose, items) on every grid and platform. SplitMix64 (Steele, Lea and Flood
/// 2014, "Fast splittable pseudorandom number generators"): the n-th number is a hash of start + n
/// times an odd constant.
class CounterRandom {
  public:
    using result_type = std::uint64_t;

    /// @param items what the stream is for, such as {epoch, sample}.
    CounterRandom(std::uint64_t seed, Purpose purpose, std::initializer_list<Index> items)
        : state_(mix(mix(seed + step) ^ static_cast<std::uint64_t>(purpose))) {
        for (const Index item : items) {
            state_ = mix((state_ + step) ^ static_cast<std::uint64_t>(item));
        }
    }

    std::uint64_t next() { return mix(state_ += step); }

    /// In [0, 1).
    double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

    /// In [-bound, bound).
    double within(double bound) { return bound * (2.0 * uniform() - 1.0); }

    /// Of mean 0 and variance 1.
    double normal() { return boost::random::normal_distribution<double>()(*this); }

    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
    result_type operator()() { return next(); }

  private:
    static constexpr std::uint64_t step = 0x9e3779b97f4a7c15;

    static constexpr std::uint64_t mix(std::uint64_t value) {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }

    std::uint64_t state_;
};

}  // namespace hoist
