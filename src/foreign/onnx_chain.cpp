#include "onnx_chain.hpp"

#include <algorithm>
#include <set>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "onnx_pattern.hpp"
#include "onnx_unreadable.hpp"

namespace hoist {

namespace {

using Tensor = onnx::TensorProto;

constexpr const char* readable =
    "hoist imports chains of dense maps, convolutions, pools and activations that it has: export "
    "that part of the model alone";

std::string key_of(const onnx::NodeProto& node) {
    return is_standard(node) ? node.op_type() : node.domain() + "." + node.op_type();
}

bool is_number(std::int32_t type) {
    static const std::set<std::int32_t> types{
        Tensor::FLOAT, Tensor::DOUBLE, Tensor::FLOAT16, Tensor::BFLOAT16, Tensor::UINT8,
        Tensor::INT8,  Tensor::UINT16, Tensor::INT16,   Tensor::INT32,    Tensor::INT64};
    return types.contains(type);
}

}  // namespace

OnnxChain::OnnxChain(const onnx::GraphProto& graph, std::int64_t opset,
                     const std::filesystem::path& path, std::size_t numbers)
    : graph_(graph),
      opset_(opset),
      shown_(path.string()),
      route_(find_route(graph, shown_)),
      constants_(graph, path, numbers),
      pictures_(holds_pictures(graph)) {}

void OnnxChain::refuse_node(const Node& node, const OnnxRefusal& refusal) const {
    throw DataError("cannot import " + shown_node(node) + " of " + shown_, refusal.why,
                    refusal.advice.empty() ? readable : refusal.advice);
}

PortableModel OnnxChain::read() {
    find_input();
    // Constants may stand between operators that belong together.
    std::ranges::stable_partition(route_.nodes,
                                  [](const Node* node) { return node->op_type() == "Constant"; });
    for (std::size_t i = 0; i < route_.nodes.size();) {
        try {
            i += take(i);
        } catch (const OnnxRefusal& refusal) {
            refuse_node(*route_.nodes[i], refusal);
        }
    }
    finish();
    return std::move(model_);
}

void OnnxChain::find_input() {
    std::vector<const onnx::ValueInfoProto*> inputs;
    std::vector<std::string> names;
    for (const onnx::ValueInfoProto& input : graph_.input()) {
        if (!constants_.contains(input.name())) {  // old files list initializers too
            inputs.push_back(&input);
            names.push_back(input.name());
        }
    }
    if (inputs.size() != 1) {
        throw DataError("cannot import " + shown_,
                        "it has " + std::to_string(inputs.size()) + " inputs" +
                            (names.empty() ? "" : " (" + join(names, ", ") + ")"),
                        "export the model with one input that holds all features");
    }
    try {
        declare_input(*inputs.front());
    } catch (const OnnxRefusal& refusal) {
        throw DataError("cannot import the input " + names.front() + " of " + shown_, refusal.why,
                        refusal.advice);
    }
    current_ = names.front();
    shapes_[current_] = shape_;
}

void OnnxChain::declare_input(const onnx::ValueInfoProto& input) {
    const onnx::TypeProto::Tensor& tensor = input.type().tensor_type();
    if (!is_number(tensor.elem_type())) {
        refuse("it is not a tensor of numbers", "export the model with a float input");
    }
    if (tensor.elem_type() == Tensor::UINT8) {
        remark("its input is of bytes: give it 0 to 255, where hoist divides images by 255");
    }
    if (!tensor.has_shape()) {
        return;
    }
    std::vector<Index> sizes;
    for (const auto& size : tensor.shape().dim()) {  // 0: not declared
        sizes.push_back(size.dim_value() > 0 ? size.dim_value() : SampleShape::unknown);
    }
    if (sizes.size() < 2) {
        refuse("it has no batch dimension", "export the model with inputs of batch x features");
    }
    const auto batch = sizes[0] == SampleShape::unknown ? std::nullopt : std::optional(sizes[0]);
    sizes.erase(sizes.begin());
    shape_ = SampleShape(std::move(sizes), batch);
}

const std::map<std::string, OnnxChain::Reader>& OnnxChain::readers() {
    using Chain = OnnxChain;
    static const std::map<std::string, Reader> table{
        {"Gemm", &Chain::take_gemm},
        {"MatMul", &Chain::take_matmul},
        {"Add", &Chain::take_arithmetic},
        {"Sub", &Chain::take_arithmetic},
        {"Mul", &Chain::take_arithmetic},
        {"Div", &Chain::take_arithmetic},
        {"Sum", &Chain::take_arithmetic},
        {"Neg", &Chain::take_negation},
        {"BatchNormalization", &Chain::take_batch_normalization},
        {"Conv", &Chain::take_convolution},
        {"MaxPool", &Chain::take_max_pool},
        {"AveragePool", &Chain::take_average_pool},
        {"GlobalAveragePool", &Chain::take_average_pool},
        {"Pad", &Chain::take_pad},
        {"Relu", &Chain::take_plain},
        {"Sigmoid", &Chain::take_plain},
        {"Tanh", &Chain::take_plain},
        {"Softplus", &Chain::take_plain},
        {"Sign", &Chain::take_plain},
        {"Sin", &Chain::take_plain},
        {"LeakyRelu", &Chain::take_leaky_relu},
        {"PRelu", &Chain::take_prelu},
        {"Shrink", &Chain::take_shrink},
        {"Softmax", &Chain::take_softmax},
        {"LogSoftmax", &Chain::take_log_softmax},
        {"Log", &Chain::take_log},
        {"Clip", &Chain::take_clip},
        {"Max", &Chain::take_bound},
        {"Min", &Chain::take_bound},
        {"HardSigmoid", &Chain::take_hard_sigmoid},
        {"Identity", &Chain::take_same},
        {"Cast", &Chain::take_cast},
        {"Dropout", &Chain::take_dropout},
        {"Flatten", &Chain::take_flatten},
        {"Reshape", &Chain::take_reshape},
        {"Squeeze", &Chain::take_squeeze},
        {"Unsqueeze", &Chain::take_squeeze},
        {"Transpose", &Chain::take_transpose},
        {"Concat", &Chain::take_concat},
        {"ArgMax", &Chain::take_argmax},
        {"Gather", &Chain::take_label},
        {"ai.onnx.ml.ArrayFeatureExtractor", &Chain::take_label},
        {"ai.onnx.ml.ZipMap", &Chain::take_zip_map},
        {"ai.onnx.ml.Normalizer", &Chain::take_normalizer},
        {"ai.onnx.ml.Scaler", &Chain::take_scaler},
        {"ai.onnx.ml.LinearClassifier", &Chain::take_linear_classifier},
        {"ai.onnx.ml.LinearRegressor", &Chain::take_linear_regressor}};
    return table;
}

bool OnnxChain::may_end(const std::string& op) {
    static const std::set<std::string> ends{"Identity",
                                            "Cast",
                                            "Dropout",
                                            "Flatten",
                                            "Reshape",
                                            "Squeeze",
                                            "Unsqueeze",
                                            "ArgMax",
                                            "Gather",
                                            "ai.onnx.ml.ArrayFeatureExtractor",
                                            "ai.onnx.ml.ZipMap",
                                            "ai.onnx.ml.Normalizer"};
    return ends.contains(op);
}

void OnnxChain::check_takes_chain(const Node& node) {
    if (std::ranges::find(node.input(), current_) == node.input().end()) {
        const bool constant = std::ranges::all_of(node.input(), [&](const std::string& name) {
            return name.empty() || constants_.contains(name);
        });
        if (constant) {
            refuse("it computes a constant in a way that hoist does not",
                   "fold the constants of the model first");
        }
        refuse("it does not take what the node before it gives, " + current_);
    }
    if (node.output_size() == 0) {
        refuse("it gives nothing", "export the model again");
    }
    if (end_ != nullptr && !may_end(key_of(node))) {
        refuse("it computes with what " + shown_node(*end_) + " gives, which is the end of a model",
               "export the model up to that");
    }
}

std::size_t OnnxChain::take(std::size_t position) {
    const Node& node = *route_.nodes[position];
    const std::string key = key_of(node);
    if (constants_.take(node)) {
        return 1;
    }
    if (key == "Shape" && node.input_size() == 1 && node.output_size() == 1 &&
        shapes_.contains(node.input(0))) {
        constants_.put(node.output(0), shapes_.at(node.input(0)).as_constant(node));
        return 1;
    }
    check_takes_chain(node);
    if (after_ == After::map) {
        const auto found =
            find_written_activation(std::span(route_.nodes).subspan(position), constants_, current_,
                                    picture_ ? picture_->size() : last_map().matrix.rows());
        if (found) {
            add_activation(node, found->name);
            pass(*route_.nodes[position + found->nodes - 1]);
            return found->nodes;
        }
    }
    const auto reader = readers().find(key);
    if (reader == readers().end()) {
        const OnnxRefusal refusal = why_unreadable(node);
        refuse(refusal.why, refusal.advice);
    }
    (this->*reader->second)(node);
    return 1;
}

void OnnxChain::pass(const Node& node, int output) {
    if (node.output_size() <= output) {
        refuse("it gives nothing", "export the model again");
    }
    current_ = node.output(output);
    shapes_[current_] = shape_;
}

const OnnxConstant& OnnxChain::constant_of(const Node& node, int input) {
    if (!has_input(node, input) || !constants_.contains(node.input(input))) {
        if (has_input(node, input) && shapes_.contains(node.input(input))) {
            refuse("its inputs are two tensors of the network, which is no chain then");
        }
        refuse("its input " + std::to_string(input) + " is not a constant");
    }
    return constants_.at(node.input(input));
}

void OnnxChain::finish() {
    if (route_.output != current_) {
        throw DataError("cannot import " + shown_,
                        "its output " + route_.output + " is not the end of the chain, " + current_,
                        readable);
    }
    if (between_node_ != nullptr && !model_.maps.empty() && !between_.is_identity()) {
        refuse_node(*between_node_, {"it scales or shifts what the last activation gives",
                                     "let the model end in its last map or in Softmax"});
    }
    if (in_front_ || maximum_ || (picture_ && !model_.maps.empty())) {
        throw DataError("cannot import " + shown_, "it ends in a picture",
                        "let it end in a dense map, whose outputs are the scores");
    }
    if (!std::ranges::all_of(specs_, &MapSpec::plain)) {
        model_.network.maps = specs_;
    }
    if (!route_.left_out.empty()) {
        remark("of its outputs " + route_.output + " is read, not " + join(route_.left_out, ", "));
    }
    model_.network.output = Output::linear;
    if (after_ != After::activation) {
        return;
    }
    const std::string name = model_.network.activations.back()->name();
    if (is_probability()) {
        make_two_classes(model_);
        if (reversed_) {
            last_map() = {last_map().matrix.colwise().reverse(), last_map().bias.reverse()};
        }
        remark(reversed_ ? "its one score is read as two classes: its sigmoid is the probability "
                           "of the first"
                         : two_classes_remark);
    } else if (name == "softmax" || name == "simplex") {
        model_.network.output = parse_output(name);
    } else {
        refuse_node(*last_activation_,
                    {"it is the output, and hoist has no " + name + " output of " +
                         std::to_string(shape_.size()) + (shape_.size() == 1 ? " unit" : " units"),
                     "let the model end in its last map or in Softmax"});
    }
    model_.network.activations.pop_back();
}

}  // namespace hoist
