#pragma once

#include <optional>
#include <span>
#include <string>

#include "onnx_constants.hpp"

namespace hoist {

/// An activation of several operators as hoist writes it.
struct WrittenActivation {
    std::string name;
    /// How many there are.
    std::size_t nodes;
};

/// Whether `nodes` begin with those that hoist writes for an activation of the tensor `u`, which has
/// `rows` units.
std::optional<WrittenActivation> find_written_activation(
    std::span<const onnx::NodeProto* const> nodes, OnnxConstants& constants, const std::string& u,
    Index rows);

}  // namespace hoist
