#include "onnx_chain.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <map>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "onnx_pattern.hpp"

namespace hoist {

namespace {

constexpr const char* readable =
    "hoist imports chains of Gemm, MatMul, Add, Sub, Mul and Div with the activations that it "
    "exports";

// The shortest decimal that is this float: 0.1 is stored as 0.100000001.
std::string shortest(float value) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    return {buffer.data(), end};
}

std::string with_parameter(const char* name, double value) {
    return std::string(name) + "(" + shortest(static_cast<float>(value)) + ")";
}

}  // namespace

OnnxChain::OnnxChain(const onnx::GraphProto& graph, const std::string& shown)
    : graph_(graph), shown_(shown), constants_(graph, shown) {}

void OnnxChain::refuse(const onnx::NodeProto& node, const std::string& why,
                       const std::string& advice) const {
    throw DataError("cannot import " + shown_node(node) + " of " + shown_, why,
                    advice.empty() ? readable : advice);
}

PortableModel OnnxChain::read() {
    find_input();
    for (int i = 0; i < graph_.node_size();) {
        i += constants_.take(graph_.node(i)) ? 1 : take(i);
    }
    finish();
    return std::move(model_);
}

void OnnxChain::find_input() {
    std::vector<const onnx::ValueInfoProto*> inputs;
    for (const onnx::ValueInfoProto& input : graph_.input()) {
        if (!constants_.contains(input.name())) {
            inputs.push_back(&input);
        }
    }
    const auto check = [&](bool holds, const std::string& why) {
        if (!holds) {
            throw DataError("cannot import " + shown_, why, readable);
        }
    };
    check(inputs.size() == 1, "it has " + std::to_string(inputs.size()) + " inputs");
    check(graph_.output_size() == 1, "it has " + std::to_string(graph_.output_size()) + " outputs");
    current_ = inputs.front()->name();
    const onnx::TypeProto::Tensor& tensor = inputs.front()->type().tensor_type();
    check(tensor.elem_type() == onnx::TensorProto::FLOAT ||
              tensor.elem_type() == onnx::TensorProto::DOUBLE,
          "its input " + current_ + " is not a tensor of float or double");
    if (!tensor.has_shape()) {
        return;
    }
    check(tensor.shape().dim_size() > 1, "its input " + current_ + " has no batch dimension");
    flat_ = tensor.shape().dim_size() == 2;
    Index product = 1;
    for (int i = 1; i < tensor.shape().dim_size(); ++i) {
        const std::int64_t size = tensor.shape().dim(i).dim_value();  // 0: not declared
        if (size <= 0 || __builtin_mul_overflow(product, Index{size}, &product)) {
            return;
        }
    }
    declared_inputs_ = product;
}

void OnnxChain::finish() {
    if (graph_.output(0).name() != current_) {
        throw DataError(
            "cannot import " + shown_,
            "its output " + graph_.output(0).name() + " is not the end of the chain, " + current_,
            readable);
    }
    if (!model_.maps.empty() && declared_inputs_ &&
        *declared_inputs_ != model_.maps.front().matrix.cols()) {
        throw DataError(shown_ + " is inconsistent",
                        "it declares " + std::to_string(*declared_inputs_) +
                            " inputs and its first map takes " +
                            std::to_string(model_.maps.front().matrix.cols()),
                        "export the model again");
    }
    model_.network.output = Output::linear;
    if (after_ == After::activation) {
        const std::string name = model_.network.activations.back()->name();
        if (name != "softmax" && name != "simplex") {
            refuse(*last_activation_, "it is the output, and hoist has no " + name + " output",
                   "let the model end in its last map or in Softmax");
        }
        model_.network.output = parse_output(name);
        model_.network.activations.pop_back();
    }
}

const OnnxConstant& OnnxChain::constant_of(const onnx::NodeProto& node, int input) {
    if (node.input_size() <= input || !constants_.contains(node.input(input))) {
        refuse(node, "its input " + std::to_string(input) + " is not a constant");
    }
    return constants_.at(node.input(input));
}

int OnnxChain::take(int position) {
    const onnx::NodeProto& node = graph_.node(position);
    if (!node.domain().empty() && node.domain() != "ai.onnx") {
        refuse(node, "it is no operator of ONNX itself");
    }
    if (std::ranges::find(node.input(), current_) == node.input().end()) {
        refuse(node, "it does not take what the node before it gives, " + current_);
    }
    if (node.output_size() == 0) {
        refuse(node, "it gives nothing");
    }
    static const std::map<std::string, std::string> plain{
        {"Relu", "relu"},         {"Sigmoid", "sigmoid"}, {"Tanh", "tanh"},
        {"Softplus", "softplus"}, {"Sign", "sign"},       {"Sin", "sin"}};
    const std::string& op = node.op_type();
    if (after_ == After::map) {
        const auto found = find_written_activation(graph_, constants_, position, current_,
                                                   model_.maps.back().matrix.rows());
        if (found) {
            add_activation(node, found->name);
            pass(graph_.node(position + found->nodes - 1));
            return found->nodes;
        }
    }
    if (const auto found = plain.find(op); found != plain.end()) {
        add_activation(node, found->second);
    } else if (op == "LeakyRelu") {
        add_activation(node, with_parameter("leaky_relu", number_attribute(node, "alpha", 0.01)));
    } else if (op == "Shrink") {
        const double lambd = number_attribute(node, "lambd", 0.5);
        if (number_attribute(node, "bias", 0.0) != lambd) {
            refuse(node, "its bias is not its lambd, so that it jumps");
        }
        add_activation(node, with_parameter("soft_threshold", lambd));
    } else if (op == "Softmax") {
        const double axis = number_attribute(node, "axis", -1.0);
        if (axis != 1.0 && axis != -1.0) {
            refuse(node, "it runs over axis " + to_text(axis) + ", not over the units");
        }
        add_activation(node, "softmax");
    } else if (op == "Clip") {
        take_clip(node);
    } else if (op == "Gemm") {
        take_gemm(node);
    } else if (op == "MatMul") {
        take_matmul(node);
    } else if (op == "Add" || op == "Sub" || op == "Mul" || op == "Div") {
        take_affine(node);
    } else if (op == "Flatten" || op == "Reshape") {
        take_reshape(node);
    } else if (op == "Dropout") {
        take_dropout(node);
    } else if (op != "Identity") {
        refuse(node, "it has no counterpart in hoist");
    }
    pass(node);
    return 1;
}

void OnnxChain::take_reshape(const onnx::NodeProto& node) {
    if (node.input(0) != current_) {
        refuse(node, "its shape is not a constant");
    }
    if (node.op_type() == "Flatten") {
        if (number_attribute(node, "axis", 1.0) != 1.0) {
            refuse(node, "it flattens the batch too");
        }
        flat_ = true;
        return;
    }
    const std::vector<double>& shape = constant_of(node, 1).values;
    const auto inputs = declared_inputs_ ? static_cast<double>(*declared_inputs_) : -1.0;
    const bool flattens = after_ == After::input && shape.size() == 2 && shape[0] <= 0.0 &&
                          (shape[1] == inputs || (shape[0] == 0.0 && shape[1] == -1.0));
    if (!flattens) {
        refuse(node, "it does more than make a vector of each sample");
    }
    flat_ = true;
}

void OnnxChain::take_dropout(const onnx::NodeProto& node) {
    if (node.input_size() > 2 && !node.input(2).empty()) {
        refuse(node, "it may be in training mode", "export the model for inference");
    }
}

void OnnxChain::take_clip(const onnx::NodeProto& node) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const auto bound = [&](int input, const char* name, double otherwise) {
        if (node.input_size() > input && !node.input(input).empty()) {
            const OnnxConstant& constant = constant_of(node, input);
            if (constant.values.size() != 1) {
                refuse(node, "a bound of it is not one number");
            }
            return constant.values.front();
        }
        return number_attribute(node, name, otherwise);
    };
    const double low = bound(1, "min", -infinity);
    const double high = bound(2, "max", infinity);
    const bool open = high >= std::numeric_limits<float>::max();
    if (low == 0.0 && open) {
        add_activation(node, "relu");
    } else if (low == 0.0 && high == 1.0) {
        add_activation(node, "hard_sigmoid");
    } else if (low == -1.0 && high == 1.0) {
        add_activation(node, "hard_tanh");
    } else {
        refuse(node, "it clips to [" + to_text(low) + ", " + to_text(high) + "]",
               "hoist has [0, inf], [0, 1] and [-1, 1]");
    }
}

void OnnxChain::add_activation(const onnx::NodeProto& node, const std::string& name) {
    if (after_ != After::map) {
        refuse(node, after_ == After::input ? "it acts on the inputs"
                                            : "it acts on what another activation gives");
    }
    try {
        model_.network.activations.push_back(parse_activation(name));
    } catch (const UsageError& error) {
        refuse(node, error.what());
    }
    after_ = After::activation;
    last_activation_ = &node;
}

}  // namespace hoist
