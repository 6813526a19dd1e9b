#pragma once

#include "onnx_node.hpp"

namespace hoist {

/// Why a node is not imported whose operator no reader takes.
OnnxRefusal why_unreadable(const onnx::NodeProto& node);

}  // namespace hoist
