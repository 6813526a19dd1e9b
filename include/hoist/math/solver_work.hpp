#pragma once

#include <algorithm>

#include "hoist/math/kernel_work.hpp"
#include "hoist/math/weight_solver.hpp"

namespace hoist {

/// The work of a step of one map's weights, n inputs (and the bias) by m outputs, beside the sums
/// over the columns, for each of a team.
inline Work solver_work(const WeightSolverOptions& options, double n, double m, double scalar,
                        double team = 1.0) {
    using Kind = WeightSolverOptions::Kind;
    const bool in_batch = solves_in_batch(options, static_cast<Index>(n));
    n += 1.0;
    // The weights and their gradient, and what is remembered of them.
    const double remembered = options.kind == Kind::adam ? 2.0 : 1.0;
    const KernelWork kernels{scalar};
    const bool divided =
        divides_by_columns(options, static_cast<Index>(n) - 1, static_cast<Index>(m));
    Work work = kernels.passes(2.0 + remembered, n * m / (divided ? team : 1.0));
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
        const double square = less * less * less;
        work += {5.0 * (3.0 * less * less * std::max(n, m) / team +
                        (team > 2.0 ? 2.0 * square / team : square))};
    }
    return work;
}

/// The numbers that each of a team sends in such a step, beside those of the gradient and the weights.
inline double solver_numbers(const WeightSolverOptions& options, double n, double m, double team) {
    if (options.kind != WeightSolverOptions::Kind::muon || team == 1.0) {
        return 0.0;
    }
    const double less = std::min(n, m);
    const double products = 0.5 * less * (less + 1.0) + (team > 2.0 ? 0.5 * less * less : 0.0);
    return 5.0 * products + (n < m ? 0.5 * n * m : 0.0);
}

}  // namespace hoist
