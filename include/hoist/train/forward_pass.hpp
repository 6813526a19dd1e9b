#pragma once

#include "hoist/problem/variables.hpp"
#include "hoist/train/halo.hpp"
#include "hoist/train/inference.hpp"

namespace hoist {

/// The ordinary feed-forward pass of some samples through the stages, a slice of a block at a time,
/// so that all stages work at once. Keeps no activations. All references must outlive it.
template <typename Scalar>
class ForwardPass final : public Inference<Scalar> {
  public:
    using typename Inference<Scalar>::Visit;
    using typename Inference<Scalar>::FirstMap;
    using Inference<Scalar>::operator();

    ForwardPass(const NetworkSpec& network, const Communicator& world, const Placement& placement,
                const Stage<Scalar>& stage)
        : network_(network), world_(world), placement_(placement), stage_(stage) {}

    void operator()(const Samples<Scalar>& samples, const FirstMap& first_map,
                    const Visit& visit) const override {
        run(samples, 0, first_map, visit);
    }

    /// The same for the training samples, from the U_1 that `variables` already have.
    /// @pre it has arrived.
    void from_first_preactivations(const Samples<Scalar>& samples,
                                   const Variables<Scalar>& variables, const Visit& visit) const;

  private:
    void run(const Samples<Scalar>& samples, Index start, const FirstMap& start_map,
             const Visit& visit) const;

    const NetworkSpec& network_;
    const Communicator& world_;
    const Placement& placement_;
    const Stage<Scalar>& stage_;
};

}  // namespace hoist
