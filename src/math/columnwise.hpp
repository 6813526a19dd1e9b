#pragma once

#include <cmath>
#include <limits>

#include "elementwise.hpp"
#include "entropy.hpp"
#include "hoist/math/activation.hpp"
#include "hoist/math/simplex.hpp"
#include "hoist/math/softmax.hpp"

// The functions of activations that do not act on each coordinate alone, for ActivationOf.

namespace hoist {

/// Whether x is on the probability simplex as far as the precision of Scalar can tell.
template <typename Scalar>
bool on_simplex(const Eigen::ArrayXd& x) {
    const double rounding = static_cast<double>(x.size() + 16) *
                            static_cast<double>(std::numeric_limits<Scalar>::epsilon());
    return !(x < 0).any() && !(std::abs(x.sum() - 1) > rounding);
}

/// The projection of each column onto the probability simplex; F = |x|^2/2 there.
struct SimplexProjection {
    ActivationTraits traits() const { return {.lower = 0, .upper = 1, .lipschitz = 1}; }

    template <typename Scalar>
    void apply(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>& x) const {
        project_onto_simplex<Scalar>(u, x);
    }

    // J is the projection of R^n onto the vectors that vanish outside the support and have mean 0.
    template <typename Scalar>
    void pull_back(const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& e,
                   MatrixRef<Scalar>& d) const {
        Matrix<double> p(u.rows(), 1);
        for (Index j = 0; j < u.cols(); ++j) {
            project_onto_simplex<double>(u.col(j).template cast<double>(), p);
            const Eigen::ArrayXd support = (p.col(0).array() > 0).cast<double>();
            const Eigen::ArrayXd error = e.col(j).template cast<double>();
            const double mean = (support * error).sum() / support.sum();
            d.col(j) = (support * (error - mean)).matrix().template cast<Scalar>();
        }
    }

    template <typename Scalar>
    void difference_quotient(double weight, const ConstMatrixRef<Scalar>& u,
                             const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>&,
                             MatrixRef<Scalar>& s) const {
        const double sign = weight < 0 ? -1 : 1;
        for (Index j = 0; j < u.cols(); ++j) {
            const Eigen::ArrayXd pull = sign * g.col(j).template cast<double>().array();
            s.col(j) = (sign * simplex_quotient(std::abs(weight),
                                                u.col(j).template cast<double>().array(), pull))
                           .matrix()
                           .template cast<Scalar>();
        }
    }

    template <typename Scalar>
    void prox(double, const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar>& x) const {
        project_onto_simplex<Scalar>(v, x);
    }

    // With p = phi(u): F + F* - <x,u> = |x-p|^2/2 + <p-x, u-p>. On the support of p, u - p is a
    // constant tau, and outside u <= tau; because x and p have the same sum the product is the sum
    // of x_i (tau - u_i) outside.
    template <typename Scalar>
    Vector<double> gap(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& u) const {
        Vector<double> gaps(x.cols());
        Matrix<double> p(u.rows(), 1);
        for (Index j = 0; j < x.cols(); ++j) {
            const Eigen::ArrayXd point = x.col(j).template cast<double>();
            if (!on_simplex<Scalar>(point)) {
                gaps[j] = std::numeric_limits<double>::infinity();
                continue;
            }
            Eigen::ArrayXd scores = u.col(j).template cast<double>();
            scores -= scores.maxCoeff();
            project_onto_simplex<double>(scores.matrix(), p);
            const Eigen::ArrayXd exact = p.col(0).array();
            const Eigen::ArrayXd rounded = p.col(0).template cast<Scalar>().template cast<double>();
            const Eigen::ArrayXd support = (exact > 0).cast<double>();
            const double tau = (support * (scores - exact)).sum() / support.sum();
            const Eigen::ArrayXd normal = (1 - support) * (tau - scores).max(0.0);
            gaps[j] = 0.5 * (point - rounded).square().sum() + (point * normal).sum();
        }
        return gaps;
    }
};

/// softmax of each column; F = sum x log x on the probability simplex.
struct Softmax {
    ActivationTraits traits() const { return {.lower = 0, .upper = 1, .lipschitz = 0.5}; }

    template <typename Scalar>
    void apply(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>& x) const {
        softmax<Scalar>(u, x);
    }

    // J = diag p - pp'.
    template <typename Scalar>
    void pull_back(const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& e,
                   MatrixRef<Scalar>& d) const {
        Matrix<Scalar> p(u.rows(), 1);
        for (Index j = 0; j < u.cols(); ++j) {
            softmax<Scalar>(u.col(j), p);
            const Scalar mean = p.col(0).dot(e.col(j));
            d.col(j).array() = p.col(0).array() * (e.col(j).array() - mean);
        }
    }

    // phi(u - h) = p e^(-h) / sum p e^(-h), in which h may be moved by its mean.
    template <typename Scalar>
    void difference_quotient(double weight, const ConstMatrixRef<Scalar>& u,
                             const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>&,
                             MatrixRef<Scalar>& s) const {
        for (Index j = 0; j < u.cols(); ++j) {
            if (u.col(j).hasNaN() || g.col(j).hasNaN()) {
                s.col(j).setConstant(std::numeric_limits<Scalar>::quiet_NaN());
                continue;
            }
            Matrix<double> p(u.rows(), 1);
            const Vector<double> at = u.col(j).template cast<double>();
            softmax<double>(at, p);
            Eigen::ArrayXd h =
                way<double>(weight, Eigen::ArrayXd(g.col(j).template cast<double>()));
            h -= (p.col(0).array() * h).sum();
            if (h.abs().maxCoeff() < 0.5) {
                const double excess = (p.col(0).array() * (-h).expm1()).sum();
                h = -p.col(0).array() * (-h - std::log1p(excess)).expm1();
            } else {
                Matrix<double> moved(u.rows(), 1);
                softmax<double>(Vector<double>(at - h.matrix()), moved);
                h = (p - moved).array();
            }
            s.col(j) = (weight * h).matrix().template cast<Scalar>();
        }
    }

    template <typename Scalar>
    void prox(double s, const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar>& x) const {
        negative_entropy_prox<Scalar>(s, v, x);
    }

    // F + F* - <x,u> is the relative entropy of x and p = phi(u).
    template <typename Scalar>
    Vector<double> gap(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& u) const {
        Vector<double> gaps = Vector<double>::Zero(x.cols());
        for (Index j = 0; j < x.cols(); ++j) {
            const Eigen::ArrayXd point = x.col(j).template cast<double>();
            if (!on_simplex<Scalar>(point)) {
                gaps[j] = std::numeric_limits<double>::infinity();
                continue;
            }
            Eigen::ArrayXd log_p = u.col(j).template cast<double>();
            log_p -= log_p.maxCoeff();
            log_p -= std::log(log_p.exp().sum());
            for (Index i = 0; i < x.rows(); ++i) {
                const double p = std::exp(log_p[i]);
                gaps[j] += relative_entropy(point[i], p, log_p[i], point[i] - p);
            }
        }
        return gaps;
    }
};

/// The maximum of each group of consecutive rows. @pre group >= 2.
struct MaxPool {
    Index group;

    ActivationTraits traits() const {
        return {.lower = -std::numeric_limits<double>::infinity(),
                .upper = std::numeric_limits<double>::infinity(),
                .lipschitz = 1,
                .minimizer = false,
                .has_prox = false,
                .homogeneous = true,
                .group = group};
    }
    double parameter() const { return static_cast<double>(group); }

    template <typename Scalar>
    void apply(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>& x) const {
        for (Index j = 0; j < x.cols(); ++j) {
            for (Index i = 0; i < x.rows(); ++i) {
                x(i, j) =
                    u.col(j).segment(i * group, group).template maxCoeff<Eigen::PropagateNaN>();
            }
        }
    }

    template <typename Scalar>
    void pull_back(const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& e,
                   MatrixRef<Scalar>& d) const {
        d.setZero();
        for (Index j = 0; j < e.cols(); ++j) {
            for (Index i = 0; i < e.rows(); ++i) {
                Index largest = 0;
                u.col(j).segment(i * group, group).maxCoeff(&largest);
                d(i * group + largest, j) = e(i, j);
            }
        }
    }

    // max u - max(u - h) = min(max u - u + h) over the group.
    template <typename Scalar>
    void difference_quotient(double weight, const ConstMatrixRef<Scalar>& u,
                             const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                             MatrixRef<Scalar>& s) const {
        const Scalar size = normal<Scalar>(std::abs(weight));
        const Scalar scale = weight < 0 ? -size : size;
        for (Index j = 0; j < x.cols(); ++j) {
            for (Index i = 0; i < x.rows(); ++i) {
                const auto below = x(i, j) - u.col(j).segment(i * group, group).array();
                const auto change = scale * below + g.col(j).segment(i * group, group).array();
                s(i, j) = weight > 0 ? change.template minCoeff<Eigen::PropagateNaN>()
                                     : change.template maxCoeff<Eigen::PropagateNaN>();
            }
        }
    }
};

}  // namespace hoist
