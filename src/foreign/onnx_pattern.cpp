#include "onnx_pattern.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "onnx_operators.hpp"

namespace hoist {

namespace {

bool same_attributes(const onnx::NodeProto& one, const onnx::NodeProto& other) {
    return one.attribute_size() == other.attribute_size() &&
           std::ranges::all_of(one.attribute(), [&](const onnx::AttributeProto& attribute) {
               const auto* found = find_attribute(other, attribute.name());
               return found != nullptr &&
                      found->SerializeAsString() == attribute.SerializeAsString();
           });
}

using Nodes = std::span<const onnx::NodeProto* const>;

/// Whether `nodes` begin with those of `pattern` under other names.
bool matches(Nodes nodes, OnnxConstants& constants, const std::string& u,
             const onnx::GraphProto& pattern) {
    if (std::ssize(nodes) < pattern.node_size()) {
        return false;
    }
    OnnxConstants expected(pattern, "the pattern");
    std::map<std::string, std::string> meaning{{"u", u}};
    const auto same = [&](const std::string& wanted, const std::string& found) {
        if (expected.contains(wanted)) {
            return constants.contains(found) &&
                   constants.at(found).values == expected.at(wanted).values;
        }
        return meaning.at(wanted) == found;
    };
    for (int i = 0; i < pattern.node_size(); ++i) {
        const onnx::NodeProto& wanted = pattern.node(i);
        const onnx::NodeProto& found = *nodes[static_cast<std::size_t>(i)];
        if (wanted.op_type() != found.op_type() || !is_standard(found) ||
            !same_attributes(wanted, found) || found.output_size() == 0 ||
            !std::ranges::equal(wanted.input(), found.input(), same)) {
            return false;
        }
        meaning[wanted.output(0)] = found.output(0);
    }
    return true;
}

/// The liftings that have the numbers of the fourth operator, the labels that u is counted from, and of
/// the fifth, the slopes.
std::vector<std::string> liftings(Nodes nodes, OnnxConstants& constants) {
    const auto numbers = [&](std::size_t node) {
        return node < nodes.size() && nodes[node]->input_size() == 2 &&
                       constants.contains(nodes[node]->input(1))
                   ? constants.at(nodes[node]->input(1)).values
                   : std::vector<double>();
    };
    const std::vector<double> from = numbers(3);
    const std::vector<double> slopes = numbers(4);
    if (from.size() < 2 || from.size() > 63 || slopes.empty() || slopes.front() == 0) {
        return {};
    }
    // With K labels the second is -(K-3)/(K-1) range, and the distance of the three 2/(K-1) range.
    const auto gaps = static_cast<double>(from.size());
    const double range =
        from.size() == 2 ? std::abs(1 / slopes.front()) : -from.front() * gaps / (gaps - 2);
    if (!(range > 0 && range < 1e6)) {
        return {};
    }
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "(%zu,%.6g)", from.size() + 1, range);
    std::vector<std::string> names;
    for (const char* name : {"lifting", "scaled_lifting"}) {
        names.push_back(parse_activation(std::string(name) + digits.data())->name());
    }
    return names;
}

/// The activations that may begin with `nodes`.
std::vector<std::string> candidates(Nodes nodes, OnnxConstants& constants) {
    const onnx::NodeProto& node = *nodes.front();
    if (node.op_type() == "HardSigmoid") {
        return {"hard_tanh", "saturated_sin", "hard_sigmoid"};
    }
    if (node.op_type() == "Div") {
        return {"gelu"};
    }
    if (node.op_type() == "ReduceMax") {
        return {"simplex"};
    }
    if (node.op_type() == "Reshape" && node.input_size() == 2 &&
        constants.contains(node.input(1))) {
        const std::vector<double>& shape = constants.at(node.input(1)).values;
        if (shape.size() == 3 && shape[2] == 1.0) {
            return liftings(nodes, constants);
        }
        if (shape.size() == 3 && shape[2] > 1.0 && shape[2] <= 1024.0) {
            return {"maxpool(" + std::to_string(static_cast<Index>(shape[2])) + ")"};
        }
    }
    return {};
}

}  // namespace

std::optional<WrittenActivation> find_written_activation(Nodes nodes, OnnxConstants& constants,
                                                         const std::string& u, Index rows) {
    for (const std::string& name : candidates(nodes, constants)) {
        const auto activation = parse_activation(name);
        onnx::GraphProto pattern;
        OnnxBuilder builder(pattern);
        const auto x = activation->output(Shape::vector(rows));
        if (!x) {
            continue;
        }
        add_activation(builder, *activation, x->size(), "u");
        if (matches(nodes, constants, u, pattern)) {
            return WrittenActivation{name, static_cast<std::size_t>(pattern.node_size())};
        }
    }
    return std::nullopt;
}

}  // namespace hoist
