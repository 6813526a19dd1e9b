#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hoist/base/types.hpp"

namespace hoist {

/// How inputs are lifted before a network sees them (Ochs et al. 2018, section 3): a dense map of what comes out is a
/// linear spline of the inputs. Labels are evenly spaced, t_k = lower + k (upper - lower) / (labels - 1).
struct InputLift {
    enum class Kind {
        none,
        /// Each number x in [t_k, t_{k+1}] becomes (1 - a) e_k + a e_{k+1} with a = (x - t_k) / (t_{k+1} - t_k)
        /// (definition 1), extrapolated linearly outside of all labels.
        each,
        /// All d numbers of a sample together become barycentric coordinates on the grid of labels^d vertices
        /// (section 3.3). Each cell of the grid is cut along its diagonal into d! simplices (Kuhn), which is a
        /// Delaunay triangulation, since the vertices of a cell lie on one sphere. The first number counts slowest.
        /// Outside of the grid they are those of its nearest point: simplices that went on would not meet.
        jointly
    };
    Kind kind = Kind::none;
    double lower = 0.0;
    double upper = 0.0;
    Index labels = 0;

    bool empty() const { return kind == Kind::none; }
    /// Numbers that so many become; 0 where they would be more than most_lifted.
    Index lifted(Index numbers) const;
    /// Numbers that become `lifted`; 0 where none do.
    Index numbers(Index lifted) const;
    /// Lifts one sample. @pre z.size() == lifted(x.size()) > 0.
    void operator()(std::span<const double> x, std::span<double> z) const;

    bool operator==(const InputLift&) const = default;

    /// The most numbers that a sample may become.
    static constexpr Index most_lifted = Index{1} << 24;
};

/// Reads `each(LOWER,UPPER,LABELS)` or `jointly(LOWER,UPPER,LABELS)`; empty text lifts nothing.
/// @param key what the text stands in, for errors. @throws UsageError.
InputLift parse_input_lift(std::string_view text, const std::string& key = "data.lift");
/// As parse_input_lift reads it.
std::string to_text(const InputLift& lift);

}  // namespace hoist
