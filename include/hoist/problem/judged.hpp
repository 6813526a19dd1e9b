#pragma once

#include <vector>

#include "hoist/problem/samples.hpp"
#include "hoist/problem/stage.hpp"

namespace hoist {

/// Samples that a network is judged on. Pictures are judged whole, those of one size together, by the same maps on all
/// of their places.
template <typename Scalar>
struct Judged {
    Samples<Scalar> samples;
    /// Of pictures: the input of the network as it meets them, and which of the samples that were asked for they are,
    /// ascending.
    Shape input = {};
    std::vector<Index> positions = {};

    /// The weights of a network of pictures on these.
    Stage<Scalar> stage(const Stage<Scalar>& trained) const {
        return {trained.network.resized(input), trained.layers, trained.weights};
    }
};

template <typename Scalar>
Index count_samples(const std::vector<Judged<Scalar>>& parts) {
    Index count = 0;
    for (const Judged<Scalar>& part : parts) {
        count += part.samples.blocks.samples();
    }
    return count;
}

}  // namespace hoist
