#include <algorithm>

#include "onnx_chain.hpp"
#include "onnx_folding.hpp"

namespace hoist {

void OnnxChain::take_same(const Node& node) { pass(node); }

void OnnxChain::take_cast(const Node& node) {
    const auto type = static_cast<int>(number_attribute(node, "to", 0.0));
    const bool label = end_ != nullptr && end_->op_type() == "ArgMax";
    if (type != onnx::TensorProto::FLOAT && type != onnx::TensorProto::DOUBLE &&
        type != onnx::TensorProto::FLOAT16 && type != onnx::TensorProto::BFLOAT16 && !label) {
        refuse("it rounds the numbers of the chain", "leave them in float");
    }
    pass(node);
}

void OnnxChain::take_dropout(const Node& node) {
    if (has_input(node, 2) && (!constants_.contains(node.input(2)) ||
                               constants_.at(node.input(2)).values != std::vector<double>{0.0})) {
        refuse("it may be in training mode", "export the model for inference: model.eval()");
    }
    pass(node);
}

void OnnxChain::take_flatten(const Node& node) {
    shape_.flatten(number_attribute(node, "axis", 1.0));
    pass(node);
}

void OnnxChain::take_reshape(const Node& node) {
    if (node.input(0) != current_) {
        refuse("its shape is not a constant", "export the model again");
    }
    shape_.reshape(constant_of(node, 1).values, number_attribute(node, "allowzero", 0.0) != 0.0);
    pass(node);
}

void OnnxChain::take_squeeze(const Node& node) {
    if (node.input(0) != current_) {
        refuse("its axes are not constants", "export the model again");
    }
    const auto axes = axes_of(node, has_input(node, 1) ? &constant_of(node, 1) : nullptr);
    node.op_type() == "Squeeze" ? shape_.squeeze(axes) : shape_.unsqueeze(axes);
    pass(node);
}

void OnnxChain::take_transpose(const Node& node) {
    const std::vector<double> order = numbers_attribute(node, "perm");
    if (!turns_picture(order)) {
        shape_.transpose(order);
    }
    pass(node);
}

}  // namespace hoist
