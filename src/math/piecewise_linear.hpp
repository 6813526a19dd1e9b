#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "elementwise.hpp"
#include "hoist/math/activation.hpp"

// Rules for Elementwise whose phi is piecewise linear. Each gap is written as a sum of terms that
// are not negative and that vanish exactly, digit by digit, at x = phi(u) in the precision of the
// arguments.

namespace hoist {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// phi is the projection onto [lower, upper], F = x^2/2 there, Psi its indicator.
/// @pre lower <= 0 <= upper; both have a value in float.
struct Projection {
    static constexpr bool lanes = false;
    double lower;
    double upper;

    ActivationTraits traits() const {
        const auto is_cone = [](double bound) { return bound == 0 || std::isinf(bound); };
        return {.lower = lower,
                .upper = upper,
                .lipschitz = 1,
                .projection = true,
                .homogeneous = is_cone(lower) && is_cone(upper)};
    }

    template <typename Scalar>
    Scalar phi(Scalar u) const {
        const auto low = static_cast<Scalar>(lower);
        const auto high = static_cast<Scalar>(upper);
        const Scalar raised = u < low ? low : u;  // a NaN passes through both comparisons
        return high < raised ? high : raised;
    }

    template <typename Scalar>
    Scalar slope(Scalar u) const {
        // At a bound of zero the slope is that of u < 0, at any other that of the inside. Where denormal numbers are zero, the least
        // positive number is a normal one.
        const Scalar low =
            lower < 0 ? static_cast<Scalar>(lower) : std::numeric_limits<Scalar>::min();
        const Scalar raised = u < low ? Scalar{0} : Scalar{1};
        return u > static_cast<Scalar>(upper) ? Scalar{0} : raised;
    }

    // x - phi(u - h) is x - u + h clipped to what the bounds are away from x, and u - x is zero
    // between them.
    template <typename Scalar>
    Scalar quotient(Scalar weight, Scalar u, Scalar g, Scalar x) const {
        const Scalar low = weight * (x - static_cast<Scalar>(upper));
        const Scalar high = weight * (x - static_cast<Scalar>(lower));
        const Scalar free = g - weight * (u - x);
        const Scalar raised = free < low ? low : free;
        return high < raised ? high : raised;
    }

    template <typename Scalar>
    Scalar prox(Scalar, Scalar v) const {
        return phi(v);
    }

    // With p = phi(u): F + F* - xu = (x-p)^2/2 + (p-x)(u-p); u - p is the normal of the interval at
    // p.
    template <typename Scalar>
    double gap(Scalar x, Scalar u) const {
        if (x < static_cast<Scalar>(lower) || x > static_cast<Scalar>(upper)) {
            return infinity;
        }
        const double p = phi(u);
        const double distance = p - x;
        return 0.5 * distance * distance + distance * (u - p);
    }
};

/// The quotient of relu.
template <typename Scalar>
Scalar relu_quotient(Scalar weight, Scalar u, Scalar g) {
    constexpr Projection relu{0, infinity};
    return relu.quotient(weight, u, g, relu.phi(u));
}

/// phi(u) = max(u, a u), F = x^2/2 above zero and x^2/(2a) below, Psi = (1/a - 1) x^2/2 below. @pre
/// 0 < a < 1.
struct LeakyRelu {
    static constexpr bool lanes = false;
    double a;

    double parameter() const { return a; }

    ActivationTraits traits() const {
        return {.lower = -infinity, .upper = infinity, .lipschitz = 1, .homogeneous = true};
    }

    template <typename Scalar>
    Scalar phi(Scalar u) const {
        const Scalar below = static_cast<Scalar>(a) * u;
        return u < 0 ? below : u;
    }

    template <typename Scalar>
    Scalar slope(Scalar u) const {
        const auto below = static_cast<Scalar>(a);
        return u > 0 ? Scalar{1} : below;
    }

    // phi(u) = a u + (1 - a) relu(u).
    template <typename Scalar>
    Scalar quotient(Scalar weight, Scalar u, Scalar g, Scalar) const {
        const Scalar above = relu_quotient(weight, u, g);
        return above + static_cast<Scalar>(a) * (g - above);
    }

    template <typename Scalar>
    Scalar prox(Scalar s, Scalar v) const {
        const Scalar below = v * static_cast<Scalar>(1 / (1 + s * (1 / a - 1)));
        return v < 0 ? below : v;
    }

    template <typename Scalar>
    double gap(Scalar x, Scalar u) const {
        // Arguments of one sign see a parabola around phi(u); across the kink no term is negative.
        const double curvature = x < 0 ? 1 / a : 1;
        const double distance = static_cast<double>(x) - phi(u);
        const double near = distance * distance * curvature;
        const double far = curvature * x * x + (u < 0 ? a : 1) * u * u - 2.0 * x * u;
        return 0.5 * ((x < 0) == (u < 0) ? near : far);
    }

    // At x = phi(v) the derivative of gap(x, u) is half of m(u)^2 - m(v)^2, m(u) = min(u, 0).
    double gap_coefficient_slope(double weight, double u, double g) const {
        const double difference = -relu_quotient(weight, -u, -g);
        return difference * (std::min(u, 0.0) - 0.5 * difference / weight);
    }

    double coefficient_slope(double u) const { return std::min(u, 0.0); }
};

/// phi(u) = sign(u) max(|u| - t, 0), F = x^2/2 + t |x|, Psi = t |x|. @pre t > 0.
struct SoftThreshold {
    static constexpr bool lanes = false;
    double t;

    double parameter() const { return t; }

    ActivationTraits traits() const {
        return {.lower = -infinity, .upper = infinity, .lipschitz = 1};
    }

    template <typename Scalar>
    Scalar phi(Scalar u) const {
        return shrink(u, static_cast<Scalar>(t));
    }

    template <typename Scalar>
    Scalar slope(Scalar u) const {
        return std::abs(u) > static_cast<Scalar>(t) ? Scalar{1} : Scalar{0};
    }

    // phi(u) = relu(u - t) - relu(-u - t).
    template <typename Scalar>
    Scalar quotient(Scalar weight, Scalar u, Scalar g, Scalar) const {
        const auto threshold = static_cast<Scalar>(t);
        return relu_quotient(weight, u - threshold, g) - relu_quotient(weight, -u - threshold, -g);
    }

    template <typename Scalar>
    Scalar prox(Scalar s, Scalar v) const {
        return shrink(v, static_cast<Scalar>(s * t));
    }

    // With w = u - phi(u), which is u clipped to [-t, t]: F + F* - xu = (x-phi(u))^2/2 + (t - w
    // sign x) |x|.
    template <typename Scalar>
    double gap(Scalar x, Scalar u) const {
        const auto threshold = static_cast<Scalar>(t);
        const double w = Projection{-threshold, threshold}.phi(u);
        const double distance = static_cast<double>(x) - phi(u);
        return 0.5 * distance * distance + (threshold - (x < 0 ? -w : w)) * std::abs(x);
    }

  private:
    template <typename Scalar>
    static Scalar shrink(Scalar u, Scalar threshold) {
        const Scalar low = u < -threshold ? u + threshold : Scalar{0};
        const Scalar shrunk = u > threshold ? u - threshold : low;
        return u == u ? shrunk : u;
    }
};

/// phi(u) = sign u, F = 0 on [-1, 1], so that Psi is concave.
struct Sign {
    static constexpr bool lanes = false;

    ActivationTraits traits() const {
        return {.lower = -1, .upper = 1, .lipschitz = infinity, .has_prox = false};
    }

    template <typename Scalar>
    Scalar phi(Scalar u) const {
        const Scalar below = u < 0 ? Scalar{-1} : u;  // 0 and NaN stay
        return u > 0 ? Scalar{1} : below;
    }

    template <typename Scalar>
    Scalar slope(Scalar) const {
        return Scalar{0};
    }

    template <typename Scalar>
    Scalar quotient(Scalar weight, Scalar u, Scalar g, Scalar x) const {
        const Scalar moved = u - way(weight, g);
        return weight * (x - phi(u == 0 ? -g : moved));  // the way may vanish, not its sign
    }

    // F + F* - xu = |u| - xu.
    double gap(double x, double u) const {
        if (x < -1 || x > 1) {
            return infinity;
        }
        return std::abs(u) * (1 - (u < 0 ? -x : x));
    }
};

}  // namespace hoist
