#pragma once

#include <memory>
#include <span>

#include "hoist/config/config.hpp"
#include "hoist/problem/batch_inputs.hpp"
#include "hoist/problem/samples.hpp"

namespace hoist {

/// Where the inputs of mini-batches come from. @param samples on the first stage; must outlive it.
template <typename Scalar>
std::unique_ptr<BatchInputs<Scalar>> make_batch_inputs(const Config& config,
                                                       const NetworkSpec& network,
                                                       const Samples<Scalar>& samples) {
    return std::make_unique<BatchInputs<Scalar>>(
        samples.inputs, samples.columns.begin, network.map(0),
        Augmentation(config.augmentation, network.inputs(),
                     image_layout(network.block(0), samples.stored_shape)),
        config.seed, samples.patches);
}

/// Makes y the targets in an epoch of the samples `chosen`, numbered over the whole data, a share `smoothing` of each
/// spread evenly over the outputs. On the last stage.
template <typename Scalar>
void take_targets(const Samples<Scalar>& samples, Index epoch, std::span<const Index> chosen,
                  Scalar smoothing, MatrixRef<Scalar> y) {
    Index column = 0;
    for (const Index sample : chosen) {
        auto target = y.col(column++);
        if (samples.patches) {
            samples.patches->target(
                epoch, sample,
                std::span<Scalar>(target.data(), static_cast<std::size_t>(target.size())));
        } else {
            target = samples.targets.col(sample - samples.columns.begin);
        }
    }
    y.array() = (Scalar{1} - smoothing) * y.array() + smoothing / static_cast<Scalar>(y.rows());
}

}  // namespace hoist
