#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "elementwise.hpp"
#include "hoist/math/activation.hpp"

// Rules for Elementwise whose phi is an S-shaped curve. F is the negative entropy of a Bernoulli
// variable with parameter x (sigmoid) or (1+x)/2 (tanh), so that a gap is the divergence of two
// such variables.

namespace hoist {

/// log(1 + e^u) without overflow.
inline double softplus(double u) { return std::max(u, 0.0) + std::log1p(std::exp(-std::abs(u))); }

/// 1/(1 + e^-u) without cancellation for either sign.
inline double logistic(double u) {
    const double e = std::exp(-std::abs(u));
    return (u < 0 ? e : 1.0) / (1 + e);
}

/// x log(x/p) - (x - p) >= 0 for x in [0, 1], where `difference` is x - p and p = logistic(u).
inline double relative_entropy(double x, double p, double u, double difference) {
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
    return std::max(x * (std::log(x) + softplus(-u)) - difference, 0.0);
}

/// The divergence of Bernoulli(x) from Bernoulli(logistic(u)), which is the gap of sigmoid: F + F*
/// - xu. `rest` is 1 - x and `difference` is x - logistic(u), which a caller may know more exactly
/// than x shows.
inline double bernoulli_divergence(double x, double rest, double u, double difference) {
    return relative_entropy(x, logistic(u), u, difference) +
           relative_entropy(rest, logistic(-u), -u, -difference);
}

/// phi(x) where s u + (1-s) phi(u) = v: the condition for x = phi(u) to be the minimizer of s
/// Psi(x) + (x-v)^2/2, because Psi'(x) = u - x. The left side rises with u and, for phi - phi(0)
/// odd and bent toward zero, Newton's method from 0 converges from one side after at most one step
/// across; the bracket guards the rounding.
template <typename Rule, typename Scalar>
Lanes<Scalar> prox_by_newton(const Rule& rule, Scalar s, const Lanes<Scalar>& v) {
    const ActivationTraits traits = rule.traits();
    const Scalar low = (1 - s) * static_cast<Scalar>(s < 1 ? traits.upper : traits.lower);
    const Scalar high = (1 - s) * static_cast<Scalar>(s < 1 ? traits.lower : traits.upper);
    Lanes<Scalar> below = (v - low) / s;
    Lanes<Scalar> above = (v - high) / s;
    Lanes<Scalar> u = below.max(Scalar{0}).min(above);
    Lanes<Scalar> x = rule.phi(u);
    constexpr Scalar precision = 4 * std::numeric_limits<Scalar>::epsilon();
    for (int iteration = 0; iteration < 60; ++iteration) {
        const Lanes<Scalar> residual = s * u + (1 - s) * x - v;
        Lanes<Scalar> next = u - residual / (s + (1 - s) * rule.slope(u));
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

/// phi(u) = 1/(1 + e^-u), F = x log x + (1-x) log(1-x) on [0, 1].
struct Sigmoid {
    static constexpr bool lanes = true;

    ActivationTraits traits() const { return {0.0, 1.0, 0.25, false}; }

    template <typename Scalar>
    Lanes<Scalar> phi(const Lanes<Scalar>& u) const {
        return u.logistic().min(Scalar{1});
    }

    template <typename Scalar>
    Lanes<Scalar> slope(const Lanes<Scalar>& u) const {
        return u.logistic() * (-u).logistic();
    }

    template <typename Scalar>
    Lanes<Scalar> prox(Scalar s, const Lanes<Scalar>& v) const {
        return prox_by_newton(*this, s, v);
    }

    double gap(double x, double u) const {
        if (x < 0 || x > 1) {
            return std::numeric_limits<double>::infinity();
        }
        return bernoulli_divergence(x, 1 - x, u, u < 0 ? x - logistic(u) : logistic(-u) - (1 - x));
    }
};

/// phi(u) = tanh u = 2/(1 + e^-2u) - 1, F = 1/2 ((1+x) log(1+x) + (1-x) log(1-x)) on [-1, 1].
struct Tanh {
    static constexpr bool lanes = true;

    ActivationTraits traits() const { return {-1.0, 1.0, 1.0, false}; }

    template <typename Scalar>
    Lanes<Scalar> phi(const Lanes<Scalar>& u) const {
        return u.tanh().max(Scalar{-1}).min(Scalar{1});
    }

    template <typename Scalar>
    Lanes<Scalar> slope(const Lanes<Scalar>& u) const {
        return 4 * (2 * u).logistic() * (-2 * u).logistic();
    }

    template <typename Scalar>
    Lanes<Scalar> prox(Scalar s, const Lanes<Scalar>& v) const {
        return prox_by_newton(*this, s, v);
    }

    double gap(double x, double u) const {
        if (x < -1 || x > 1) {
            return std::numeric_limits<double>::infinity();
        }
        return bernoulli_divergence((1 + x) / 2, (1 - x) / 2, 2 * u, (x - std::tanh(u)) / 2);
    }
};

}  // namespace hoist
