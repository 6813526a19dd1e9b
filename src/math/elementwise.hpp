#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "hoist/math/activation.hpp"

namespace hoist {

/// As many numbers as a smooth rule treats at once; arrays of fixed size always run through the
/// vector instructions, so that a value does not depend on where in memory it lies.
template <typename Scalar>
using Lanes = Eigen::Array<Scalar, 64, 1>;

/// A positive number in the normal range of Scalar.
template <typename Scalar>
Scalar normal(double positive) {
    using Limits = std::numeric_limits<Scalar>;
    return static_cast<Scalar>(std::clamp<double>(positive, Limits::min(), Limits::max()));
}

/// g / weight, the way from u to the other point of a difference quotient; finite where it overflows.
template <typename Scalar, typename Value>
Value way(Scalar weight, const Value& g) {
    constexpr Scalar most = std::numeric_limits<Scalar>::max();
    const Value h = g / weight;
    if constexpr (std::is_same_v<Scalar, Value>) {
        return h > most ? most : h < -most ? -most : h;
    } else {
        return h.max(-most).min(most);
    }
}

/// The functions of an activation that acts on each coordinate alone, made from a rule of one
/// variable. A rule has traits(), and phi(u), slope(u), quotient(weight, u, g, phi(u)) for a
/// positive weight and perhaps prox(s, v) on a number, or on Lanes where Rule::lanes is true, and
/// perhaps gap(x, u), gap_coefficient_slope(weight, u, g) and coefficient_slope(u), that of phi in its
/// parameter, which are given numbers and answer in double. On Lanes a quotient need not keep a NaN.
template <typename Rule>
class Elementwise {
  public:
    /// What the rule is given at once.
    template <typename Scalar>
    using Argument = std::conditional_t<Rule::lanes, Lanes<Scalar>, Scalar>;

    explicit Elementwise(Rule rule) : rule_(rule) {}

    ActivationTraits traits() const { return rule_.traits(); }

    double parameter() const requires requires(const Rule rule) { rule.parameter(); }
    { return rule_.parameter(); }

    template <typename Scalar>
    void apply(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>& x) const {
        transform(
            x, [this](const auto& value) { return rule_.phi(value); }, u);
    }

    template <typename Scalar>
    void pull_back(const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& e,
                   MatrixRef<Scalar>& d) const {
        using Number = Argument<Scalar>;
        transform(
            d,
            [this](const Number& value, const Number& error) -> Number {
                return rule_.slope(value) * error;
            },
            u, e);
    }

    template <typename Scalar>
    void prox(double s, const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar>& x) const requires
        requires(const Rule rule, Argument<Scalar> value) {
        rule.prox(Scalar{1}, value);
    }
    {
        const auto step = static_cast<Scalar>(s);
        transform(
            x, [this, step](const auto& value) { return rule_.prox(step, value); }, v);
    }

    template <typename Scalar>
    Vector<double> gap(const ConstMatrixRef<Scalar>& x,
                       const ConstMatrixRef<Scalar>& u) const requires
        requires(const Rule rule, Scalar value) {
        rule.gap(value, value);
    }
    {
        Vector<double> gaps = Vector<double>::Zero(x.cols());
        for (Index j = 0; j < x.cols(); ++j) {
            for (Index i = 0; i < x.rows(); ++i) {
                gaps[j] += rule_.gap(x(i, j), u(i, j));
            }
        }
        return gaps;
    }

    // The quotient with -weight is that of -g, negative.
    template <typename Scalar>
    void difference_quotient(double weight, const ConstMatrixRef<Scalar>& u,
                             const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                             MatrixRef<Scalar>& s) const {
        using Number = Argument<Scalar>;
        const Scalar size = normal<Scalar>(std::abs(weight));
        const Scalar sign = weight < 0 ? -1 : 1;
        transform(
            s,
            [this, size, sign](const Number& at, const Number& pull,
                               const Number& value) -> Number {
                const Number result = sign * rule_.quotient(size, at, Number(sign * pull), value);
                if constexpr (Rule::lanes) {
                    const Number sum = at + pull;
                    return (sum == sum).select(result, sum);
                } else {
                    return result;
                }
            },
            u, g, x);
    }

    template <typename Scalar>
    Vector<double> gap_coefficient_slopes(double weight, const ConstMatrixRef<Scalar>& u,
                                          const ConstMatrixRef<Scalar>& g) const requires
        requires(const Rule rule) {
        rule.gap_coefficient_slope(1.0, 0.0, 0.0);
    }
    {
        const double sign = weight < 0 ? -1 : 1;
        double total = 0;
        for (Index j = 0; j < u.cols(); ++j) {
            double column = 0;
            for (Index i = 0; i < u.rows(); ++i) {
                column += rule_.gap_coefficient_slope(std::abs(weight), u(i, j), sign * g(i, j));
            }
            total += column;
        }
        return Vector<double>::Constant(1, sign * total);
    }

    Vector<double> coefficients() const requires requires(const Rule rule) {
        rule.coefficient_slope(0.0);
    }
    { return Vector<double>::Constant(1, rule_.parameter()); }

    template <typename Scalar>
    Vector<double> coefficient_slopes(const ConstMatrixRef<Scalar>& u,
                                      const ConstMatrixRef<Scalar>& g) const requires
        requires(const Rule rule) {
        rule.coefficient_slope(0.0);
    }
    {
        double total = 0;
        for (Index j = 0; j < u.cols(); ++j) {
            for (Index i = 0; i < u.rows(); ++i) {
                total += rule_.coefficient_slope(u(i, j)) * static_cast<double>(g(i, j));
            }
        }
        return Vector<double>::Constant(1, total);
    }

  private:
    template <typename Scalar, typename Function, typename... From>
    static void transform(MatrixRef<Scalar>& to, Function function, const From&... from) {
        const bool contiguous =
            to.outerStride() == to.rows() && ((from.outerStride() == from.rows()) && ...);
        if (contiguous) {
            transform(to.size(), to.data(), function, from.data()...);
        } else {
            for (Index j = 0; j < to.cols(); ++j) {
                transform(to.rows(), to.col(j).data(), function, from.col(j).data()...);
            }
        }
    }

    template <typename Scalar, typename Function, typename... From>
    static void transform(Index count, Scalar* to, Function function, const From*... from) {
        if constexpr (Rule::lanes) {
            for (Index i = 0; i < count; i += Lanes<Scalar>::SizeAtCompileTime) {
                const Index length = std::min<Index>(Lanes<Scalar>::SizeAtCompileTime, count - i);
                const Lanes<Scalar> result = function(load(from + i, length)...);
                std::copy_n(result.data(), length, to + i);
            }
        } else {
            // `to` is one of `from` or does not meet it, so that no result is read as an input.
#pragma GCC ivdep
            for (Index i = 0; i < count; ++i) {
                to[i] = function(from[i]...);
            }
        }
    }

    template <typename Scalar>
    static Lanes<Scalar> load(const Scalar* from, Index length) {
        Lanes<Scalar> lanes = Lanes<Scalar>::Zero();
        std::copy_n(from, length, lanes.data());
        return lanes;
    }

    Rule rule_;
};

}  // namespace hoist
