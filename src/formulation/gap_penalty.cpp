#include "hoist/formulation/gap_penalty.hpp"

#include <cmath>
#include <limits>

#include "activation_setting.hpp"
#include "entries.hpp"
#include "hoist/base/error.hpp"
#include "residual.hpp"
#include "smooth_part.hpp"

namespace hoist {

void check_gap_penalty(const NetworkSpec& spec, const std::string& formulation) {
    for (const auto& activation : spec.activations) {
        const ActivationTraits traits = activation->traits();
        const std::string problem =
            "formulation.name = " + formulation + " cannot carry " + setting_of(*activation);
        if (!traits.minimizer) {
            throw UsageError(
                problem, "it is not the minimizer of a convex problem, and so has no gap",
                activation->windows() ? "use formulation.name = mac, or avgpool in its place"
                                      : "use formulation.name = mac, or another activation");
        }
        if (std::isinf(traits.lipschitz) || !traits.has_prox) {
            throw UsageError(problem, "it jumps, so that no regression bounds its penalty",
                             "use hard_tanh or tanh");
        }
    }
}

template <typename Scalar>
GapPenalty<Scalar>::GapPenalty(const NetworkSpec& spec, std::vector<double> lambda, int iterations,
                               BlockMethod method)
    : spec_(spec),
      lambda_(std::move(lambda)),
      iterations_(iterations),
      method_(method),
      lengths_(spec.activations.size()) {}

template <typename Scalar>
Vector<double> GapPenalty<Scalar>::penalty(Index layer, const ConstMatrixRef<Scalar>& x,
                                           const ConstMatrixRef<Scalar>& u) const {
    return lambda(layer) * activation(layer).gap(x, u);
}

template <typename Scalar>
void GapPenalty<Scalar>::signal(Index layer, const ConstMatrixRef<Scalar>& x,
                                const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) const {
    const auto own = static_cast<Scalar>(lambda(layer));
    if (entries(layer) == 1) {
        activation(layer).apply(u, s);
        s = own * (s - x);
        return;
    }
    Matrix<Scalar> phi(x.rows(), x.cols());
    activation(layer).apply(u, phi);
    sum_entries<Scalar>(own * (phi - x), entries(layer), s);
}

template <typename Scalar>
void GapPenalty<Scalar>::residual_signal(Index layer, const ConstMatrixRef<Scalar>& r,
                                         const ConstMatrixRef<Scalar>&, MatrixRef<Scalar> s) const {
    sum_entries<Scalar>(r, entries(layer), s);
}

template <typename Scalar>
double GapPenalty<Scalar>::pull_weight(Index layer) const {
    return lambda(layer) * activation(layer).traits().lipschitz;
}

template <typename Scalar>
void GapPenalty<Scalar>::prepare(Index layer, const LinearMap<Scalar>& map, double weight_above) {
    lengths_[static_cast<std::size_t>(layer - 1)] = step_length(map, weight_above, lambda(layer));
}

// prox_{s Psi}((lambda E u - g + y/t) / (lambda + 1/t)); `to` may be y.
template <typename Scalar>
template <typename Real>
void GapPenalty<Scalar>::step(Index layer, const ConstMatrixRef<Real>& u,
                              const ConstMatrixRef<Real>& g, double t,
                              const ConstMatrixRef<Real>& y, MatrixRef<Real> to) const {
    const double own = lambda(layer);
    const auto inverse = static_cast<Real>(1.0 / t);
    const auto scale = static_cast<Real>(1.0 / (own + 1.0 / t));
    if (entries(layer) == 1) {
        to = scale * (static_cast<Real>(own) * u - g + inverse * y);
    } else {
        to = scale *
             (static_cast<Real>(own) * beside_entries<Real>(u, entries(layer)) - g + inverse * y);
    }
    activation(layer).prox(own * t / (1.0 + own * t), to, to);
}

template <typename Scalar>
void GapPenalty<Scalar>::update_activations(Index layer, const LinearMap<Scalar>& map,
                                            const ConstMatrixRef<Scalar>& u,
                                            const Above<Scalar>& above, MatrixRef<Scalar> x) {
    ProximalProblem<Scalar> problem;
    problem.length = lengths_[static_cast<std::size_t>(layer - 1)];
    set_smooth_part(problem, map, above);
    problem.step = [&](Range columns, const Matrix<Scalar>& y, const Matrix<Scalar>& g, double t,
                       Matrix<Scalar>& next) {
        step<Scalar>(layer, part(u, columns), part(g, columns), t, part(y, columns),
                     part(next, columns));
    };
    proximal_gradient<Scalar>(problem, method_, iterations_, x);
}

// With x = phi(u - h) the step is to d = x - phi(u) where s h + (1 - s) (phi(u) - phi(u - h)) = q,
// s = lambda t / (1 + lambda t), q = t g / (1 + lambda t) - (1 - s) y: no large numbers cancel.
// Newton's method on each coordinate, which is much faster than a proximal map in double; false
// where it does not settle at once, as for an activation that acts on whole columns.
template <typename Scalar>
bool GapPenalty<Scalar>::newton(Index layer, double s, const ConstMatrixRef<Scalar>& u,
                                const ConstMatrixRef<Scalar>& x, const Vector<Scalar>& q,
                                MatrixRef<Scalar> d) const {
    constexpr Scalar rounding = 16 * std::numeric_limits<Scalar>::epsilon();
    const auto share = static_cast<Scalar>(s);
    const auto rest = static_cast<Scalar>(1.0 - s);
    const Scalar small = rounding * q.template lpNorm<Eigen::Infinity>();
    const Matrix<Scalar> ones = Matrix<Scalar>::Ones(u.rows(), 1);
    Matrix<Scalar> slope(u.rows(), 1);
    Matrix<Scalar> h = Matrix<Scalar>::Zero(u.rows(), 1);
    Matrix<Scalar> excess = -q;
    for (int iteration = 0; iteration < 5; ++iteration) {
        activation(layer).pull_back(u - h, ones, slope);
        h.array() -= excess.array() / (share + rest * slope.array());
        activation(layer).difference_quotient(1.0, u, h, x, d);
        excess = share * h + rest * d - q;
        if (excess.template lpNorm<Eigen::Infinity>() <= small) {
            d = -d;
            return true;
        }
    }
    return false;
}

// The variable is d = x - phi(u), and W d stands for the change above.
template <typename Scalar>
void GapPenalty<Scalar>::minimize(Index layer, const LinearMap<Scalar>& map,
                                  const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& x,
                                  const ChangeAbove<Scalar>& above, MatrixRef<Scalar> r) {
    const double own = lambda(layer);
    const bool in_double = activation(layer).traits().projection || entries(layer) > 1;
    ProximalProblem<Scalar> problem;
    problem.length = lengths_[static_cast<std::size_t>(layer - 1)];
    set_smooth_part(problem, map, above);
    const auto step_in_double = [&](Range columns, const Matrix<Scalar>& d, const Matrix<Scalar>& g,
                                    double t, Matrix<Scalar>& next) {
        const Matrix<double> at = part(u, columns).template cast<double>();
        Matrix<double> from(d.rows(), at.cols());
        activation(layer).apply(at, from);
        Matrix<double> to = from + part(d, columns).template cast<double>();
        step<double>(layer, at, part(g, columns).template cast<double>(), t, to, to);
        part(next, columns) = (to - from).template cast<Scalar>();
    };
    problem.step = [&](Range columns, const Matrix<Scalar>& d, const Matrix<Scalar>& g, double t,
                       Matrix<Scalar>& next) {
        if (in_double) {
            step_in_double(columns, d, g, t, next);
            return;
        }
        const double s = own * t / (1.0 + own * t);
        for (Index j = columns.begin; j < columns.end; ++j) {
            const Vector<Scalar> q = static_cast<Scalar>(t / (1.0 + own * t)) * g.col(j) -
                                     static_cast<Scalar>(1.0 - s) * d.col(j);
            if (!newton(layer, s, u.col(j), x.col(j), q, next.col(j))) {
                step_in_double({j, j + 1}, d, g, t, next);
            }
        }
    };
    r.setZero();
    proximal_gradient<Scalar>(problem, method_, iterations_, r);
    r *= static_cast<Scalar>(-own);
}

template <typename Scalar>
void GapPenalty<Scalar>::residual_after(Index layer, const ConstMatrixRef<Scalar>& r,
                                        const ConstMatrixRef<Scalar>& u,
                                        const ConstMatrixRef<Scalar>& x,
                                        const ConstMatrixRef<Scalar>& v,
                                        MatrixRef<Scalar> after) const {
    move_residual(activation(layer), lambda(layer), r, u, x, v, after);
}

// D(x, u + v) - D(x, u) = gap(phi(u), u + v) + <phi(u) - x, E v>, and |r|^2 / (2 lambda) is a part of
// lambda D(x, u).
template <typename Scalar>
Vector<double> GapPenalty<Scalar>::penalty_after(Index layer, const ConstMatrixRef<Scalar>& r,
                                                 const ConstMatrixRef<Scalar>& u,
                                                 const ConstMatrixRef<Scalar>&,
                                                 const ConstMatrixRef<Scalar>& v) const {
    const double own = lambda(layer);
    const Matrix<double> from = u.template cast<double>();
    const Matrix<double> move = v.template cast<double>();
    const Matrix<double> residual = r.template cast<double>();
    const Matrix<double> slope =
        beside_entries<double>(move, entries(layer)) + residual / (2.0 * own);
    Matrix<double> phi(r.rows(), r.cols());
    activation(layer).apply(from, phi);
    return own * activation(layer).gap(phi, from + move) +
           residual.cwiseProduct(slope).colwise().sum().transpose();
}

template <typename Scalar>
void GapPenalty<Scalar>::respond(Index layer, const ConstMatrixRef<Scalar>& u,
                                 const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                                 MatrixRef<Scalar> s) const {
    activation(layer).difference_signal(lambda(layer), u, g, x, s);
}

// prox_Psi is phi.
template <typename Scalar>
void GapPenalty<Scalar>::minimizer(Index layer, const ConstMatrixRef<Scalar>& u,
                                   const ConstMatrixRef<Scalar>& g, MatrixRef<Scalar> x) const {
    const auto inverse = static_cast<Scalar>(1.0 / lambda(layer));
    if (entries(layer) == 1) {
        activation(layer).apply(u - inverse * g, x);
    } else {
        activation(layer).prox(1.0, beside_entries<Scalar>(u, entries(layer)) - inverse * g, x);
    }
}

template <typename Scalar>
Vector<double> GapPenalty<Scalar>::coefficient_slopes(Index layer, const ConstMatrixRef<Scalar>& u,
                                                      const ConstMatrixRef<Scalar>& g) const {
    return activation(layer).gap_coefficient_slopes(lambda(layer), u, g);
}

template class GapPenalty<float>;
template class GapPenalty<double>;

}  // namespace hoist
