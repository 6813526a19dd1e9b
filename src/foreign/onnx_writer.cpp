#include <limits>
#include <nlohmann/json.hpp>

#include "hoist/base/error.hpp"
#include "hoist/foreign/onnx_model.hpp"
#include "hoist/io/whole_file.hpp"
#include "onnx_operators.hpp"

namespace hoist {

namespace {

constexpr int opset = 13;
// That of ONNX 1.8, which introduced the opset.
constexpr int ir_version = 7;

void declare(onnx::ValueInfoProto& value, const char* name, Index width) {
    value.set_name(name);
    onnx::TypeProto::Tensor& tensor = *value.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(onnx::TensorProto::FLOAT);
    tensor.mutable_shape()->add_dim()->set_dim_param("batch");
    tensor.mutable_shape()->add_dim()->set_dim_value(width);
}

// Runtimes compute in float; what is kept in double is cast once, before the first sample.
std::string add_numbers(OnnxBuilder& graph, const std::string& name,
                        const std::vector<std::int64_t>& shape, const Matrix<double>& transposed,
                        Precision precision) {
    if (precision == Precision::single) {
        const Matrix<float> single = transposed.cast<float>();
        return graph.constant(name, shape,
                              std::span(single.data(), static_cast<std::size_t>(single.size())));
    }
    const std::string stored = graph.constant(
        name, shape, std::span(transposed.data(), static_cast<std::size_t>(transposed.size())));
    return graph.node("Cast", {stored}, {{"to", std::int64_t{onnx::TensorProto::FLOAT}}});
}

std::string add_standardization(OnnxBuilder& graph, const Standardization& standardization,
                                const std::string& x) {
    const auto numbers = [&](const char* name, const Vector<double>& values) {
        return add_numbers(graph, name, {values.size()}, values, Precision::full);
    };
    const std::string mean = numbers("input_mean", standardization.mean);
    const std::string scale = numbers("input_scale", standardization.scale);
    return graph.node("Mul", {graph.node("Sub", {x, mean}), scale});
}

std::string add_map(OnnxBuilder& graph, const Weights<double>& map, std::size_t index,
                    Precision precision, const std::string& x) {
    const std::string number = std::to_string(index);
    const Index outputs = map.matrix.rows();
    const std::string weights =
        add_numbers(graph, "weights_" + number, {outputs, map.matrix.cols()},
                    map.matrix.transpose(), precision);
    const std::string bias = add_numbers(graph, "bias_" + number, {outputs}, map.bias, precision);
    return graph.node("Gemm", {x, weights, bias}, {{"transB", 1}});
}

void fill(onnx::GraphProto& proto, const PortableModel& model) {
    const NetworkSpec& network = model.network;
    proto.set_name("chain of " + network.layers_text());
    declare(*proto.add_input(), "input", network.inputs());
    declare(*proto.add_output(), "output", network.outputs());
    OnnxBuilder graph(proto);
    std::string x = "input";
    if (!model.standardization.empty()) {
        x = add_standardization(graph, model.standardization, x);
    }
    for (std::size_t l = 0; l < model.maps.size(); ++l) {
        x = add_map(graph, model.maps[l], l, model.precision, x);
        if (l + 1 < model.maps.size()) {
            x = add_activation(graph, *network.activations[l],
                               network.block(static_cast<Index>(l) + 1).size(), x);
        } else if (network.output != Output::linear) {
            x = add_activation(graph, *parse_activation(to_text(network.output)), network.outputs(),
                               x);
        }
    }
    // The last node is the one that gives x.
    proto.mutable_node(proto.node_size() - 1)->set_output(0, "output");
}

void add_metadata(onnx::ModelProto& proto, const std::string& key, const std::string& value) {
    if (!value.empty()) {
        onnx::StringStringEntryProto& entry = *proto.add_metadata_props();
        entry.set_key(key);
        entry.set_value(value);
    }
}

}  // namespace

void write_onnx_model(const std::filesystem::path& path, const PortableModel& model) {
    onnx::ModelProto proto;
    proto.set_ir_version(ir_version);
    proto.set_producer_name("hoist");
    proto.set_producer_version(HOIST_VERSION);
    proto.add_opset_import()->set_version(opset);
    fill(*proto.mutable_graph(), model);
    if (!model.class_names.empty()) {
        using nlohmann::json;
        add_metadata(proto, "class_names",
                     json(model.class_names).dump(-1, ' ', false, json::error_handler_t::replace));
    }
    add_metadata(proto, "created", model.created);
    add_metadata(proto, "config", model.config);
    if (proto.ByteSizeLong() > std::numeric_limits<std::int32_t>::max()) {
        throw UsageError("the model is too large for " + path.string(),
                         "an ONNX file holds at most 2 GB", "export to .npz");
    }
    write_whole_file(path, proto.SerializeAsString());
}

}  // namespace hoist
