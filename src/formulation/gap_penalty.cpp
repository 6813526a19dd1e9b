#include "hoist/formulation/gap_penalty.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"
#include "hoist/formulation/proximal_gradient.hpp"
#include "hoist/math/spectral_norm.hpp"

namespace hoist {

void check_gap_penalty(const NetworkSpec& spec, const std::string& formulation) {
    for (const auto& activation : spec.activations) {
        const ActivationTraits traits = activation->traits();
        const std::string problem = "formulation.name = " + formulation +
                                    " cannot carry network.activation = " + activation->name();
        if (!traits.minimizer) {
            throw UsageError(problem,
                             "it is not the minimizer of a convex problem, and so has no gap",
                             "use formulation.name = mac, or another activation");
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
    activation(layer).apply(u, s);
    s = static_cast<Scalar>(lambda(layer)) * (s - x);
}

template <typename Scalar>
double GapPenalty<Scalar>::pull_weight(Index layer) const {
    return lambda(layer) * activation(layer).traits().lipschitz;
}

template <typename Scalar>
void GapPenalty<Scalar>::prepare(Index layer, const Weights<Scalar>& weights, double weight_above) {
    const double norm = spectral_norm_bound<Scalar>(weights.matrix);
    const double bound = weight_above * norm * norm;
    // A step has a length also where weights are not finite, which is found out afterwards.
    const double most = 1e60 * lambda(layer);
    lengths_[static_cast<std::size_t>(layer - 1)] =
        1.0 / (bound < most ? std::max(bound, 1e-12 * lambda(layer)) : most);
}

template <typename Scalar>
void GapPenalty<Scalar>::update_activations(Index layer, const Weights<Scalar>& weights,
                                            const ConstMatrixRef<Scalar>& u,
                                            const Above<Scalar>& above, MatrixRef<Scalar> x) {
    const double own = lambda(layer);
    Matrix<Scalar> w_x(weights.matrix.rows(), x.cols());
    Matrix<Scalar> s(weights.matrix.rows(), x.cols());
    ProximalProblem<Scalar> problem;
    problem.length = lengths_[static_cast<std::size_t>(layer - 1)];
    problem.gradient = [&](const Matrix<Scalar>& y, Matrix<Scalar>& g) {
        weights.apply(y, w_x);
        above.slope(w_x, s);
        g.noalias() = weights.matrix.transpose() * s;
    };
    problem.step = [&](Range columns, const Matrix<Scalar>& y, const Matrix<Scalar>& g, double t,
                       Matrix<Scalar>& next) {
        const auto part = [&](const auto& matrix) {
            return matrix.middleCols(columns.begin, columns.size());
        };
        const auto inverse = static_cast<Scalar>(1.0 / t);
        const auto scale = static_cast<Scalar>(1.0 / (own + 1.0 / t));
        MatrixRef<Scalar> to = next.middleCols(columns.begin, columns.size());
        to = scale * (static_cast<Scalar>(own) * part(u) - part(g) + inverse * part(y));
        activation(layer).prox(own * t / (1.0 + own * t), to, to);
    };
    problem.value = [&](const Matrix<Scalar>& y) {
        weights.apply(y, w_x);
        return above.energy(w_x);
    };
    proximal_gradient<Scalar>(problem, method_, iterations_, x);
}

template <typename Scalar>
void GapPenalty<Scalar>::respond(Index layer, const ConstMatrixRef<Scalar>& u,
                                 const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                                 MatrixRef<Scalar> s) const {
    activation(layer).difference_quotient(lambda(layer), u, g, x, s);
}

template <typename Scalar>
double GapPenalty<Scalar>::parameter_slope(Index layer, const ConstMatrixRef<Scalar>& u,
                                           const ConstMatrixRef<Scalar>& g,
                                           const ConstMatrixRef<Scalar>&) const {
    return activation(layer).gap_parameter_slope(lambda(layer), u, g);
}

template class GapPenalty<float>;
template class GapPenalty<double>;

}  // namespace hoist
