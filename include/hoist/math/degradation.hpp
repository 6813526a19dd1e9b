#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// What is done to a clean picture, whose values go from 0 to 1.
struct DegradationStep {
    enum class Kind {
        /// Gaussian noise of standard deviation amount / 255, on every number.
        noise,
        /// A Gaussian blur of so many pixels, as if the picture went on periodically.
        blur,
        /// The mean of a square of so many pixels a side, likewise.
        box,
        /// Keeps the first of so many pixels down and across, and sets the others to 0.
        subsample,
        /// Sets this share of the pixels to 0, each by chance.
        mask,
        /// Sets this share of the pixels to 0, the same ones in every picture.
        fixed_mask,
        /// So many projections, taken back to a picture (Radon).
        radon
    };
    Kind kind;
    double amount;

    /// Whether each pixel becomes a sum of those around it.
    bool blurs() const { return kind == Kind::blur || kind == Kind::box; }
    /// Whether it is a known linear operator.
    bool known() const { return along_sides() || kind == Kind::fixed_mask || kind == Kind::radon; }
    /// Whether it is one along the rows and one along the columns.
    bool along_sides() const { return blurs() || kind == Kind::subsample; }
    /// Whether it keeps the pixels of some places, of every picture the same.
    bool chooses_places() const { return kind == Kind::subsample || kind == Kind::fixed_mask; }

    bool operator==(const DegradationStep&) const = default;
};

/// Reads `noise(25)`, `blur(1.6)+noise(2.55)`, `box(9)`, `subsample(2)`, `mask(0.5)`, `fixed_mask(0.5)`, `radon(30)+noise(2)`;
/// what blurs or projects comes first, and behind radon only noise, which falls on the rays. Empty: no steps.
/// @param key what the text stands in, for errors. @throws UsageError.
std::vector<DegradationStep> parse_degradation(std::string_view text,
                                               const std::string& key = "data.degrade");
std::string to_text(const std::vector<DegradationStep>& steps);

/// The weights of the pixels -r, ..., r around each in a sum along a row or a column, which add up to 1.
/// @pre step.blurs().
std::vector<double> blurring_weights(const DegradationStep& step);

/// Whether it keeps that pixel of every picture. @pre step.chooses_places().
bool keeps(const DegradationStep& step, Index row, Index column);

/// K of a row or a column of so many pixels, `count` x `count`: what these steps do to a picture X is K X K' with the K
/// of its columns and of its rows. @pre all are along_sides().
Matrix<double> degrading_matrix(const std::vector<DegradationStep>& steps, Index count);

}  // namespace hoist
