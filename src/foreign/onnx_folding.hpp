#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "onnx_node.hpp"
#include "onnx_tensor.hpp"

namespace hoist {

/// What a node makes of constants: moves of their elements (Transpose, Reshape, Squeeze, Unsqueeze,
/// Concat, Gather, Slice), their shape, casts and arithmetic. A cast to single precision keeps the
/// more exact numbers that it was given.
/// @param inputs null where an optional one is left out.
/// @param spend is told how many numbers it will make, and may throw.
/// @return nothing for an operator that is not among these.
/// @throws OnnxRefusal where the operator and its constants contradict.
std::optional<OnnxConstant> fold(const onnx::NodeProto& node,
                                 const std::vector<const OnnxConstant*>& inputs,
                                 const std::function<void(std::size_t)>& spend);

/// The axes of Squeeze and Unsqueeze, an attribute or (from opset 13 on) an input.
std::vector<double> axes_of(const onnx::NodeProto& node, const OnnxConstant* input);

}  // namespace hoist
