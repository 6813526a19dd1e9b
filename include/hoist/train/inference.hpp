#pragma once

#include <functional>
#include <memory>

#include "hoist/config/config.hpp"
#include "hoist/problem/placement.hpp"
#include "hoist/problem/samples.hpp"
#include "hoist/problem/stage.hpp"

namespace hoist {

/// How a network answers: what it makes of inputs, on all stages together. Functions are collective over the
/// world.
template <typename Scalar>
class Inference {
  public:
    /// Called with a range of this rank's columns: what stands at hidden layer l (U_l, or the relaxed block),
    /// or the outputs U_{L+1}.
    using Visit = std::function<void(Index layer, Range columns, const ConstMatrixRef<Scalar>& u)>;
    /// Makes u the first map of a range of this rank's columns of the input.
    using FirstMap =
        std::function<void(const LinearMap<Scalar>&, Range columns, Matrix<Scalar>& u)>;

    virtual ~Inference() = default;

    /// Sends the inputs of `samples` through the network; `visit` sees what stands above every map of this
    /// rank's stage.
    void operator()(const Samples<Scalar>& samples, const Visit& visit) const {
        (*this)(
            samples,
            [&](const LinearMap<Scalar>& map, Range columns, Matrix<Scalar>& u) {
                map.apply(samples.inputs.middleCols(columns.begin, columns.size()), u);
            },
            visit);
    }
    /// The same from inputs that `first_map` knows, the columns of `samples` in another form.
    virtual void operator()(const Samples<Scalar>& samples, const FirstMap& first_map,
                            const Visit& visit) const = 0;

    /// The same from the inputs, and the terms of the free energy of each sample, a row for each map below a relaxed
    /// block, on every rank; none of a feed-forward pass, whose state minimizes nothing.
    virtual Matrix<double> energies(const Samples<Scalar>& samples, const Visit& visit) const {
        (*this)(samples, visit);
        return Matrix<double>(0, samples.blocks.samples());
    }
};

/// The feed-forward pass, or the relaxation of a lifted regression/reconstruction network. All references must
/// outlive it.
template <typename Scalar>
std::unique_ptr<Inference<Scalar>> make_inference(const FormulationOptions& options,
                                                  const Communicator& world,
                                                  const Placement& placement,
                                                  const Stage<Scalar>& stage);

/// What all samples have, on every rank.
struct Answers {
    /// U_{L+1}, outputs x samples.
    Matrix<double> outputs;
    /// As Inference::energies().
    Matrix<double> energies;
};

/// Collective over the world.
template <typename Scalar>
Answers answers_of(const Inference<Scalar>& inference, const NetworkSpec& network,
                   const Communicator& world, const Samples<Scalar>& samples);

}  // namespace hoist
