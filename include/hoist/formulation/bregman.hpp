#pragma once

#include "hoist/formulation/gap_penalty.hpp"

namespace hoist {

/// The gap penalty as lifted Bregman training has it (Wang and Benning 2022): proximal-gradient
/// steps, plain, accelerated or adaptive, meant for implicit stochastic steps of the weights.
template <typename Scalar>
class Bregman final : public GapPenalty<Scalar> {
  public:
    Bregman(const NetworkSpec& spec, const FormulationOptions& options)
        : GapPenalty<Scalar>(spec, options.lambda, options.iterations, options.method) {
        check_gap_penalty(spec, options.name);
    }
};

}  // namespace hoist
