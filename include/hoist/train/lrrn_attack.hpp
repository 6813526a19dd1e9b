#pragma once

#include <vector>

#include "hoist/problem/samples.hpp"
#include "hoist/train/lrrn_relaxation.hpp"

namespace hoist {

/// Projected gradient steps from several random starts.
struct AttackOptions {
    int steps = 20;
    int starts = 2;
    std::uint64_t seed = 1;
};

/// Collective over the world: tries to move the inputs of samples so that another class is predicted, each by no more
/// than its radius in the Euclidean norm and the unit of the data: steps of a third of it up the slope of the largest
/// other output less that of the class, back onto the ball where they leave it. Returns for each sample whether that
/// was found, on every rank.
/// @param classes predicted for the inputs as they are. @param unit of each input of the network in the data's.
template <typename Scalar>
std::vector<bool> attack(const FormulationOptions& options, const Communicator& world,
                         const Placement& placement, const Stage<Scalar>& stage,
                         const Samples<Scalar>& samples, const std::vector<Index>& classes,
                         const std::vector<double>& radii, const Vector<double>& unit,
                         const AttackOptions& how = {});

}  // namespace hoist
