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

template <typename Scalar>
void Contrastive<Scalar>::respond(Index layer, const ConstMatrixRef<Scalar>& u,
                                  const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                                  MatrixRef<Scalar> s) const {
    if (contrast_ == Contrast::clamped) {
        GapPenalty<Scalar>::respond(layer, u, g, x, s);
        return;
    }
    const double scale = beta_ / this->lambda(layer);
    const Activation& phi = this->activation(layer);
    const auto weight = static_cast<Scalar>(1.0 / scale);
    if (nudge_ == Nudge::both) {
        const auto half = static_cast<Scalar>(0.5 * scale);
        Matrix<Scalar> toward = u - half * g;
        phi.apply(toward, toward);
        s = u + half * g;
        phi.apply(s, s);
        s = weight * (s - toward);
    } else if (nudge_ == Nudge::positive) {
        s = u - static_cast<Scalar>(scale) * g;
        phi.apply(s, s);
        s = weight * (x - s);
    } else {
        s = u + static_cast<Scalar>(scale) * g;
        phi.apply(s, s);
        s = weight * (s - x);
    }
}

template class Contrastive<float>;
template class Contrastive<double>;

}  // namespace hoist
