#pragma once

#include <cmath>
#include <limits>

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
};

}  // namespace hoist
