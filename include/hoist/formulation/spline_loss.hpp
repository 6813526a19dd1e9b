#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// A loss of one real value, which need not be convex, as a linear spline of it (Ochs et al. 2018, section 4): exact at
/// evenly spaced labels t_p, and linear between them. Outside of all labels it is the loss itself.
class SplineLoss {
  public:
    /// What a residual r = t - y costs: |r|, r^2, either up to that of a limit, or a linear spline through
    /// knots, which goes on linearly.
    enum class Kind { absolute, squared, truncated, truncated_squared, knots };

    SplineLoss() = default;
    SplineLoss(double lower, double upper, Index labels, Kind kind, double limit = 0.0,
               std::vector<std::pair<double, double>> knots = {});

    Index labels() const { return labels_; }
    /// t_p.
    double label(Index p) const {
        return lower_ +
               static_cast<double>(p) * (upper_ - lower_) / static_cast<double>(labels_ - 1);
    }
    /// The cost of t_p where y is right.
    double at_label(Index p, double y) const { return cost(label(p) - y); }
    /// The cost of u where y is right, and its derivative by u: that of the segment on the right at labels.
    double value(double u, double y) const;
    double slope(double u, double y) const;

  private:
    double cost(double residual) const;
    /// The label below u, or labels() where u is outside.
    Index below(double u) const;

    double lower_ = 0.0;
    double upper_ = 1.0;
    Index labels_ = 2;
    Kind kind_ = Kind::absolute;
    double limit_ = 0.0;
    /// Residuals, ascending, and their costs.
    std::vector<std::pair<double, double>> knots_;
};

/// Reads `spline(LOWER,UPPER,LABELS,LOSS)` with LOSS one of `absolute`, `squared`, `truncated(LIMIT)`,
/// `truncated_squared(LIMIT)`, `knots(R:COST,R:COST,...)`. @throws UsageError.
SplineLoss parse_spline_loss(std::string_view text);

}  // namespace hoist
