#include "onnx_constants.hpp"

#include <algorithm>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

// The tensor's numbers, which lie in `raw_data` or in the field of their type.
template <typename Number, typename Field>
std::vector<double> numbers(const onnx::TensorProto& tensor, const Field& field) {
    if (!tensor.has_raw_data()) {
        return {field.begin(), field.end()};
    }
    const std::string& raw = tensor.raw_data();
    std::vector<Number> stored(raw.size() / sizeof(Number));
    std::copy_n(raw.data(), stored.size() * sizeof(Number), reinterpret_cast<char*>(stored.data()));
    return {stored.begin(), stored.end()};
}

OnnxConstant transposed(const OnnxConstant& matrix) {
    OnnxConstant result{{matrix.shape[1], matrix.shape[0]}, {}, matrix.full};
    const auto rows = static_cast<std::size_t>(matrix.shape[0]);
    const auto columns = static_cast<std::size_t>(matrix.shape[1]);
    result.values.resize(matrix.values.size());
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            result.values[j * rows + i] = matrix.values[i * columns + j];
        }
    }
    return result;
}

}  // namespace

std::string shown_node(const onnx::NodeProto& node) {
    const std::string& name = !node.name().empty()     ? node.name()
                              : node.output_size() > 0 ? node.output(0)
                                                       : node.name();
    const std::string domain = node.domain().empty() ? "" : node.domain() + ".";
    return "node " + name + " (" + domain + node.op_type() + ")";
}

const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, const std::string& name) {
    const auto found = std::ranges::find(
        node.attribute(), name,
        [](const auto& attribute) -> const std::string& { return attribute.name(); });
    return found == node.attribute().end() ? nullptr : &*found;
}

double number_attribute(const onnx::NodeProto& node, const std::string& name, double otherwise) {
    const onnx::AttributeProto* attribute = find_attribute(node, name);
    if (attribute == nullptr) {
        return otherwise;
    }
    if (attribute->type() == onnx::AttributeProto::FLOAT) {
        return attribute->f();
    }
    if (attribute->type() == onnx::AttributeProto::INT) {
        return static_cast<double>(attribute->i());
    }
    throw DataError(shown_node(node) + " is malformed", "its attribute " + name + " is no number",
                    "export the model again");
}

OnnxConstants::OnnxConstants(const onnx::GraphProto& graph, const std::string& shown)
    : shown_(shown) {
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
    return decoded_.emplace(name, decode(*stored->second)).first->second;
}

OnnxConstant OnnxConstants::decode(const onnx::TensorProto& tensor) const {
    const std::string problem = "cannot read the tensor " + tensor.name() + " in " + shown_;
    if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
        throw DataError(problem, "its numbers are in another file",
                        "save the model as one file, without external data");
    }
    OnnxConstant constant;
    switch (tensor.data_type()) {
        case onnx::TensorProto::FLOAT:
            constant.values = numbers<float>(tensor, tensor.float_data());
            break;
        case onnx::TensorProto::DOUBLE:
            constant.values = numbers<double>(tensor, tensor.double_data());
            constant.full = true;
            break;
        case onnx::TensorProto::INT32:
            constant.values = numbers<std::int32_t>(tensor, tensor.int32_data());
            break;
        case onnx::TensorProto::INT64:
            constant.values = numbers<std::int64_t>(tensor, tensor.int64_data());
            break;
        default: {
            const auto type = static_cast<onnx::TensorProto::DataType>(tensor.data_type());
            const std::string name = onnx::TensorProto::DataType_IsValid(type)
                                         ? onnx::TensorProto::DataType_Name(type)
                                         : std::to_string(type);
            throw DataError(problem, "it has the type " + name, "convert the model to float");
        }
    }
    std::size_t size = 1;
    bool fits = true;
    for (const std::int64_t n : tensor.dims()) {
        constant.shape.push_back(n);
        fits = fits && n >= 0 && !__builtin_mul_overflow(size, static_cast<std::size_t>(n), &size);
    }
    if (!fits || size != constant.values.size()) {
        throw DataError(
            problem,
            "its shape does not fit its " + std::to_string(constant.values.size()) + " numbers",
            "export the model again");
    }
    return constant;
}

OnnxConstant OnnxConstants::value_of(const onnx::NodeProto& node) const {
    if (const auto* value = find_attribute(node, "value")) {
        return decode(value->t());
    }
    if (const auto* value = find_attribute(node, "value_float")) {
        return {{}, {value->f()}};
    }
    if (const auto* value = find_attribute(node, "value_floats")) {
        return {{value->floats_size()}, {value->floats().begin(), value->floats().end()}};
    }
    throw DataError("cannot read " + shown_node(node) + " in " + shown_,
                    "it is no tensor of numbers", "export the model again");
}

bool OnnxConstants::take(const onnx::NodeProto& node) {
    if (node.output_size() != 1) {
        return false;
    }
    if (node.op_type() == "Constant") {
        decoded_[node.output(0)] = value_of(node);
        return true;
    }
    if (node.input_size() != 1 || !contains(node.input(0))) {
        return false;
    }
    const auto type = static_cast<int>(number_attribute(node, "to", onnx::TensorProto::UNDEFINED));
    if (node.op_type() == "Identity" ||
        (node.op_type() == "Cast" &&
         (type == onnx::TensorProto::FLOAT || type == onnx::TensorProto::DOUBLE))) {
        decoded_[node.output(0)] = OnnxConstant(at(node.input(0)));
        return true;
    }
    if (node.op_type() == "Transpose" && at(node.input(0)).shape.size() == 2) {
        const onnx::AttributeProto* order = find_attribute(node, "perm");
        const bool keeps = order != nullptr && order->ints_size() == 2 && order->ints(0) == 0;
        decoded_[node.output(0)] =
            keeps ? OnnxConstant(at(node.input(0))) : transposed(at(node.input(0)));
        return true;
    }
    return false;
}

}  // namespace hoist
