#pragma once

#include <algorithm>
#include <cmath>

namespace hoist {

/// log(1 + e^u) without overflow.
inline double softplus(double u) { return std::max(u, 0.0) + std::log1p(std::exp(-std::abs(u))); }

/// 1/(1 + e^-u) without cancellation for either sign.
inline double logistic(double u) {
    const double e = std::exp(-std::abs(u));
    return (u < 0 ? e : 1.0) / (1 + e);
}

/// x log(x/p) - (x - p) >= 0 for x in [0, 1], given log p and `difference` = x - p.
inline double relative_entropy(double x, double p, double log_p, double difference) {
    // Near x = p the logarithm cancels: with d = (x-p)/p the term is p ((1+d) log(1+d) - d), a
    // series in d.
    if (std::abs(difference) < 0.01 * p) {
        const double d = difference / p;
        return difference * d *
               (1.0 / 2 -
                d * (1.0 / 6 - d * (1.0 / 12 - d * (1.0 / 20 - d * (1.0 / 30 - d / 42)))));
    }
    if (x == 0) {
        return p;
    }
    return std::max(x * (std::log(x) - log_p) - difference, 0.0);
}

/// The divergence of Bernoulli(x) from Bernoulli(logistic(u)), which is the gap of sigmoid: F + F*
/// - xu. `rest` is 1 - x and `difference` is x - logistic(u), which a caller may know more exactly
/// than x shows.
inline double bernoulli_divergence(double x, double rest, double u, double difference) {
    return relative_entropy(x, logistic(u), -softplus(-u), difference) +
           relative_entropy(rest, logistic(-u), -softplus(u), -difference);
}

}  // namespace hoist
