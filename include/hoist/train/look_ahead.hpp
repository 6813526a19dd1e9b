#pragma once

#include <vector>

#include "hoist/problem/stage.hpp"

namespace hoist {

/// The weights that layers go up with whose steps come late: by as much as the last step moved them for each step
/// that is still to come, W + d (W - W'), which are about those that the batch's own step will depart from
/// (weight prediction: Chen, Yang, Cheng 2018, SpecTrain; Guan et al. 2019, XPipe).
template <typename Scalar>
class LookAhead {
  public:
    /// @param wanted whether there is any. @param stage must outlive it.
    LookAhead(const Stage<Scalar>& stage, bool wanted)
        : stage_(stage),
          wanted_(wanted),
          known_(stage.weights.size(), false),
          ahead_(stage.weights.size()) {}

    /// From here on the weights are those of the stage, until the next step.
    void forget() { known_.assign(known_.size(), false); }
    /// Before and after a step of some layers, of which `late` others are still to come.
    void before_step(Range layers, Index late);
    void after_step(Range layers, Index late);

    /// W and b of map `layer` on the way up, without normalization.
    LinearMap<Scalar> map(Index layer) const {
        const std::size_t at = position(layer);
        return known_[at] ? LinearMap<Scalar>(ahead_[at], stage_.network.map(layer).unnormalized())
                          : stage_.unnormalized(layer);
    }

  private:
    std::size_t position(Index layer) const {
        return static_cast<std::size_t>(layer - stage_.layers.begin);
    }

    const Stage<Scalar>& stage_;
    bool wanted_;
    std::vector<bool> known_;
    /// Between steps W + d (W - W'), during one -d W'.
    std::vector<Weights<Scalar>> ahead_;
};

}  // namespace hoist
