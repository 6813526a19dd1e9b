#pragma once

#include <cmath>
#include <limits>
#include <numbers>

#include "elementwise.hpp"
#include "entropy.hpp"
#include "newton.hpp"

// Rules for Elementwise whose phi is an S-shaped curve. For sigmoid and tanh F is the negative
// entropy of a Bernoulli variable with parameter x or (1+x)/2, so that a gap is the divergence of
// two such variables.

namespace hoist {

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
};

}  // namespace hoist
