#pragma once

#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include "elementwise.hpp"
#include "entropy.hpp"
#include "newton.hpp"

// Rules for Elementwise whose phi is an S-shaped curve. For sigmoid and tanh F is the negative
// entropy of a Bernoulli variable with parameter x or (1+x)/2, so that a gap is the divergence of
// two such variables.

namespace hoist {

/// (1 - e^-y)/y for |y| <= 1/2, by its series: 1 - y/2 (1 - y/3 (1 - ...)).
template <typename Scalar>
Lanes<Scalar> mean_decay(const Lanes<Scalar>& y) {
    constexpr int terms = std::is_same_v<Scalar, float> ? 9 : 15;
    Lanes<Scalar> sum = Lanes<Scalar>::Ones();
    for (int k = terms; k >= 2; --k) {
        sum = Scalar{1} - y * (Scalar{1} / static_cast<Scalar>(k)) * sum;
    }
    return sum;
}

/// 1/(1 + e^-u), exact in its tail, too, where Eigen's function for float has an error of 5e-5.
template <typename Scalar>
Lanes<Scalar> exact_logistic(const Lanes<Scalar>& u) {
    const Lanes<Scalar> e = (-u.abs()).exp();
    return (u < 0).select(e, Scalar{1}) / (Scalar{1} + e);
}

/// sin y / y.
template <typename Scalar>
Lanes<Scalar> sine_quotient(const Lanes<Scalar>& y) {
    const Scalar small = std::sqrt(std::numeric_limits<Scalar>::epsilon());
    const Lanes<Scalar> sine = y.sin();
    return (y.abs() > small).select(sine / y, Scalar{1});
}

/// phi(u) = 1/(1 + e^-u), F = x log x + (1-x) log(1-x) on [0, 1].
struct Sigmoid {
    static constexpr bool lanes = true;

    ActivationTraits traits() const { return {.lower = 0, .upper = 1, .lipschitz = 0.25}; }

    template <typename Scalar>
    Lanes<Scalar> phi(const Lanes<Scalar>& u) const {
        return u.logistic().min(Scalar{1});
    }

    template <typename Scalar>
    Lanes<Scalar> slope(const Lanes<Scalar>& u) const {
        return u.logistic() * (-u).logistic();
    }

    // For a > b: phi(a) - phi(b) = phi(a) phi(-b) (1 - e^(b-a)).
    template <typename Scalar>
    Lanes<Scalar> quotient(Scalar weight, const Lanes<Scalar>& u, const Lanes<Scalar>& g,
                           const Lanes<Scalar>&) const {
        const Lanes<Scalar> h = way(weight, g);
        const Lanes<Scalar> v = u - h;
        const Lanes<Scalar> distance = h.abs();
        const Lanes<Scalar> decay = weight * (Scalar{1} - (-distance).exp());
        const Lanes<Scalar> part =
            (distance < Scalar{0.5})
                .select(g * mean_decay<Scalar>(distance), (g < 0).select(-decay, decay));
        return exact_logistic<Scalar>(u.max(v)) * exact_logistic<Scalar>(-u.min(v)) * part;
    }

    template <typename Scalar>
    Lanes<Scalar> prox(Scalar s, const Lanes<Scalar>& v) const {
        Lanes<Scalar> u = Lanes<Scalar>::Zero();
        return prox_of_bounded(*this, 0, 1, s, v, u);
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

    ActivationTraits traits() const { return {.lower = -1, .upper = 1, .lipschitz = 1}; }

    template <typename Scalar>
    Lanes<Scalar> phi(const Lanes<Scalar>& u) const {
        return u.tanh().max(Scalar{-1}).min(Scalar{1});
    }

    template <typename Scalar>
    Lanes<Scalar> slope(const Lanes<Scalar>& u) const {
        return 4 * (2 * u).logistic() * (-2 * u).logistic();
    }

    template <typename Scalar>
    Lanes<Scalar> quotient(Scalar weight, const Lanes<Scalar>& u, const Lanes<Scalar>& g,
                           const Lanes<Scalar>& x) const {
        return 2 * Sigmoid{}.quotient<Scalar>(weight, 2 * u, 2 * g, x);
    }

    template <typename Scalar>
    Lanes<Scalar> prox(Scalar s, const Lanes<Scalar>& v) const {
        Lanes<Scalar> u = Lanes<Scalar>::Zero();
        return prox_of_bounded(*this, -1, 1, s, v, u);
    }

    double gap(double x, double u) const {
        if (x < -1 || x > 1) {
            return std::numeric_limits<double>::infinity();
        }
        return bernoulli_divergence((1 + x) / 2, (1 - x) / 2, 2 * u, (x - std::tanh(u)) / 2);
    }
};

/// phi(u) = sin u for |u| <= pi/2 and +-1 beyond, F = x asin x + sqrt(1 - x^2) on [-1, 1].
struct SaturatedSin {
    static constexpr bool lanes = true;
    static constexpr double turn = std::numbers::pi / 2;

    ActivationTraits traits() const { return {.lower = -1, .upper = 1, .lipschitz = 1}; }

    template <typename Scalar>
    Lanes<Scalar> phi(const Lanes<Scalar>& u) const {
        constexpr auto bound = static_cast<Scalar>(turn);
        return u.max(-bound).min(bound).sin().max(Scalar{-1}).min(Scalar{1});
    }

    template <typename Scalar>
    Lanes<Scalar> slope(const Lanes<Scalar>& u) const {
        constexpr auto bound = static_cast<Scalar>(turn);
        const Lanes<Scalar> cosine = u.max(-bound).min(bound).cos();  // vectorized only on its own
        return (u.abs() < bound).select(cosine, Scalar{0});
    }

    // With a and b clipped to [-pi/2, pi/2]: sin a - sin b = 2 sin((a-b)/2) cos((a+b)/2).
    template <typename Scalar>
    Lanes<Scalar> quotient(Scalar weight, const Lanes<Scalar>& u, const Lanes<Scalar>& g,
                           const Lanes<Scalar>&) const {
        constexpr auto bound = static_cast<Scalar>(turn);
        const Lanes<Scalar> a = u.max(-bound).min(bound);
        const Lanes<Scalar> difference =
            (g - weight * (u - a)).max(weight * (a - bound)).min(weight * (a + bound));
        const Lanes<Scalar> half = difference / (2 * weight);
        const Lanes<Scalar> cosine = (a - half).cos();
        return difference * sine_quotient<Scalar>(half) * cosine.max(Scalar{0});
    }

    template <typename Scalar>
    Lanes<Scalar> prox(Scalar s, const Lanes<Scalar>& v) const {
        Lanes<Scalar> u = Lanes<Scalar>::Zero();
        return prox_of_bounded(*this, -1, 1, s, v, u);
    }

    // With x = sin t, c = u clipped to [-pi/2, pi/2], m = (c+t)/2 and h = (c-t)/2: F + F* - xu =
    // (|u| - |c|) (1 - x sign u) + 2 sin m (sin h - h cos h) + 2 h cos m sin h. The first term is
    // not negative, nor is the sum of the others, in which at most a factor of 3 cancels.
    double gap(double x, double u) const {
        if (x < -1 || x > 1) {
            return std::numeric_limits<double>::infinity();
        }
        const double c = u < -turn ? -turn : u > turn ? turn : u;
        const double t = std::asin(x);
        const double m = (c + t) / 2;
        const double h = (c - t) / 2;
        const double inside =
            2 * std::sin(m) * sine_less_tangent_part(h) + 2 * h * std::cos(m) * std::sin(h);
        return std::abs(u - c) * (1 - (u < 0 ? -x : x)) + std::max(inside, 0.0);
    }

  private:
    // sin h - h cos h, for small h by its series.
    static double sine_less_tangent_part(double h) {
        if (std::abs(h) > 0.25) {
            return std::sin(h) - h * std::cos(h);
        }
        const double q = h * h;
        return h * q *
               (1.0 / 3 - q * (1.0 / 30 - q * (1.0 / 840 - q * (1.0 / 45360 - q / 3991680))));
    }
};

/// phi(u) = sin u, which rises and falls and so minimizes no convex function.
struct Sin {
    static constexpr bool lanes = true;

    ActivationTraits traits() const {
        return {.lower = -1, .upper = 1, .lipschitz = 1, .minimizer = false, .has_prox = false};
    }

    template <typename Scalar>
    Lanes<Scalar> phi(const Lanes<Scalar>& u) const {
        return u.sin().max(Scalar{-1}).min(Scalar{1});
    }

    template <typename Scalar>
    Lanes<Scalar> slope(const Lanes<Scalar>& u) const {
        return u.cos();
    }

    // sin a - sin b = 2 sin((a-b)/2) cos((a+b)/2).
    template <typename Scalar>
    Lanes<Scalar> quotient(Scalar weight, const Lanes<Scalar>& u, const Lanes<Scalar>& g,
                           const Lanes<Scalar>&) const {
        const Lanes<Scalar> half = way(weight, g) / 2;
        const Lanes<Scalar> sine = half.sin();
        const Lanes<Scalar> cosine = (u - half).cos();
        return cosine * (half.abs() < Scalar{0.5})
                            .select(g * sine_quotient<Scalar>(half), 2 * weight * sine);
    }
};

}  // namespace hoist
