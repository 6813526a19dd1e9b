#pragma once

#include <algorithm>
#include <cmath>
#include <memory>

#include "elementwise.hpp"
#include "hoist/base/error.hpp"
#include "hoist/math/activation.hpp"
#include "piecewise_linear.hpp"

namespace hoist {

/// A linear spline for each channel, psi_c(u) = sum_k v_ck l_k(u), with l the lifting to `count` labels a distance
/// h apart on [-range, range]: what a lifting layer and a linear layer of its own for each channel make together
/// (Ochs, Meinhardt, Leal-Taixe and Moeller 2018, Proposition 2). Outside, the outermost intervals go on. It need
/// not rise, so that it minimizes nothing. Coefficients are v/h, knot by knot for all channels; they start as
/// psi(u) = 0.3 u exp(-8 (u/range)^2). At a knot the slope is that of the interval above.
/// @pre count >= 3, range > 0.
class Spline {
  public:
    Spline(Index count, double range, Index channels = 1)
        : count_(count),
          range_(range),
          channels_(static_cast<int>(channels)),
          inverse_(static_cast<double>(count - 1) / (2.0 * range)) {
        begin_as([](double t) { return 0.3 * t * std::exp(-8.0 * t * t); });
    }

    ActivationTraits traits() const {
        return {.lower = -infinity,
                .upper = infinity,
                .lipschitz = pieces_->in_double.slope.cwiseAbs().maxCoeff(),
                .minimizer = false,
                .has_prox = false,
                .learned = true};
    }
    double parameter() const { return static_cast<double>(count_); }
    Spline of_channels(Index channels) const { return {count_, range_, channels}; }
    Vector<double> coefficients() const { return pieces_->coefficients; }
    Spline with_coefficients(const Vector<double>& coefficients) const {
        require(coefficients.size() == pieces_->coefficients.size(),
                "a spline is given a number for each of its knots");
        Spline other = *this;
        other.set(coefficients);
        return other;
    }

    template <typename Scalar>
    void apply(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>& x) const {
        const Pieces<Scalar>& all = pieces<Scalar>();
        const Scalar* const value = all.value.data();
        const Scalar* const slope = all.slope.data();
        const Scalar* const knot = all.knot.data();
        for_each_place<Scalar>(u, [&](Index j, Index first) {
            const Scalar* const from = u.data() + j * u.outerStride() + first;
            Scalar* const to = x.data() + j * x.outerStride() + first;
#pragma GCC ivdep
            for (int channel = 0; channel < channels_; ++channel) {
                const Scalar number = from[channel];
                const int k = interval(number);
                const int at = k * channels_ + channel;
                to[channel] = value[at] + slope[at] * (number - knot[k]);
            }
        });
    }

    template <typename Scalar>
    void pull_back(const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& e,
                   MatrixRef<Scalar>& d) const {
        const Scalar* const slope = pieces<Scalar>().slope.data();
        for_each_place<Scalar>(u, [&](Index j, Index first) {
            const Scalar* const from = u.data() + j * u.outerStride() + first;
            const Scalar* const error = e.data() + j * e.outerStride() + first;
            Scalar* const to = d.data() + j * d.outerStride() + first;
#pragma GCC ivdep
            for (int channel = 0; channel < channels_; ++channel) {
                to[channel] = slope[interval(from[channel]) * channels_ + channel] * error[channel];
            }
        });
    }

    // Within an interval the slope itself; across knots, which is rare, the mean of the slopes on the way.
    template <typename Scalar>
    void difference_quotient(double weight, const ConstMatrixRef<Scalar>& u,
                             const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>&,
                             MatrixRef<Scalar>& s) const {
        const Scalar* const slope = pieces<Scalar>().slope.data();
        const Scalar size = std::copysign(normal<Scalar>(std::abs(weight)),
                                          static_cast<Scalar>(weight < 0 ? -1 : 1));
        for_each_place<Scalar>(u, [&](Index j, Index first) {
            const Scalar* const from = u.data() + j * u.outerStride() + first;
            const Scalar* const pull = g.data() + j * g.outerStride() + first;
            Scalar* const to = s.data() + j * s.outerStride() + first;
            int across = 0;
#pragma GCC ivdep
            for (int channel = 0; channel < channels_; ++channel) {
                const Scalar other = from[channel] - way(size, pull[channel]);
                const int k = interval(from[channel]);
                across |= static_cast<int>(k != interval(other)) | static_cast<int>(other != other);
                to[channel] = slope[k * channels_ + channel] * pull[channel];
            }
            for (int channel = 0; across != 0 && channel < channels_; ++channel) {
                const Scalar other = from[channel] - way(size, pull[channel]);
                if (other != other) {
                    to[channel] = other;
                } else if (interval(from[channel]) != interval(other)) {
                    to[channel] = static_cast<Scalar>(
                        weight *
                        fall(channel, from[channel], static_cast<double>(pull[channel]) / weight));
                }
            }
        });
    }

    template <typename Scalar>
    Vector<double> coefficient_slopes(const ConstMatrixRef<Scalar>& u,
                                      const ConstMatrixRef<Scalar>& g) const {
        Vector<double> slopes = Vector<double>::Zero(pieces_->coefficients.size());
        const Scalar* const knot = pieces<Scalar>().knot.data();
        const auto inverse = static_cast<Scalar>(inverse_);
        for_each_place<Scalar>(u, [&](Index j, Index first) {
            const Scalar* const from = u.data() + j * u.outerStride() + first;
            const Scalar* const pull = g.data() + j * g.outerStride() + first;
            for (int channel = 0; channel < channels_; ++channel) {
                const int k = interval(from[channel]);
                const Scalar above = (from[channel] - knot[k]) * inverse * pull[channel];
                double* const at = slopes.data() + k * channels_ + channel;
                at[0] += pull[channel] - above;
                at[channels_] += above;
            }
        });
        return spacing() * slopes;
    }

  protected:
    /// psi = value + slope (u - knot) on each interval, channels x intervals.
    template <typename Scalar>
    struct Pieces {
        Matrix<Scalar> value;
        Matrix<Scalar> slope;
        Vector<Scalar> knot;
    };
    struct AllPieces {
        Vector<double> coefficients;
        Pieces<double> in_double;
        Pieces<float> in_float;
    };

    double spacing() const { return 2.0 * range_ / static_cast<double>(count_ - 1); }
    double knot(Index k) const { return -range_ + static_cast<double>(k) * spacing(); }

    /// psi(u) / range is a function of u / range, at the knots of every channel.
    template <typename Function>
    void begin_as(const Function& function) {
        Vector<double> start(channels_ * count_);
        for (Index k = 0; k < count_; ++k) {
            start.segment(k * channels_, channels_)
                .setConstant(function(knot(k) / range_) * range_ / spacing());
        }
        set(start);
    }
    void set(const Vector<double>& coefficients) {
        const Eigen::Map<const Matrix<double>> values(coefficients.data(), channels_, count_);
        Pieces<double> pieces;
        pieces.slope = values.rightCols(count_ - 1) - values.leftCols(count_ - 1);
        pieces.value = spacing() * values.leftCols(count_ - 1);
        pieces.knot.resize(count_ - 1);
        for (Index k = 0; k + 1 < count_; ++k) {
            pieces.knot[k] = knot(k);
        }
        pieces_ = std::make_shared<const AllPieces>(AllPieces{
            coefficients,
            pieces,
            {pieces.value.cast<float>(), pieces.slope.cast<float>(), pieces.knot.cast<float>()}});
    }

    template <typename Scalar>
    const Pieces<Scalar>& pieces() const {
        if constexpr (std::is_same_v<Scalar, float>) {
            return pieces_->in_float;
        } else {
            return pieces_->in_double;
        }
    }

    /// That of u; the first of a NaN.
    template <typename Scalar>
    int interval(Scalar u) const {
        const Scalar place = (u + static_cast<Scalar>(range_)) * static_cast<Scalar>(inverse_);
        const Scalar above = place > Scalar{0} ? place : Scalar{0};
        const auto last = static_cast<Scalar>(count_ - 2);
        return static_cast<int>(above < last ? above : last);
    }

    /// From u, in interval k, as far as `way`, interval by interval: piece(its number, where the way through it
    /// begins, how far it goes).
    template <typename Piece>
    void walk(double u, Index k, double way, const Piece& piece) const {
        const double side = way < 0 ? -1.0 : 1.0;
        double left = std::abs(way);
        for (;;) {
            const bool last = side < 0 ? k == 0 : k + 2 == count_;
            const double edge = knot(side < 0 ? k : k + 1);
            const double length = last ? left : std::min(left, std::max(side * (edge - u), 0.0));
            piece(k, u, side * length);
            left -= length;
            if (last || !(left > 0)) {
                return;
            }
            u = edge;
            k += side < 0 ? -1 : 1;
        }
    }

    // psi(u) - psi(u - h).
    template <typename Scalar>
    double fall(int channel, Scalar start, double h) const {
        double sum = 0;
        walk(start, interval(start), -h, [&](Index k, double, double length) {
            sum -= pieces_->in_double.slope(channel, k) * length;
        });
        return sum;
    }

    /// For each place of each column, whose channels lie side by side: loop(column, first row).
    template <typename Scalar, typename Loop>
    void for_each_place(const ConstMatrixRef<Scalar>& u, const Loop& loop) const {
        for (Index j = 0; j < u.cols(); ++j) {
            for (Index first = 0; first < u.rows(); first += channels_) {
                loop(j, first);
            }
        }
    }

    Index count_;
    double range_;
    int channels_;
    /// Of the distance of the knots.
    double inverse_;
    std::shared_ptr<const AllPieces> pieces_;
};

}  // namespace hoist
