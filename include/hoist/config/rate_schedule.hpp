#pragma once

#include <string>

#include "hoist/base/types.hpp"

namespace hoist {

/// How the step length of the weights goes over a run.
struct RateSchedule {
    /// one_cycle (Smith 2018): up from peak/25 over the warm-up, then down a half cosine to zero.
    /// cosine: down from the peak. linear: up, then straight down to zero. plateau: times
    /// `factor` whenever the figure that is watched has not improved for `patience` epochs.
    enum class Kind { constant, one_cycle, cosine, linear, plateau };
    Kind kind = Kind::constant;
    double peak = 1e-3;
    /// The share of the run that rises (one_cycle, linear).
    double warmup = 0.3;
    double factor = 0.5;
    Index patience = 2;

    /// The length of step `step` of `steps`, but for what plateau has taken off.
    double at(Index step, Index steps) const;

    bool operator==(const RateSchedule&) const = default;
};

/// What `plateau` remembers.
struct PlateauState {
    double scale = 1.0;
    double best = 0.0;
    Index waited = -1;

    /// Takes note of a figure (lower is better) at the end of an epoch.
    void note(double figure, const RateSchedule& schedule);
};

}  // namespace hoist
