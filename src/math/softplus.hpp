#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "elementwise.hpp"
#include "entropy.hpp"
#include "newton.hpp"
#include "sigmoidal.hpp"

namespace hoist {

/// phi(u) = log(1 + e^u), F = integral from 0 to x of log(e^t - 1) dt for x >= 0, F* = -Li2(-e^u)
/// with the dilogarithm Li2.
struct Softplus {
    static constexpr bool lanes = true;

    ActivationTraits traits() const {
        return {.lower = 0, .upper = std::numeric_limits<double>::infinity(), .lipschitz = 1};
    }

    template <typename Scalar>
    Lanes<Scalar> phi(const Lanes<Scalar>& u) const {
        return u.max(Scalar{0}) + (-u.abs()).exp().log1p();
    }

    template <typename Scalar>
    Lanes<Scalar> slope(const Lanes<Scalar>& u) const {
        return u.logistic();
    }

    // log(1 + e^a) - log(1 + e^b) = log(1 + z), z = logistic(b) (e^(a-b) - 1); where the points are
    // apart, as the quotient of relu and what softplus exceeds it by.
    template <typename Scalar>
    Lanes<Scalar> quotient(Scalar weight, const Lanes<Scalar>& u, const Lanes<Scalar>& g,
                           const Lanes<Scalar>&) const {
        const Lanes<Scalar> h = way(weight, g);
        const Lanes<Scalar> v = u - h;
        const Lanes<Scalar> slope = exact_logistic<Scalar>(v) * mean_decay<Scalar>(-h);
        const Lanes<Scalar> z = slope * h;
        const Lanes<Scalar> logarithm = z.log1p();
        const Lanes<Scalar> near = g * slope * (z == 0).select(Scalar{1}, logarithm / z);
        const Lanes<Scalar> p = u.max(Scalar{0});
        const Lanes<Scalar> relu = (g - weight * (u - p)).min(weight * p);
        const Lanes<Scalar> excess = (-u.abs()).exp().log1p();
        const Lanes<Scalar> excess_moved = (-v.abs()).exp().log1p();
        return (h.abs() < Scalar{0.5}).select(near, relu + weight * (excess - excess_moved));
    }

    // phi(u) lies between max(u, 0) and that plus log 2, and s u + (1-s) max(u, 0) = w has the
    // solution w or, for w < 0, w/s.
    template <typename Scalar>
    Lanes<Scalar> prox(Scalar s, const Lanes<Scalar>& v) const {
        const Scalar spread = (1 - s) * std::numbers::ln2_v<Scalar>;
        const Lanes<Scalar> low = v - std::max(spread, Scalar{0});
        const Lanes<Scalar> high = v - std::min(spread, Scalar{0});
        const Lanes<Scalar> below = (low < 0).select(low / s, low);
        const Lanes<Scalar> above = (high < 0).select(high / s, high);
        Lanes<Scalar> u = above;
        return prox_by_newton(*this, s, v, below, above, u);
    }

    // With x = phi(w): F + F* - xu = F*(u) - F*(w) - phi(w) (u-w), the integral of (u-t) phi'(t)
    // from w to u.
    double gap(double x, double u) const {
        if (x < 0) {
            return std::numeric_limits<double>::infinity();
        }
        if (x == 0) {
            return u > 0 ? square_part(u) - tail(u) : tail(u);
        }
        const double w = x < 0.7 ? std::log(std::expm1(x)) : x + std::log1p(-std::exp(-x));
        const double gap = std::abs(u - w) < 0.5 ? near(u, w) : far(x, u, w);
        return std::max(gap, 0.0);
    }

  private:
    // Five nodes of Gauss leave a relative error of about 1e-14: the poles of phi' are pi away.
    static double near(double u, double w) {
        constexpr std::array nodes{0.04691007703066800, 0.23076534494715845, 0.5,
                                   0.76923465505284155, 0.95308992296933200};
        constexpr std::array weights{0.11846344252809454, 0.23931433524968324, 0.28444444444444444,
                                     0.23931433524968324, 0.11846344252809454};
        double sum = 0;
        for (std::size_t k = 0; k < nodes.size(); ++k) {
            sum += weights[k] * (1 - nodes[k]) * logistic(w + nodes[k] * (u - w));
        }
        return sum * (u - w) * (u - w);
    }

    // The squares of u and w, of which x (u-w) cancels most, are taken together.
    static double far(double x, double u, double w) {
        const double excess = std::log1p(std::exp(-std::abs(w)));  // phi(w) - max(w, 0)
        if (w > 0) {
            const double lead = u > 0 ? 0.5 * (u - w) * (u - w) - tail(u)
                                      : w * (0.5 * w - u) - square_part(0) + tail(u);
            return lead - excess * (u - w) + tail(w);
        }
        return (u > 0 ? square_part(u) - tail(u) : tail(u)) - tail(w) - x * (u - w);
    }

    // F*(u) = tail(u) for u <= 0 and square_part(u) - tail(u) for u >= 0 (Euler's reflection of
    // Li2).
    static double square_part(double u) {
        return 0.5 * u * u + std::numbers::pi * std::numbers::pi / 6;
    }

    // -Li2(-e^-|u|) = L + L^2/4 + sum_k B_2k L^(2k+1)/(2k+1)! with L = log(1 + e^-|u|) <= log 2 and
    // the Bernoulli numbers B; each term is at most 1/80 of the one before.
    static double tail(double u) {
        const double l = std::log1p(std::exp(-std::abs(u)));
        constexpr std::array bernoulli{1.0 / 36,
                                       -1.0 / 3600,
                                       1.0 / 211680,
                                       -1.0 / 10886400,
                                       1.0 / 526901760,
                                       -691.0 / 2730 / 6227020800,
                                       7.0 / 6 / 1307674368000};
        double series = 0;
        for (auto k = bernoulli.rbegin(); k != bernoulli.rend(); ++k) {
            series = *k + l * l * series;
        }
        return l * (1 + l * (0.25 + l * series));
    }
};

}  // namespace hoist
