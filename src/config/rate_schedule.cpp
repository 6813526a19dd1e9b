#include "hoist/config/rate_schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hoist {

double RateSchedule::at(Index step, Index steps) const {
    const double position =
        static_cast<double>(step) / static_cast<double>(std::max<Index>(steps, 1));
    const auto falling = [](double share) {
        return 0.5 * (1.0 + std::cos(std::numbers::pi * std::min(share, 1.0)));
    };
    const bool rising = position < warmup;
    const double rest = (position - warmup) / std::max(1.0 - warmup, 1e-12);
    switch (kind) {
        case Kind::constant:
        case Kind::plateau:
            return peak;
        case Kind::cosine:
            return peak * falling(position);
        case Kind::one_cycle:
            return rising
                       ? peak * (1.0 / 25.0 + (1.0 - 1.0 / 25.0) * falling(1.0 - position / warmup))
                       : peak * falling(rest);
        case Kind::linear:
            break;
    }
    const double up =
        (static_cast<double>(step) + 1.0) / (warmup * static_cast<double>(steps) + 1.0);
    return rising ? peak * std::min(up, 1.0) : peak * (1.0 - rest);
}

void PlateauState::note(double figure, const RateSchedule& schedule) {
    if (waited < 0 || figure < best) {
        best = figure;
        waited = 0;
    } else if (++waited > schedule.patience) {
        scale *= schedule.factor;
        waited = 0;
    }
}

}  // namespace hoist
