#pragma once

#include <string_view>
#include <vector>

namespace hoist {

/// What is done to a clean picture, whose values go from 0 to 1.
struct DegradationStep {
    enum class Kind {
        /// Gaussian noise of standard deviation amount / 255, on every number.
        noise,
        /// A Gaussian blur of so many pixels, as if the picture went on periodically.
        blur,
        /// Sets this share of the pixels to 0.
        mask
    };
    Kind kind;
    double amount;

    bool operator==(const DegradationStep&) const = default;
};

/// Reads `noise(25)`, `blur(1.6)+noise(2.55)`, `mask(0.5)`; a blur comes first. Empty: no steps.
/// @throws UsageError.
std::vector<DegradationStep> parse_degradation(std::string_view text);

}  // namespace hoist
