#include "onnx_folding.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "onnx_moves.hpp"

namespace hoist {

namespace {

using namespace onnx_moves;

OnnxConstant cast(const onnx::NodeProto& node, const OnnxConstant& source) {
    OnnxConstant result = source;
    switch (static_cast<int>(number_attribute(node, "to", 0.0))) {
        case onnx::TensorProto::FLOAT:
        case onnx::TensorProto::DOUBLE:
            break;
        case onnx::TensorProto::INT32:
        case onnx::TensorProto::INT64:
            std::ranges::transform(result.values, result.values.begin(),
                                   [](double value) { return std::trunc(value); });
            result.whole = true;
            return result;
        default:
            refuse("it rounds a constant", "leave the constant in float");
    }
    if (source.whole &&
        !std::ranges::all_of(source.values, [](double v) { return std::isfinite(v); })) {
        refuse("it computes with the size of the batch", "let the batch be the first dimension");
    }
    result.whole = false;
    return result;
}
using Binary = double (*)(double, double);

OnnxConstant combine(const OnnxConstant& one, const OnnxConstant& other, Binary operation,
                     const Spend& spend) {
    const std::size_t rank = std::max(one.shape.size(), other.shape.size());
    const auto padded = [&](const Sizes& shape) {
        Sizes result(rank - shape.size(), 1);
        result.insert(result.end(), shape.begin(), shape.end());
        return result;
    };
    const Sizes left = padded(one.shape);
    const Sizes right = padded(other.shape);
    OnnxConstant result = like(one, left);
    result.full = one.full || other.full;
    for (std::size_t i = 0; i < rank; ++i) {
        if (left[i] != right[i] && left[i] != 1 && right[i] != 1) {
            refuse("its constants do not fit each other", "export the model again");
        }
        result.shape[i] = left[i] == 1 ? right[i] : left[i];
    }
    const auto place = [&](const Sizes& shape, Index index) {
        Index at = 0;
        Index step = 1;
        for (std::size_t axis = rank; axis-- > 0;) {
            at += shape[axis] == 1 ? 0 : step * (index % result.shape[axis]);
            step *= shape[axis];
            index /= result.shape[axis];
        }
        return static_cast<std::size_t>(at);
    };
    const Index size = count(result.shape);
    spend(static_cast<std::size_t>(size));
    result.values.reserve(static_cast<std::size_t>(size));
    for (Index i = 0; i < size; ++i) {
        const double value = operation(one.values[place(left, i)], other.values[place(right, i)]);
        if (one.whole && !std::isfinite(value)) {
            refuse("it computes with the size of the batch",
                   "let the batch be the first dimension");
        }
        result.values.push_back(one.whole ? std::trunc(value) : value);
    }
    return result;
}

const std::map<std::string, Binary>& arithmetic() {
    static const std::map<std::string, Binary> operations{
        {"Add", [](double a, double b) { return a + b; }},
        {"Sub", [](double a, double b) { return a - b; }},
        {"Mul", [](double a, double b) { return a * b; }},
        {"Div", [](double a, double b) { return a / b; }}};
    return operations;
}

const std::map<std::string, double (*)(double)>& functions() {
    static const std::map<std::string, double (*)(double)> known{
        {"Neg", [](double a) { return -a; }},
        {"Reciprocal", [](double a) { return 1.0 / a; }},
        {"Sqrt", [](double a) { return std::sqrt(a); }}};
    return known;
}

}  // namespace

std::vector<double> axes_of(const onnx::NodeProto& node, const OnnxConstant* input) {
    return input != nullptr ? input->values : numbers_attribute(node, "axes");
}

std::optional<OnnxConstant> fold(const onnx::NodeProto& node, const Inputs& inputs,
                                 const std::function<void(std::size_t)>& spend) {
    const std::string& op = node.op_type();
    const auto source = [&]() -> const OnnxConstant& {
        const OnnxConstant& first = need(inputs, 0);
        spend(first.values.size());
        return first;
    };
    if (op == "Identity") {
        return source();
    }
    if (op == "Cast") {
        return cast(node, source());
    }
    if (op == "Transpose") {
        return transpose(node, source());
    }
    if (op == "Reshape") {
        return reshape(source(), need(inputs, 1));
    }
    if (op == "Squeeze") {
        return squeeze(source(), axes_of(node, find(inputs, 1)));
    }
    if (op == "Unsqueeze") {
        return unsqueeze(source(), axes_of(node, find(inputs, 1)));
    }
    if (op == "Gather") {
        return gather(node, need(inputs, 0), need(inputs, 1), spend);
    }
    if (op == "Slice") {
        return slice(node, inputs, spend);
    }
    if (op == "Concat") {
        return concat(node, inputs, spend);
    }
    if (op == "Shape" && node.attribute_size() == 0) {
        const Sizes& shape = need(inputs, 0).shape;
        return OnnxConstant{{std::ssize(shape)}, {shape.begin(), shape.end()}, false, true};
    }
    if (const auto found = arithmetic().find(op); found != arithmetic().end()) {
        return combine(need(inputs, 0), need(inputs, 1), found->second, spend);
    }
    if (const auto found = functions().find(op); found != functions().end()) {
        OnnxConstant result = source();
        std::ranges::transform(result.values, result.values.begin(), found->second);
        return result;
    }
    return std::nullopt;
}

}  // namespace hoist
