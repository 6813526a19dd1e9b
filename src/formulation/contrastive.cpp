#include "hoist/formulation/contrastive.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

std::vector<double> penalties(const NetworkSpec& spec, const FormulationOptions& options) {
    std::vector<double> lambda = options.lambda;
    if (options.contrast == Contrast::clamped) {
        for (Index l = 1; l < spec.layers(); ++l) {
            lambda[static_cast<std::size_t>(l - 1)] =
                std::pow(options.gamma, static_cast<double>(l - spec.layers()));
        }
    }
    return lambda;
}

bool all_have_gaps(const NetworkSpec& spec) {
    return std::ranges::all_of(spec.activations,
                               [](const auto& phi) { return phi->traits().minimizer; });
}

// The states are z+ = phi(u - share g / w) and z- = phi(u + (1 - share) g / w) with share = 1, 0 or
// 1/2, and s = w (z- - z+). @param weight w = lambda / beta.
template <typename Scalar>
void signal_of_states(const Activation& phi, Nudge nudge, double weight,
                      const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& g,
                      const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> s) {
    if (nudge == Nudge::both) {
        Matrix<Scalar> away(s.rows(), s.cols());
        phi.difference_signal(2.0 * weight, u, g, x, s);
        phi.difference_signal(-2.0 * weight, u, g, x, away);
        s = Scalar{0.5} * (s + away);
    } else {
        phi.difference_signal(nudge == Nudge::positive ? weight : -weight, u, g, x, s);
    }
}

}  // namespace

void check_contrastive(const NetworkSpec& spec, const FormulationOptions& options) {
    if (options.contrast == Contrast::clamped || all_have_gaps(spec)) {
        check_gap_penalty(spec, options.name);
    } else {
        check_mac(spec, options.name);
    }
    if (options.contrast == Contrast::dual && options.iterations > 1) {
        throw UsageError("formulation.iterations = " + std::to_string(options.iterations) +
                             " does not go with formulation.contrast = dual",
                         "dual propagation moves each block once",
                         "set formulation.iterations = 1, or formulation.contrast = clamped");
    }
}

template <typename Scalar>
Contrastive<Scalar>::Contrastive(const NetworkSpec& spec, const FormulationOptions& options)
    : GapPenalty<Scalar>(spec, penalties(spec, options), options.iterations, options.method),
      contrast_(options.contrast),
      nudge_(options.nudge),
      beta_(options.beta) {
    check_contrastive(spec, options);
}

template <typename Scalar>
void Contrastive<Scalar>::respond(Index layer, const ConstMatrixRef<Scalar>& u,
                                  const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                                  MatrixRef<Scalar> s) const {
    if (contrast_ == Contrast::clamped) {
        GapPenalty<Scalar>::respond(layer, u, g, x, s);
        return;
    }
    signal_of_states<Scalar>(this->activation(layer), nudge_, this->lambda(layer) / beta_, u, g, x,
                             s);
}

// What the energies of the two states differ by.
template <typename Scalar>
Vector<double> Contrastive<Scalar>::coefficient_slopes(Index layer, const ConstMatrixRef<Scalar>& u,
                                                       const ConstMatrixRef<Scalar>& g) const {
    if (contrast_ == Contrast::clamped) {
        return GapPenalty<Scalar>::coefficient_slopes(layer, u, g);
    }
    const Activation& phi = this->activation(layer);
    const double weight = this->lambda(layer) / beta_;
    if (nudge_ == Nudge::both) {
        return 0.5 * (phi.gap_coefficient_slopes(2.0 * weight, u, g) +
                      phi.gap_coefficient_slopes(-2.0 * weight, u, g));
    }
    return phi.gap_coefficient_slopes(nudge_ == Nudge::positive ? weight : -weight, u, g);
}

template <typename Scalar>
DualPropagation<Scalar>::DualPropagation(const NetworkSpec& spec, const FormulationOptions& options)
    : Mac<Scalar>(spec, options), nudge_(options.nudge), beta_(options.beta) {}

template <typename Scalar>
void DualPropagation<Scalar>::respond(Index layer, const ConstMatrixRef<Scalar>& u,
                                      const ConstMatrixRef<Scalar>& g,
                                      const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> s) const {
    signal_of_states<Scalar>(this->activation(layer), nudge_, this->lambda(layer) / beta_, u, g, x,
                             s);
}

template <typename Scalar>
std::unique_ptr<Formulation<Scalar>> make_contrastive(const NetworkSpec& spec,
                                                      const FormulationOptions& options) {
    if (all_have_gaps(spec)) {
        return std::make_unique<Contrastive<Scalar>>(spec, options);
    }
    return std::make_unique<DualPropagation<Scalar>>(spec, options);
}

template class DualPropagation<float>;
template class DualPropagation<double>;
template std::unique_ptr<Formulation<float>> make_contrastive(const NetworkSpec&,
                                                              const FormulationOptions&);
template std::unique_ptr<Formulation<double>> make_contrastive(const NetworkSpec&,
                                                               const FormulationOptions&);
template class Contrastive<float>;
template class Contrastive<double>;

}  // namespace hoist
