#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include "elementwise.hpp"

namespace hoist {

/// erfc x for x >= 0, in float by the rational fit of Press et al. (Numerical Recipes, erfcc) with a
/// relative error of 1.2e-7.
template <typename Scalar>
Lanes<Scalar> complementary_error(const Lanes<Scalar>& x) {
    if constexpr (std::is_same_v<Scalar, float>) {
        const Lanes<float> t = 1.0F / (1.0F + 0.5F * x);
        constexpr std::array<float, 9> fit{1.00002368F,  0.37409196F,  0.09678418F,
                                           -0.18628806F, 0.27886807F,  -1.13520398F,
                                           1.48851587F,  -0.82215223F, 0.17087277F};
        Lanes<float> sum = Lanes<float>::Constant(fit.back());
        for (std::size_t k = fit.size() - 1; k-- > 0;) {
            sum = fit[k] + t * sum;
        }
        return t * (-x * x - 1.26551223F + t * sum).exp();
    } else {
        return x.unaryExpr([](double value) { return std::erfc(value); });
    }
}

/// phi(u) = u Phi(u) with the normal distribution's Phi (Hendrycks and Gimpel 2016), which falls and
/// rises and so minimizes no convex function.
struct Gelu {
    static constexpr bool lanes = true;

    ActivationTraits traits() const {
        return {.lower = -0.16997120747990369,
                .upper = std::numeric_limits<double>::infinity(),
                .lipschitz = 1.1289041451851551,  // at sqrt 2
                .minimizer = false,
                .has_prox = false};
    }

    template <typename Scalar>
    Lanes<Scalar> phi(const Lanes<Scalar>& u) const {
        return u.max(Scalar{0}) - below_relu<Scalar>(u.abs());
    }

    // Phi(u) + u Phi'(u).
    template <typename Scalar>
    Lanes<Scalar> slope(const Lanes<Scalar>& u) const {
        const Lanes<Scalar> distance = u.abs().min(far<Scalar>);
        const Lanes<Scalar> part = tail<Scalar>(distance) - distance * density<Scalar>(distance);
        return (u < 0).select(part, Scalar{1} - part);
    }

    // Near by, from the slope in the middle and its even derivatives; where the points are apart, as the
    // quotient of relu less that of what relu exceeds it by.
    template <typename Scalar>
    Lanes<Scalar> quotient(Scalar weight, const Lanes<Scalar>& u, const Lanes<Scalar>& g,
                           const Lanes<Scalar>&) const {
        const Lanes<Scalar> h = way(weight, g);
        const Lanes<Scalar> v = u - h;
        const Lanes<Scalar> m = u - Scalar{0.5} * h;
        const Lanes<Scalar> q = m.min(far<Scalar>).max(-far<Scalar>);
        const Lanes<Scalar> square = q * q;
        const Lanes<Scalar> step = h.min(Scalar{1}).max(Scalar{-1}).square();
        const Lanes<Scalar> third = q * (square - Scalar{4});
        const Lanes<Scalar> fifth = q * ((square - Scalar{11}) * square + Scalar{18});
        const Lanes<Scalar> near =
            g * (slope<Scalar>(m) +
                 density<Scalar>(q) * step * (third / Scalar{24} + step * fifth / Scalar{1920}));
        const Lanes<Scalar> p = u.max(Scalar{0});
        const Lanes<Scalar> relu = (g - weight * (u - p)).min(weight * p);
        const Lanes<Scalar> apart =
            relu - weight * (below_relu<Scalar>(u.abs()) - below_relu<Scalar>(v.abs()));
        constexpr auto near_by = static_cast<Scalar>(std::is_same_v<Scalar, float> ? 0.25 : 0.018);
        return (h.abs() * (Scalar{1} + m.abs()) < near_by).select(near, apart);
    }

  private:
    /// Behind which the tail is zero in float and as good as zero in double.
    template <typename Scalar>
    static constexpr auto far = static_cast<Scalar>(std::is_same_v<Scalar, float> ? 15 : 40);

    template <typename Scalar>
    static Lanes<Scalar> density(const Lanes<Scalar>& u) {
        constexpr auto height = static_cast<Scalar>(0.39894228040143268);
        return height * (Scalar{-0.5} * u * u).exp();
    }
    /// 1 - Phi(t), t >= 0.
    template <typename Scalar>
    static Lanes<Scalar> tail(const Lanes<Scalar>& t) {
        constexpr auto root = static_cast<Scalar>(std::numbers::sqrt2 / 2);
        return Scalar{0.5} * complementary_error<Scalar>(root * t);
    }
    /// max(u, 0) - phi(u), t = |u|.
    template <typename Scalar>
    static Lanes<Scalar> below_relu(const Lanes<Scalar>& t) {
        const Lanes<Scalar> near = t.min(far<Scalar>);
        return near * tail<Scalar>(near);
    }
};

}  // namespace hoist
