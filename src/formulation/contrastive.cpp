#include "hoist/formulation/contrastive.hpp"

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

}  // namespace

void check_contrastive(const NetworkSpec& spec, const FormulationOptions& options) {
    check_gap_penalty(spec, options.name);
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

// Where on the line from u the two states lie: z+ = phi(u - toward g), z- = phi(u + away g).
template <typename Scalar>
typename Contrastive<Scalar>::Nudges Contrastive<Scalar>::nudges(Index layer) const {
    const double scale = beta_ / this->lambda(layer);
    const double share = nudge_ == Nudge::both ? 0.5 : nudge_ == Nudge::positive ? 1.0 : 0.0;
    return {static_cast<Scalar>(share * scale), static_cast<Scalar>((1.0 - share) * scale),
            1.0 / scale};
}

template <typename Scalar>
void Contrastive<Scalar>::respond(Index layer, const ConstMatrixRef<Scalar>& u,
                                  const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                                  MatrixRef<Scalar> s) const {
    if (contrast_ == Contrast::clamped) {
        GapPenalty<Scalar>::respond(layer, u, g, x, s);
        return;
    }
    const Activation& phi = this->activation(layer);
    const Nudges nudge = nudges(layer);
    const auto weight = static_cast<Scalar>(nudge.weight);
    if (nudge_ == Nudge::both) {
        Matrix<Scalar> toward = u - nudge.toward * g;
        phi.apply(toward, toward);
        s = u + nudge.away * g;
        phi.apply(s, s);
        s = weight * (s - toward);
    } else if (nudge_ == Nudge::positive) {
        s = u - nudge.toward * g;
        phi.apply(s, s);
        s = weight * (x - s);
    } else {
        s = u + nudge.away * g;
        phi.apply(s, s);
        s = weight * (s - x);
    }
}

// What the energies of the two states differ by.
template <typename Scalar>
double Contrastive<Scalar>::parameter_slope(Index layer, const ConstMatrixRef<Scalar>& u,
                                            const ConstMatrixRef<Scalar>& g,
                                            const ConstMatrixRef<Scalar>& x) const {
    if (contrast_ == Contrast::clamped) {
        return GapPenalty<Scalar>::parameter_slope(layer, u, g, x);
    }
    const Activation& phi = this->activation(layer);
    const Nudges nudge = nudges(layer);
    Matrix<Scalar> state = u - nudge.toward * g;
    phi.apply(state, state);
    const double toward = phi.gap_parameter_slope(state, u);
    state = u + nudge.away * g;
    phi.apply(state, state);
    return nudge.weight * (toward - phi.gap_parameter_slope(state, u));
}

template class Contrastive<float>;
template class Contrastive<double>;

}  // namespace hoist
