#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include "elementwise.hpp"

namespace hoist {

/// The tail 1 - Phi(t) and the density of the normal distribution at some t >= 0.
template <typename Scalar>
struct NormalTail {
    explicit NormalTail(const Lanes<Scalar>& t) {
        constexpr auto height = static_cast<Scalar>(0.39894228040143268);
        const Lanes<Scalar> power = (Scalar{-0.5} * t * t).exp();
        density = height * power;
        if constexpr (std::is_same_v<Scalar, float>) {
            // tail exp(t^2 / 2) / q is nearly a polynomial of degree 8: fitted at Chebyshev's points of
            // 0 <= t <= 15, with a relative error of 5.2e-8.
            const Lanes<float> q = 1.0F / (1.0F + 0.353553391F * t);
            constexpr std::array<float, 9> fit{0.141040917F,  0.141231774F,  0.12120248F,
                                               0.102834691F,  -0.017080826F, 0.144833083F,
                                               -0.248935621F, 0.144982493F,  -0.0301090165F};
            Lanes<float> sum = Lanes<float>::Constant(fit.back());
            for (std::size_t k = fit.size() - 1; k-- > 0;) {
                sum = fit[k] + q * sum;
            }
            tail = power * q * sum;
        } else {
            tail = t.unaryExpr(
                [](double value) { return 0.5 * std::erfc(value / std::numbers::sqrt2); });
        }
    }

    Lanes<Scalar> tail;
    Lanes<Scalar> density;
};

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
        const Lanes<Scalar> near = u.min(far<Scalar>).max(-far<Scalar>);
        return slope<Scalar>(near, NormalTail<Scalar>(near.abs()));
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
        const NormalTail<Scalar> beyond(q.abs());
        const Lanes<Scalar> square = q * q;
        const Lanes<Scalar> step = h.min(Scalar{1}).max(Scalar{-1}).square();
        const Lanes<Scalar> third = q * (square - Scalar{4});
        const Lanes<Scalar> fifth = q * ((square - Scalar{11}) * square + Scalar{18});
        const Lanes<Scalar> near =
            g * (slope<Scalar>(q, beyond) +
                 beyond.density * step * (third / Scalar{24} + step * fifth / Scalar{1920}));
        constexpr auto near_by = static_cast<Scalar>(std::is_same_v<Scalar, float> ? 0.25 : 0.018);
        const auto close = (h.abs() * (Scalar{1} + m.abs()) < near_by).eval();
        if (close.all()) {  // as under a small nudge, where half of the work is for nothing
            return near;
        }
        const Lanes<Scalar> p = u.max(Scalar{0});
        const Lanes<Scalar> relu = (g - weight * (u - p)).min(weight * p);
        const Lanes<Scalar> apart =
            relu - weight * (below_relu<Scalar>(u.abs()) - below_relu<Scalar>(v.abs()));
        return close.select(near, apart);
    }

  private:
    /// Behind which the tail is zero in float and as good as zero in double.
    template <typename Scalar>
    static constexpr auto far = static_cast<Scalar>(std::is_same_v<Scalar, float> ? 15 : 40);

    /// @param beyond |u|.
    template <typename Scalar>
    static Lanes<Scalar> slope(const Lanes<Scalar>& u, const NormalTail<Scalar>& beyond) {
        const Lanes<Scalar> part = beyond.tail - u.abs() * beyond.density;
        return (u < 0).select(part, Scalar{1} - part);
    }
    /// max(u, 0) - phi(u), t = |u|.
    template <typename Scalar>
    static Lanes<Scalar> below_relu(const Lanes<Scalar>& t) {
        const Lanes<Scalar> near = t.min(far<Scalar>);
        return near * NormalTail<Scalar>(near).tail;
    }
};

}  // namespace hoist
