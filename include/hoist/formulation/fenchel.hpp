#pragma once

#include "hoist/formulation/gap_penalty.hpp"

namespace hoist {

/// The gap penalty with accelerated block solves, restarted (LPOM: Li, Fang and Lin 2019).
template <typename Scalar>
class Fenchel final : public GapPenalty<Scalar> {
  public:
    Fenchel(const NetworkSpec& spec, const FormulationOptions& options)
        : GapPenalty<Scalar>(spec, options.lambda, options.iterations, BlockMethod::accelerated) {
        check_gap_penalty(spec, options.name);
    }
};

}  // namespace hoist
