#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// Why the node at hand cannot be imported, and what to do; who reads the nodes adds its name.
struct OnnxRefusal {
    std::string why;
    std::string advice;
};

/// @throws OnnxRefusal. No advice: what is readable at all.
[[noreturn]] void refuse(const std::string& why, const std::string& advice = "");

/// What a node is called in messages: `node Gemm_3 (Gemm)`.
std::string shown_node(const onnx::NodeProto& node);

/// Whether the operator is one of ONNX itself.
bool is_standard(const onnx::NodeProto& node);

/// Whether the node has an input at this place.
bool has_input(const onnx::NodeProto& node, int place);

/// An attribute, or nothing.
const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, const std::string& name);
/// A number in an attribute. @throws OnnxRefusal where it has another type.
double number_attribute(const onnx::NodeProto& node, const std::string& name, double otherwise);
/// Numbers in an attribute of floats or whole numbers; none where it is not there.
std::vector<double> numbers_attribute(const onnx::NodeProto& node, const std::string& name);
/// A text in an attribute.
std::string text_attribute(const onnx::NodeProto& node, const std::string& name,
                           const std::string& otherwise);

/// A number that counts or points, which a graph stores as anything. @throws OnnxRefusal unless it
/// is whole.
Index whole_number(double value);
/// The axis that `axis` means in `rank` dimensions, the last being -1. @throws OnnxRefusal.
Index axis_of(double axis, std::size_t rank);

}  // namespace hoist
