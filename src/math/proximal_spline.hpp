#pragma once

#include <algorithm>
#include <ranges>

#include "spline.hpp"

namespace hoist {

/// A spline whose slopes stay between 0.001 and 0.999: then each psi_c rises and is less steep than the identity, and so
/// is the proximal map of a convex function (Moreau 1965), which is learned with it. Coefficients that would make a
/// slope leave that interval are moved: slopes are clipped, and the mean stays (Ducotterd et al. 2024, "Improving
/// Lipschitz-constrained neural networks by learning activation functions"). With Phi' = psi, F is the conjugate of Phi,
/// and its domain the whole line. They start as psi(u) = 0.3 u / sqrt(1 + 25 (u/range)^2).
/// @pre as Spline.
class ProximalSpline : public Spline {
  public:
    ProximalSpline(Index count, double range, Index channels = 1) : Spline(count, range, channels) {
        begin_as([](double t) { return 0.3 * t / std::sqrt(1.0 + 25.0 * t * t); });
    }

    ActivationTraits traits() const {
        ActivationTraits traits = Spline::traits();
        traits.minimizer = true;
        traits.has_prox = true;
        return traits;
    }
    ProximalSpline of_channels(Index channels) const { return {count_, range_, channels}; }
    ProximalSpline with_coefficients(const Vector<double>& coefficients) const {
        require(coefficients.size() == pieces_->coefficients.size(),
                "a spline is given a number for each of its knots");
        ProximalSpline other = *this;
        other.set(clipped(coefficients));
        return other;
    }

    // With x = psi(w): s w + (1 - s) psi(w) = v, whose left side rises from knot to knot.
    template <typename Scalar>
    void prox(double s, const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar>& x) const {
        for_each_place<Scalar>(v, [&](Index j, Index first) {
            for (int channel = 0; channel < channels_; ++channel) {
                const double number = v(first + channel, j);
                const auto [k, w] = reached(number, [&](Index at) {
                    return Line{s * knot(at) + (1.0 - s) * value(channel, at),
                                s + (1.0 - s) * slope(channel, at)};
                });
                x(first + channel, j) =
                    static_cast<Scalar>(value(channel, k) + slope(channel, k) * (w - knot(k)));
            }
        });
    }

    // The integral of psi - x from w, where psi(w) = x, to u: on no piece of the way has it another sign than the way.
    template <typename Scalar>
    Vector<double> gap(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& u) const {
        Matrix<Scalar> own(u.rows(), u.cols());
        MatrixRef<Scalar> psi(own);
        apply<Scalar>(u, psi);
        Vector<double> gaps = Vector<double>::Zero(u.cols());
        for_each_place<Scalar>(u, [&](Index j, Index first) {
            for (int channel = 0; channel < channels_; ++channel) {
                const Index i = first + channel;
                if (x(i, j) == own(i, j)) {
                    continue;
                }
                const auto [from, w] = reached(x(i, j), [&](Index at) {
                    return Line{value(channel, at), slope(channel, at)};
                });
                double above = 0.0;
                walk(w, from, static_cast<double>(u(i, j)) - w, [&](Index k, double, double way) {
                    const double rise = slope(channel, k) * way;
                    gaps[j] += (above + 0.5 * rise) * way;
                    above += rise;
                });
            }
        });
        return gaps;
    }

    // The derivative of Phi(u) - Phi(u - g / weight): that of psi on the way between, a hat for each knot.
    template <typename Scalar>
    Vector<double> gap_coefficient_slopes(double weight, const ConstMatrixRef<Scalar>& u,
                                          const ConstMatrixRef<Scalar>& g) const {
        Vector<double> slopes = Vector<double>::Zero(pieces_->coefficients.size());
        for_each_place<Scalar>(u, [&](Index j, Index first) {
            for (int channel = 0; channel < channels_; ++channel) {
                const double start = u(first + channel, j);
                const double way = -static_cast<double>(g(first + channel, j)) / weight;
                walk(start, interval(start), way, [&](Index k, double from, double length) {
                    const double share = (from + 0.5 * length - knot(k)) * inverse_;
                    double* const at = slopes.data() + k * channels_ + channel;
                    at[0] -= weight * length * (1.0 - share);
                    at[channels_] -= weight * length * share;
                });
            }
        });
        return spacing() * slopes;
    }

  private:
    static constexpr double least_slope = 1e-3;
    static constexpr double largest_slope = 1.0 - least_slope;
    /// That float may take from coefficients, which are not moved a second time for it.
    static constexpr double rounding = 1e-5;

    /// On an interval: its value at the knot below, and its slope.
    struct Line {
        double value;
        double slope;
    };
    struct Place {
        Index interval;
        double u;
    };

    double value(int channel, Index k) const { return pieces_->in_double.value(channel, k); }
    double slope(int channel, Index k) const { return pieces_->in_double.slope(channel, k); }

    /// Where a rising function of such lines has a value.
    template <typename LineAt>
    Place reached(double wanted, const LineAt& line) const {
        const auto later = std::views::iota(Index{1}, count_ - 1);
        const auto above =
            std::ranges::partition_point(later, [&](Index k) { return line(k).value <= wanted; });
        const Index k = (above == later.end() ? count_ - 1 : *above) - 1;
        const Line own = line(k);
        return {k, knot(k) + (wanted - own.value) / own.slope};
    }

    Vector<double> clipped(const Vector<double>& coefficients) const {
        const Eigen::Map<const Matrix<double>> given(coefficients.data(), channels_, count_);
        const Matrix<double> rises = given.rightCols(count_ - 1) - given.leftCols(count_ - 1);
        const Matrix<double> allowed = rises.cwiseMax(least_slope).cwiseMin(largest_slope);
        if ((allowed - rises).cwiseAbs().maxCoeff() < rounding) {
            return coefficients;
        }
        Matrix<double> moved(channels_, count_);
        moved.col(0).setZero();
        for (Index k = 0; k + 1 < count_; ++k) {
            moved.col(k + 1) = moved.col(k) + allowed.col(k);
        }
        moved.colwise() += (given - moved).rowwise().mean();
        return moved.reshaped();
    }
};

}  // namespace hoist
