#pragma once

#include <limits>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// x = phi(u) where s u + (1-s) phi(u) = v, coordinate by coordinate: the condition for x to be the
/// minimizer of s Psi(x) + (x-v)^2/2, because Psi'(x) = u - x. The left side rises with u by at
/// least min(s, 1). Newton's method starts at u, where the solution is left, and is kept inside the
/// bracket [below, above]; where phi is convex, or phi - phi(0) is odd and bent toward zero and u
/// starts at 0, it converges from one side after at most one step across.
template <typename Rule, typename Array>
Array prox_by_newton(const Rule& rule, typename Array::Scalar s, const Array& v, Array below,
                     Array above, Array& u) {
    using Scalar = typename Array::Scalar;
    constexpr Scalar precision = 4 * std::numeric_limits<Scalar>::epsilon();
    Array x = rule.phi(u);
    for (int iteration = 0; iteration < 60; ++iteration) {
        const Array residual = s * u + (1 - s) * x - v;
        Array next = u - residual / (s + (1 - s) * rule.slope(u));
        for (Index i = 0; i < u.size(); ++i) {
            below[i] = residual[i] < 0 ? u[i] : below[i];
            above[i] = residual[i] > 0 ? u[i] : above[i];
            const Scalar middle = (below[i] + above[i]) / 2;
            next[i] = next[i] < below[i] || next[i] > above[i] ? middle : next[i];
        }
        const bool moving = ((next - u).abs() > precision * (1 + u.abs())).any();
        u = next;
        x = rule.phi(u);
        if (!moving) {
            break;
        }
    }
    return x;
}

/// The same for a phi with values in [lower, upper], which bound u; from the point of the bracket
/// nearest to `u`, which is left at the solution.
template <typename Rule, typename Array>
Array prox_of_bounded(const Rule& rule, double lower, double upper, typename Array::Scalar s,
                      const Array& v, Array& u) {
    using Scalar = typename Array::Scalar;
    const Array below = (v - (1 - s) * static_cast<Scalar>(s < 1 ? upper : lower)) / s;
    const Array above = (v - (1 - s) * static_cast<Scalar>(s < 1 ? lower : upper)) / s;
    u = below.max(u).min(above);
    return prox_by_newton(rule, s, v, below, above, u);
}

}  // namespace hoist
