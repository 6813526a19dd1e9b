#pragma once

#include <functional>
#include <vector>

#include "onnx_node.hpp"
#include "onnx_tensor.hpp"

/// Moves of the elements of constants, as the operators of ONNX of the same names make them.
namespace hoist::onnx_moves {

using Inputs = std::vector<const OnnxConstant*>;
using Sizes = std::vector<Index>;
/// Is told how many numbers will be made, and may throw.
using Spend = std::function<void(std::size_t)>;

/// The product of the sizes. @throws OnnxRefusal where that is too large.
Index count(const Sizes& shape);
/// An input that must be there, and one that may be null.
/// @throws OnnxRefusal where the first is missing.
const OnnxConstant& need(const Inputs& inputs, std::size_t place);
const OnnxConstant* find(const Inputs& inputs, std::size_t place);
/// Without elements, of the type of another.
OnnxConstant like(const OnnxConstant& source, Sizes shape);

/// @throws OnnxRefusal, as all below, where the operator and its constants contradict.
OnnxConstant transpose(const onnx::NodeProto& node, const OnnxConstant& source);
OnnxConstant reshape(const OnnxConstant& source, const OnnxConstant& sizes);
OnnxConstant squeeze(const OnnxConstant& source, const std::vector<double>& axes);
OnnxConstant unsqueeze(const OnnxConstant& source, const std::vector<double>& axes);
OnnxConstant gather(const onnx::NodeProto& node, const OnnxConstant& source,
                    const OnnxConstant& indices, const Spend& spend);
OnnxConstant slice(const onnx::NodeProto& node, const Inputs& inputs, const Spend& spend);
OnnxConstant concat(const onnx::NodeProto& node, const Inputs& inputs, const Spend& spend);

}  // namespace hoist::onnx_moves
