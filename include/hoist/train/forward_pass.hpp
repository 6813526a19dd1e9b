#pragma once

#include <functional>
#include <vector>

#include "hoist/model/network_spec.hpp"
#include "hoist/problem/samples.hpp"
#include "hoist/problem/stage.hpp"
#include "hoist/problem/variables.hpp"
#include "hoist/train/halo.hpp"

namespace hoist {

/// The ordinary feed-forward pass of some samples through the stages, a slice of a block at a time,
/// so that all stages work at once. Keeps no activations. All references must outlive it.
template <typename Scalar>
class ForwardPass {
  public:
    /// Called with a range of this rank's columns: U_l of a hidden layer, or U_{L+1}.
    using Visit = std::function<void(Index layer, Range columns, const ConstMatrixRef<Scalar>& u)>;
    /// Makes u the map of a range of this rank's columns of the input.
    using FirstMap =
        std::function<void(const LinearMap<Scalar>&, Range columns, Matrix<Scalar>& u)>;

    ForwardPass(const NetworkSpec& network, const Communicator& world, const Placement& placement,
                const Stage<Scalar>& stage)
        : network_(network), world_(world), placement_(placement), stage_(stage) {}

    /// Sends the inputs of `samples` through the network; `visit` sees U_{l+1} of every layer l
    /// that this rank holds. Collective over the world.
    void operator()(const Samples<Scalar>& samples, const Visit& visit) const {
        (*this)(
            samples,
            [&](const LinearMap<Scalar>& map, Range columns, Matrix<Scalar>& u) {
                map.apply(samples.inputs.middleCols(columns.begin, columns.size()), u);
            },
            visit);
    }
    /// The same from inputs that `first_map` knows, the columns of `samples` in another form.
    void operator()(const Samples<Scalar>& samples, const FirstMap& first_map,
                    const Visit& visit) const {
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
