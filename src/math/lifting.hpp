#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "elementwise.hpp"
#include "hoist/math/activation.hpp"
#include "piecewise_linear.hpp"

namespace hoist {

/// Lifting to K labels t_1 < ... < t_K, a distance h apart on [-range, range] (Ochs, Meinhardt,
/// Leal-Taixe and Moeller 2018, Definition 1 and section 3.4): a number u between t_i and t_{i+1}
/// becomes K entries, of which entry i is 1 - a, entry i + 1 is a = (u - t_i)/h and all others are
/// zero; outside, the outermost interval goes on. `scaled` multiplies entry i by t_i and leaves out
/// that of a label at zero; the entries then sum up to u.
///
/// Three scaled labels give min(u, 0) and max(u, 0), which is the minimizer of |x|^2/2 - u (x_1 + x_2)
/// over x_1 <= 0 <= x_2; no other lifting minimizes a convex function.
/// @pre count >= 3, range > 0.
struct Lifting {
    Index count;
    double range;
    bool scaled;

    double parameter() const { return static_cast<double>(count); }
    std::vector<double> labels() const {
        std::vector<double> all;
        for (Index i = 0; i < count; ++i) {
            all.push_back(label(i));
        }
        return all;
    }

    ActivationTraits traits() const {
        double steepest = 0;
        for (Index i = 0; i + 1 < count; ++i) {
            steepest = std::max(steepest, std::hypot(slope(i), slope(i + 1)));
        }
        const bool splits_signs = scaled && count == 3;
        return {.lower = -infinity,
                .upper = infinity,
                .lipschitz = steepest,
                .minimizer = splits_signs,
                .has_prox = splits_signs,
                .homogeneous = splits_signs,
                .entries = entries()};
    }

    template <typename Scalar>
    void apply(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>& x) const {
        for_each_entry<Scalar>(u, [&](const Entry<Scalar>& entry, Index e, Index i, Index j) {
            x(e, j) = entry.value(u(i, j));
        });
    }

    template <typename Scalar>
    void pull_back(const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& error,
                   MatrixRef<Scalar>& d) const {
        d.setZero();
        for_each_entry<Scalar>(u, [&](const Entry<Scalar>& entry, Index e, Index i, Index j) {
            d(i, j) += entry.slope(u(i, j)) * error(e, j);
        });
    }

    template <typename Scalar>
    void difference_quotient(double weight, const ConstMatrixRef<Scalar>& u,
                             const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>&,
                             MatrixRef<Scalar>& s) const {
        for_each_entry<Scalar>(u, [&](const Entry<Scalar>& entry, Index e, Index i, Index j) {
            s(e, j) = entry.quotient(weight, u(i, j), g(i, j));
        });
    }

    /// The sum of what each entry answers to its own g.
    template <typename Scalar>
    void difference_signal(double weight, const ConstMatrixRef<Scalar>& u,
                           const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>&,
                           MatrixRef<Scalar>& s) const {
        s.setZero();
        for_each_entry<Scalar>(u, [&](const Entry<Scalar>& entry, Index e, Index i, Index j) {
            s(i, j) += entry.quotient(weight, u(i, j), g(e, j));
        });
    }

    /// @pre traits().has_prox.
    template <typename Scalar>
    void prox(double, const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar>& x) const {
        for (Index j = 0; j < v.cols(); ++j) {
            for (Index i = 0; i < v.rows(); ++i) {
                x(i, j) = sign(i).phi(v(i, j));
            }
        }
    }

    /// @pre traits().minimizer.
    template <typename Scalar>
    Vector<double> gap(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& u) const {
        Vector<double> gaps = Vector<double>::Zero(x.cols());
        for (Index j = 0; j < x.cols(); ++j) {
            for (Index i = 0; i < x.rows(); ++i) {
                gaps[j] += sign(i).gap(x(i, j), u(i / 2, j));
            }
        }
        return gaps;
    }

    /// How many numbers one becomes.
    Index entries() const { return count - (leaves_one_out() ? 1 : 0); }
    /// The place of an entry's label, counted from 0.
    Index place(Index entry) const {
        return entry + (leaves_one_out() && 2 * entry + 1 >= count ? 1 : 0);
    }
    double label(Index place) const {
        return range * static_cast<double>(2 * place - count + 1) / static_cast<double>(count - 1);
    }
    /// What the entry of a label changes by where u goes from the label before to it, for each unit.
    double slope(Index place) const {
        return (scaled ? label(place) : 1.0) * static_cast<double>(count - 1) / (2 * range);
    }

  private:
    /// An entry is its slope times the way of u on the interval before its label, less that on the
    /// interval behind it.
    template <typename Scalar>
    struct Entry {
        Projection before;
        Projection behind;
        double start;
        double end;
        Scalar factor;

        Scalar value(Scalar u) const {
            return factor * ((before.phi(u) - static_cast<Scalar>(start)) -
                             (behind.phi(u) - static_cast<Scalar>(end)));
        }
        Scalar slope(Scalar u) const {
            return factor *
                   (static_cast<Scalar>(holds(before, u)) - static_cast<Scalar>(holds(behind, u)));
        }
        Scalar quotient(double weight, Scalar u, Scalar g) const {
            const Scalar size = normal<Scalar>(std::abs(weight));
            const Scalar sign = weight < 0 ? -1 : 1;
            return sign * factor *
                   (before.quotient(size, u, sign * g, before.phi(u)) -
                    behind.quotient(size, u, sign * g, behind.phi(u)));
        }

      private:
        // A label belongs to the side where |u| is smaller, that at zero to u < 0.
        static bool holds(const Projection& interval, Scalar u) {
            const auto lower = static_cast<Scalar>(interval.lower);
            const auto upper = static_cast<Scalar>(interval.upper);
            return (lower < 0 ? u >= lower : u > lower) && (upper < 0 ? u < upper : u <= upper);
        }
    };

    bool leaves_one_out() const { return scaled && count % 2 == 1; }

    static constexpr Projection sign(Index entry) {
        return entry % 2 == 0 ? Projection{-infinity, 0} : Projection{0, infinity};
    }

    /// From the label at `place` to the next.
    Projection interval(Index place) const {
        return {place == 0 ? -infinity : label(place),
                place + 2 == count ? infinity : label(place + 1)};
    }

    // No way lies before the first label, and none behind the last; that behind the first is counted
    // from its end.
    template <typename Scalar>
    Entry<Scalar> entry(Index number) const {
        constexpr Projection nowhere{0, 0};
        const Index i = place(number);
        const bool first = i == 0;
        const bool last = i + 1 == count;
        return {.before = first ? nowhere : interval(i - 1),
                .behind = last ? nowhere : interval(i),
                .start = first ? 0 : label(i - 1),
                .end = last ? 0 : label(first ? 1 : i),
                .factor = static_cast<Scalar>(slope(i))};
    }

    /// For each entry its place e in a column of x and the place i, j of its u.
    template <typename Scalar, typename Action>
    void for_each_entry(const ConstMatrixRef<Scalar>& u, const Action& action) const {
        const Index each = entries();
        for (Index number = 0; number < each; ++number) {
            const Entry<Scalar> entry = this->entry<Scalar>(number);
            for (Index j = 0; j < u.cols(); ++j) {
                for (Index i = 0; i < u.rows(); ++i) {
                    action(entry, i * each + number, i, j);
                }
            }
        }
    }
};

}  // namespace hoist
