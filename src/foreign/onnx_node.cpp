#include "onnx_node.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/text.hpp"

namespace hoist {

void refuse(const std::string& why, const std::string& advice) { throw OnnxRefusal{why, advice}; }

std::string shown_node(const onnx::NodeProto& node) {
    const std::string& name = !node.name().empty()     ? node.name()
                              : node.output_size() > 0 ? node.output(0)
                                                       : node.name();
    const std::string domain = node.domain().empty() ? "" : node.domain() + ".";
    return "node " + name + " (" + domain + node.op_type() + ")";
}

bool is_standard(const onnx::NodeProto& node) {
    return node.domain().empty() || node.domain() == "ai.onnx";
}

bool has_input(const onnx::NodeProto& node, int place) {
    return node.input_size() > place && !node.input(place).empty();
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
    refuse("its attribute " + name + " is no number", "export the model again");
}

std::vector<double> numbers_attribute(const onnx::NodeProto& node, const std::string& name) {
    const onnx::AttributeProto* attribute = find_attribute(node, name);
    if (attribute == nullptr) {
        return {};
    }
    std::vector<double> numbers(attribute->floats().begin(), attribute->floats().end());
    numbers.insert(numbers.end(), attribute->ints().begin(), attribute->ints().end());
    return numbers;
}

std::string text_attribute(const onnx::NodeProto& node, const std::string& name,
                           const std::string& otherwise) {
    const onnx::AttributeProto* attribute = find_attribute(node, name);
    return attribute == nullptr ? otherwise : attribute->s();
}

Index whole_number(double value) {
    constexpr double largest = 9007199254740992.0;  // 2^53, to which every number is exact
    if (std::isnan(value)) {
        refuse("it needs the size of the batch as a number",
               "let the batch be the first dimension");
    }
    const double kept = std::clamp(value, -largest, largest);
    if (kept != std::floor(kept)) {
        refuse(to_text(value) + " is no whole number", "export the model again");
    }
    return static_cast<Index>(kept);
}

Index axis_of(double axis, std::size_t rank) {
    const auto dimensions = static_cast<Index>(rank);
    const Index given = whole_number(axis);
    if (given < -dimensions || given >= dimensions) {
        refuse("it has axis " + std::to_string(given) + " of " + std::to_string(dimensions) +
                   " dimensions",
               "export the model again");
    }
    return given < 0 ? given + dimensions : given;
}

}  // namespace hoist
