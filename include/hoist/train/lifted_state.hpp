#pragma once

#include <vector>

#include "hoist/train/forward_pass.hpp"
#include "hoist/train/relaxation.hpp"

namespace hoist {

/// The activations that minimize E for fixed weights, inputs and targets; figures over all samples,
/// the same on every rank.
struct LiftedState {
    Energy energy;
    /// Of each hidden layer: the mean over samples of gap(x_l, u_l), or of what measures the distance
    /// of x_l from phi(u_l) in its place.
    std::vector<double> gap;
    /// What that is, as a formula.
    std::string gap_formula;
};

/// A network whose weights lie on the ranks, ready to be used. References must outlive it.
template <typename Scalar>
struct PlacedNetwork {
    const Config& config;
    const Communicator& world;
    const Communicator& peers;
    const Placement& placement;
    Stage<Scalar>& stage;
    /// Of the values of a regression.
    Standardization targets = {};
};

/// Collective over the world: minimizes E over all activations of `samples`, from the feed-forward
/// state, by sweeps down the layers until E changes by less than 1e-4 of itself. @pre labeled, and a formulation of
/// penalties.
template <typename Scalar>
LiftedState minimize_activations(PlacedNetwork<Scalar> network, const Samples<Scalar>& samples);

/// Collective over the world: the network's scores for each sample, outputs x samples, on every
/// rank; the values of a regression in the unit of the data. By its own inference.
template <typename Scalar>
Matrix<double> network_scores(PlacedNetwork<Scalar> network, const Samples<Scalar>& samples);

/// Collective over the world: the scores of the lifted rule (the report's eq. 12), where the output
/// is a variable too. For each class k, E_k is the least energy of a sample over all activations
/// when its label is k; the scores are exp(-E_k), normalized: the largest belongs to the minimizer
/// of eq. 12, and for large lambda they tend to the feed-forward ones under softmax. For regression
/// the feed-forward state has no energy at all, so that both rules agree. In a lifted
/// regression/reconstruction network E_k is that of the state whose output is held at class k (remark 3 of Hoier and
/// Zach 2020).
template <typename Scalar>
Matrix<double> lifted_scores(PlacedNetwork<Scalar> network, const Samples<Scalar>& samples);

}  // namespace hoist
