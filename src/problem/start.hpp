#pragma once

#include "hoist/config/config.hpp"
#include "hoist/problem/samples.hpp"
#include "hoist/problem/stage.hpp"

namespace hoist {

/// The weights of `layers`, drawn as network.init, network.bias and train.seed say:
/// the same on every grid. A network that adds its input starts near it: the last map at a tenth.
template <typename Scalar>
std::vector<Weights<Scalar>> draw_weights(const Config& config, Range layers);

/// Applies network.scale: homogeneous activations pass the factor of the first map on to the last.
template <typename Scalar>
void scale_hidden_blocks(const Config& config, Stage<Scalar>& stage);

/// Changes the last map so that it gives the same answers u / scale + mean from outputs in another
/// unit.
template <typename Scalar>
void change_unit(const Standardization& from, const Standardization& to, Weights<Scalar>& weights);

}  // namespace hoist
