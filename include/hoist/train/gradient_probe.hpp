#pragma once

#include <optional>

#include "hoist/train/batch_step.hpp"

namespace hoist {

/// `config`, as it would train by back-propagation: the method of auxiliary coordinates with one step per
/// block, whose signal is phi'(u) W' s whatever lambda is.
Config by_back_propagation(const Config& config);

/// Compares the gradient that the weights follow with that of back-propagation, on a mini-batch.
template <typename Scalar>
class GradientProbe {
  public:
    /// As BatchStep. All references must outlive it.
    GradientProbe(const Config& config, const Communicator& world, const Communicator& peers,
                  const Placement& placement, const Samples<Scalar>& samples, Stage<Scalar>& stage);

    /// The cosine between the gradients of all weights, by `step` and by back-propagation, on the first
    /// batch of `epoch`; none where one of them is zero. Nothing moves. Collective over the world.
    /// @pre no batch is under way; step.begin_epoch() follows.
    std::optional<double> operator()(Index epoch, BatchStep<Scalar>& step);

  private:
    const Communicator& world_;
    const Communicator& peers_;
    Range layers_;
    Config config_;
    BatchStep<Scalar> back_;
};

}  // namespace hoist
