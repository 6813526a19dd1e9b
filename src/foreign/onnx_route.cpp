#include "onnx_route.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "onnx_node.hpp"
#include "onnx_tensor.hpp"

namespace hoist {

namespace {

using Tensor = onnx::TensorProto;

/// What a tensor is made of.
struct Origin {
    std::set<const onnx::NodeProto*> nodes;
    std::set<std::string> tensors;
};

Origin origin_of(const onnx::GraphProto& graph, const std::string& output) {
    std::map<std::string, const onnx::NodeProto*> makers;
    for (const onnx::NodeProto& node : graph.node()) {
        for (const std::string& name : node.output()) {
            makers[name] = &node;
        }
    }
    Origin origin;
    std::vector<std::string> open{output};
    while (!open.empty()) {
        const std::string name = std::move(open.back());
        open.pop_back();
        const auto maker = makers.find(name);
        if (!origin.tensors.insert(name).second || maker == makers.end()) {
            continue;
        }
        if (origin.nodes.insert(maker->second).second) {
            open.insert(open.end(), maker->second->input().begin(), maker->second->input().end());
        }
    }
    return origin;
}

bool is_label(const onnx::ValueInfoProto& output) {
    if (!output.type().has_tensor_type()) {
        return false;
    }
    const auto type = output.type().tensor_type().elem_type();
    return type == Tensor::INT64 || type == Tensor::INT32 || type == Tensor::STRING ||
           type == Tensor::BOOL;
}

std::vector<std::string> texts(const onnx::NodeProto& node, const std::string& name) {
    const onnx::AttributeProto* attribute = find_attribute(node, name);
    return attribute == nullptr
               ? std::vector<std::string>()
               : std::vector<std::string>(attribute->strings().begin(), attribute->strings().end());
}

std::vector<std::string> number_names(const std::vector<double>& numbers) {
    std::vector<std::string> names;
    bool counts = true;  // 0, 1, ... are what classes without names are called
    for (const double number : numbers) {
        counts = counts && number == static_cast<double>(names.size());
        names.push_back(to_text(number));
    }
    return counts ? std::vector<std::string>() : names;
}

/// Of a tensor that turns places to labels.
std::vector<std::string> names_in(const onnx::GraphProto& graph, const std::string& name) {
    const auto found =
        std::ranges::find_if(graph.initializer(), [&](const auto& t) { return t.name() == name; });
    if (found == graph.initializer().end() || found->data_location() == Tensor::EXTERNAL) {
        return {};
    }
    if (found->data_type() == Tensor::STRING) {
        return {found->string_data().begin(), found->string_data().end()};
    }
    return number_names(OnnxTensorReader(".")(*found).values);
}

}  // namespace

OnnxRoute find_route(const onnx::GraphProto& graph, const std::string& shown) {
    std::vector<std::string> names;
    std::vector<std::string> scores;
    for (const onnx::ValueInfoProto& output : graph.output()) {
        names.push_back(output.name());
        if (!is_label(output)) {
            scores.push_back(output.name());
        }
    }
    if (scores.empty() && names.size() == 1) {
        scores = names;  // the scores lie under the label
    }
    for (const std::string& score : scores) {
        const Origin origin = origin_of(graph, score);
        if (!std::ranges::all_of(
                scores, [&](const std::string& other) { return origin.tensors.contains(other); })) {
            continue;
        }
        OnnxRoute route{score, {}, {}};
        for (const onnx::NodeProto& node : graph.node()) {
            if (origin.nodes.contains(&node)) {
                route.nodes.push_back(&node);
            }
        }
        std::ranges::copy_if(names, std::back_inserter(route.left_out),
                             [&](const std::string& name) { return name != score; });
        return route;
    }
    throw DataError("cannot import " + shown,
                    "it has " + std::to_string(names.size()) + " outputs (" + join(names, ", ") +
                        "), and none is made of all others",
                    "export the model with one output, the scores");
}

std::vector<std::string> label_names(const onnx::GraphProto& graph) {
    for (const onnx::NodeProto& node : graph.node()) {
        std::vector<std::string> names;
        if (node.op_type() == "ZipMap" || node.op_type() == "LinearClassifier") {
            names = texts(node, "classlabels_strings");
            for (const char* numbers : {"classlabels_int64s", "classlabels_ints"}) {
                if (names.empty()) {
                    names = number_names(numbers_attribute(node, numbers));
                }
            }
        } else if (node.op_type() == "ArrayFeatureExtractor" && node.input_size() == 2) {
            names = names_in(graph, node.input(0));
        }
        if (!names.empty()) {
            return names;
        }
    }
    return {};
}

}  // namespace hoist
