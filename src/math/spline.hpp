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
/// psi(u) = 0.3 u exp(-8 (u/range)^2).
/// @pre count >= 3, range > 0.
class Spline {
  public:
    Spline(Index count, double range, Index channels = 1) : count_(count), range_(range) {
        Vector<double> start(channels * count);
        for (Index k = 0; k < count; ++k) {
            const double u = knot(k) / range;
            start.segment(k * channels, channels)
                .setConstant(0.3 * u * std::exp(-8.0 * u * u) * range / spacing());
        }
        set(start);
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
        for_each<Scalar>(u, [&](Index i, Index j, const Piece& piece) {
            x(i, j) = value[piece.at] + slope[piece.at] * (u(i, j) - knot[piece.interval]);
        });
    }

    template <typename Scalar>
    void pull_back(const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& e,
                   MatrixRef<Scalar>& d) const {
        const Scalar* const slope = pieces<Scalar>().slope.data();
        for_each<Scalar>(
            u, [&](Index i, Index j, const Piece& piece) { d(i, j) = slope[piece.at] * e(i, j); });
    }

    // Within an interval the slope itself; across knots the mean of the slopes on the way.
    template <typename Scalar>
    void difference_quotient(double weight, const ConstMatrixRef<Scalar>& u,
                             const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>&,
                             MatrixRef<Scalar>& s) const {
        const Scalar* const slope = pieces<Scalar>().slope.data();
        const Scalar size = std::copysign(normal<Scalar>(std::abs(weight)),
                                          static_cast<Scalar>(weight < 0 ? -1 : 1));
        for_each<Scalar>(u, [&](Index i, Index j, const Piece& piece) {
            const Scalar to = u(i, j) - way(size, g(i, j));
            if (piece.interval == interval(to)) {
                s(i, j) = to == to ? slope[piece.at] * g(i, j) : to;
            } else {
                s(i, j) = static_cast<Scalar>(
                    weight * fall(piece, u(i, j), static_cast<double>(g(i, j)) / weight));
            }
        });
    }

    template <typename Scalar>
    Vector<double> coefficient_slopes(const ConstMatrixRef<Scalar>& u,
                                      const ConstMatrixRef<Scalar>& g) const {
        Vector<double> slopes = Vector<double>::Zero(pieces_->coefficients.size());
        const double inverse = 1.0 / spacing();
        const Index channels = this->channels();
        for_each<Scalar>(u, [&](Index i, Index j, const Piece& piece) {
            const double share = (static_cast<double>(u(i, j)) - knot(piece.interval)) * inverse;
            slopes[piece.at] += g(i, j) * (1.0 - share);
            slopes[piece.at + channels] += g(i, j) * share;
        });
        return spacing() * slopes;
    }

  private:
    /// psi = value + slope (u - knot) on each interval, channels x intervals.
    template <typename Scalar>
    struct Pieces {
        Matrix<Scalar> value;
        Matrix<Scalar> slope;
        Vector<Scalar> knot;
    };
    /// That of a channel on an interval, and where its numbers stand among those of all pieces.
    struct Piece {
        Index interval;
        Index at;
    };
    struct AllPieces {
        Vector<double> coefficients;
        Pieces<double> in_double;
        Pieces<float> in_float;
    };

    double spacing() const { return 2.0 * range_ / static_cast<double>(count_ - 1); }
    double knot(Index k) const { return -range_ + static_cast<double>(k) * spacing(); }
    Index channels() const { return pieces_->in_double.slope.rows(); }

    void set(const Vector<double>& coefficients) {
        const Index channels = coefficients.size() / count_;
        const Eigen::Map<const Matrix<double>> values(coefficients.data(), channels, count_);
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
    Index interval(Scalar u) const {
        const auto place = (u + static_cast<Scalar>(range_)) * static_cast<Scalar>(1.0 / spacing());
        const Scalar above = place > Scalar{0} ? place : Scalar{0};
        return static_cast<Index>(
            static_cast<int>(std::min(above, static_cast<Scalar>(count_ - 2))));
    }

    // psi(u) - psi(u - h), interval by interval from that of u.
    double fall(const Piece& piece, double u, double h) const {
        Index k = piece.interval;
        const double side = h > 0 ? -1.0 : 1.0;
        double left = std::abs(h);
        double sum = 0;
        for (;;) {
            const bool last = side < 0 ? k == 0 : k + 2 == count_;
            const double edge = knot(side < 0 ? k : k + 1);
            const double length = last ? left : std::min(left, std::max(side * (edge - u), 0.0));
            sum -=
                side * pieces_->in_double.slope(piece.at - channels() * piece.interval, k) * length;
            left -= length;
            if (last || !(left > 0)) {
                return sum;
            }
            u = edge;
            k += side < 0 ? -1 : 1;
        }
    }

    /// For each number its place i, j in u and its piece.
    template <typename Scalar, typename Action>
    void for_each(const ConstMatrixRef<Scalar>& u, const Action& action) const {
        const Index channels = this->channels();
        for (Index j = 0; j < u.cols(); ++j) {
            const Scalar* const column = u.data() + j * u.outerStride();
            for (Index first = 0; first < u.rows(); first += channels) {
                for (Index channel = 0; channel < channels; ++channel) {
                    const Index k = interval(column[first + channel]);
                    action(first + channel, j, Piece{k, k * channels + channel});
                }
            }
        }
    }

    Index count_;
    double range_;
    std::shared_ptr<const AllPieces> pieces_;
};

}  // namespace hoist
