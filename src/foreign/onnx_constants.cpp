#include "onnx_constants.hpp"

#include <algorithm>

#include "hoist/base/error.hpp"
#include "onnx_folding.hpp"

namespace hoist {

OnnxConstants::OnnxConstants(const onnx::GraphProto& graph, const std::filesystem::path& path,
                             std::size_t numbers)
    : read_(path), left_(numbers) {
    for (const onnx::TensorProto& tensor : graph.initializer()) {
        stored_[tensor.name()] = &tensor;
    }
}

const OnnxConstant& OnnxConstants::at(const std::string& name) {
    const auto found = decoded_.find(name);
    if (found != decoded_.end()) {
        return found->second;
    }
    const auto stored = stored_.find(name);
    require(stored != stored_.end(), "the constant is there");
    OnnxConstant constant = read_(*stored->second);
    spend(constant.values.size());
    return decoded_.emplace(name, std::move(constant)).first->second;
}

void OnnxConstants::put(const std::string& name, OnnxConstant constant) {
    decoded_[name] = std::move(constant);
}

void OnnxConstants::spend(std::size_t numbers) {
    if (numbers > left_) {
        refuse("it makes more numbers than a model of this size can have",
               "store the weights of every map");
    }
    left_ -= numbers;
}

OnnxConstant OnnxConstants::value_of(const onnx::NodeProto& node) const {
    if (const auto* value = find_attribute(node, "value")) {
        return read_(value->t());
    }
    for (const char* name : {"value_float", "value_int"}) {
        if (find_attribute(node, name) != nullptr) {
            return {{}, {number_attribute(node, name, 0.0)}, false, name[6] == 'i'};
        }
    }
    for (const char* name : {"value_floats", "value_ints"}) {
        if (find_attribute(node, name) != nullptr) {
            std::vector<double> values = numbers_attribute(node, name);
            return {{std::ssize(values)}, values, false, name[6] == 'i'};
        }
    }
    refuse("it is no tensor of numbers", "export the model again");
}

bool OnnxConstants::take(const onnx::NodeProto& node) {
    if (!is_standard(node) || node.output_size() != 1) {
        return false;
    }
    if (node.op_type() == "Constant") {
        OnnxConstant constant = value_of(node);
        spend(constant.values.size());
        put(node.output(0), std::move(constant));
        return true;
    }
    std::vector<const OnnxConstant*> inputs;
    for (const std::string& name : node.input()) {
        if (!name.empty() && !contains(name)) {
            return false;
        }
    }
    for (const std::string& name : node.input()) {
        inputs.push_back(name.empty() ? nullptr : &at(name));
    }
    auto folded = fold(node, inputs, [this](std::size_t numbers) { spend(numbers); });
    if (folded) {
        put(node.output(0), std::move(*folded));
    }
    return folded.has_value();
}

}  // namespace hoist
