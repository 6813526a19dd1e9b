#pragma once

#include <optional>
#include <string>

#include "onnx_constants.hpp"

namespace hoist {

/// An activation of several operators as hoist writes it.
struct WrittenActivation {
    std::string name;
    /// How many there are.
    int nodes;
};

/// Whether the nodes from `position` on are those that hoist writes for an activation of the tensor
/// `u`, which has `rows` units.
std::optional<WrittenActivation> find_written_activation(const onnx::GraphProto& graph,
                                                         OnnxConstants& constants, int position,
                                                         const std::string& u, Index rows);

}  // namespace hoist
