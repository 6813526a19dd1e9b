#pragma once

#include <algorithm>

#include "hoist/math/kernel_work.hpp"
#include "hoist/math/weight_solver.hpp"

namespace hoist {

/// The work of a step of one map's weights, n inputs (and the bias) by m outputs, beside the sums
/// over the columns.
inline Work solver_work(const WeightSolverOptions& options, double n, double m, double scalar) {
    using Kind = WeightSolverOptions::Kind;
    const bool in_batch = solves_in_batch(options, static_cast<Index>(n));
    n += 1.0;
    // The weights and their gradient, and what is remembered of them.
    const double remembered = options.kind == Kind::adam ? 2.0 : 1.0;
    const KernelWork kernels{scalar};
    Work work = kernels.passes(2.0 + remembered, n * m);
    const double full = kernels.double_cost();  // factors are made in double
    if (in_batch) {
        const auto b = static_cast<double>(options.batch);
        work += {full * (b * b * b / 3.0 + 2.0 * b * b * m) + n * b * b + 4.0 * n * m * b};
    } else if (options.kind == Kind::implicit) {
        work += {full * (n * n * n / 3.0 + 2.0 * n * n * m)};
    } else if (options.kind == Kind::gram) {
        const double refreshed = full * 2.0 / static_cast<double>(options.refresh);
        work += {2.0 * n * n * m + refreshed * n * n * n};
        if (options.sides == GramSides::both) {
            work += {2.0 * n * m * m + refreshed * m * m * m};
        }
    } else if (options.kind == Kind::muon) {
        const double less = std::min(n, m);
        work += {5.0 * (4.0 * less * less * std::max(n, m) + 2.0 * less * less * less)};
    }
    return work;
}

}  // namespace hoist
