#pragma once

#include <vector>

#include "hoist/base/types.hpp"
#include "hoist/model/linear_map.hpp"
#include "hoist/model/network_spec.hpp"

namespace hoist {

/// What a rank owns of the network: the weights of consecutive layers.
template <typename Scalar>
struct Stage {
    /// As it is now: with the parameters of activations that have been learned.
    NetworkSpec network;
    Range layers;
    /// W_l and b_l of each.
    std::vector<Weights<Scalar>> weights;

    Index lowest() const { return layers.begin; }
    Index highest() const { return layers.end - 1; }
    Weights<Scalar>& of(Index layer) {
        return weights[static_cast<std::size_t>(layer - layers.begin)];
    }
    LinearMap<Scalar> map(Index layer) const { return {of(layer), network.map(layer)}; }
    /// Of W and b as they are, without normalization.
    LinearMap<Scalar> unnormalized(Index layer) const {
        return {of(layer), network.map(layer).unnormalized()};
    }
    /// sum_l rho_l |W_l|^2 of the stage's maps. @param rho of all maps of the network.
    double ridge(const std::vector<double>& rho) const {
        double sum = 0.0;
        for (Index l = layers.begin; l < layers.end; ++l) {
            sum += rho[static_cast<std::size_t>(l)] * unnormalized(l).squared_norm();
        }
        return sum;
    }
    const Weights<Scalar>& of(Index layer) const {
        return weights[static_cast<std::size_t>(layer - layers.begin)];
    }
};

}  // namespace hoist
