#include <array>
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

bool acts_on_coordinates(const Activation& phi) {
    return phi.name() != "softmax" && phi.name() != "simplex";
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

/// The chain of maps and activations. Pictures lie as ONNX has them, channels outermost, between
/// convolutions, and as a row of numbers, channels innermost, elsewhere.
class ChainWriter {
  public:
    ChainWriter(OnnxBuilder& graph, const PortableModel& model, std::string x)
        : graph_(graph), model_(model), x_(std::move(x)) {}

    void operator()() {
        const NetworkSpec& network = model_.network;
        const std::string input = x_;
        for (Index l = 0; l < network.layers(); ++l) {
            add_map(l);
            if (l + 1 < network.layers()) {
                activate(network.activation(l + 1), network.map(l).to, network.block(l + 1));
            } else if (!network.regression() && network.output != Output::linear) {
                x_ = add_activation(graph_, *parse_activation(to_text(network.output)),
                                    network.outputs(), x_);
            }
        }
        if (network.pictures()) {
            finish_picture(input);
        }
    }

  private:
    void make_picture(const Shape& shape) {
        if (!picture_) {
            reshape({0, shape.rows, shape.columns, shape.channels});  // 0 keeps the batch
            transpose({0, 3, 1, 2});
            picture_ = true;
        }
    }
    void make_row(const Shape& shape) {
        if (picture_) {
            transpose({0, 2, 3, 1});
            reshape({0, shape.size()});
            picture_ = false;
        }
    }
    // Of the outputs the picture, from 0 to 1. OpenCV 4.6 reads DepthToSpace of batches of one size only.
    void finish_picture(const std::string& input) {
        const NetworkSpec& network = model_.network;
        const Shape& u = network.block(network.layers());
        const Shape picture = network.picture();
        make_row(u);
        if (network.shuffle > 1) {
            reshape({0, u.rows, u.columns, network.shuffle, network.shuffle * picture.channels});
            transpose({0, 1, 3, 2, 4});
            reshape({0, picture.size()});
        }
        if (network.adds_input) {
            x_ = graph_.node("Add", {input, x_});
        }
        x_ = graph_.node("HardSigmoid", {x_}, {{"alpha", 1.0F}, {"beta", 0.0F}});
    }
    void reshape(const std::vector<std::int64_t>& sizes) {
        const std::string shape =
            graph_.constant(graph_.next("Reshape") + "_shape",
                            std::array{static_cast<std::int64_t>(sizes.size())}, sizes);
        x_ = graph_.node("Reshape", {x_, shape});
    }
    void transpose(const std::vector<std::int64_t>& order) {
        x_ = graph_.node("Transpose", {x_}, {{"perm", order}});
    }
    void pool(const char* op, const Windows& windows) {
        x_ =
            graph_.node(op, {x_},
                        {{"kernel_shape", std::vector<std::int64_t>{windows.rows, windows.columns}},
                         {"strides", std::vector<std::int64_t>(2, windows.stride)}});
    }

    void add_map(Index l) {
        const MapSpec& map = model_.network.map(l);
        const Weights<double>& weights = model_.maps[static_cast<std::size_t>(l)];
        if (!map.simple() || map.adjoint) {
            throw UsageError(
                "a network of " + model_.network.layers_text() + " cannot be exported to ONNX",
                "its maps carry channels along", "export to .npz");
        }
        const std::string number = std::to_string(l);
        const std::string bias =
            add_numbers(graph_, "bias_" + number, {map.outputs()}, weights.bias, model_.precision);
        if (map.in_front) {
            make_picture(map.from);
            pool("AveragePool", *map.in_front->means());
        }
        if (map.dense()) {
            make_row(map.windows.from);
            const std::string matrix =
                add_numbers(graph_, "weights_" + number, {map.outputs(), map.inputs()},
                            weights.matrix.transpose(), model_.precision);
            add_to(map, graph_.node("Gemm", {x_, matrix, bias}, {{"transB", 1}}));
            return;
        }
        make_picture(map.windows.from);
        const Windows& windows = map.windows;
        const std::string filters =
            add_numbers(graph_, "weights_" + number,
                        {map.outputs(), windows.from.channels, windows.rows, windows.columns},
                        channels_outermost(weights.matrix, windows), model_.precision);
        add_to(map, graph_.node(
                        "Conv", {x_, filters, bias},
                        {{"kernel_shape", std::vector<std::int64_t>{windows.rows, windows.columns}},
                         {"strides", std::vector<std::int64_t>(2, windows.stride)},
                         {"pads", std::vector<std::int64_t>(4, windows.padding)}}));
    }

    void add_to(const MapSpec& map, const std::string& u) {
        x_ = map.residual() ? graph_.node("Add", {x_, u}) : u;
    }

    /// A filter in each column.
    static Matrix<double> channels_outermost(const Matrix<double>& matrix, const Windows& windows) {
        const Index places = windows.rows * windows.columns;
        Matrix<double> turned(matrix.cols(), matrix.rows());
        for (Index filter = 0; filter < matrix.rows(); ++filter) {
            for (Index place = 0; place < places; ++place) {
                for (Index channel = 0; channel < windows.from.channels; ++channel) {
                    turned(channel * places + place, filter) =
                        matrix(filter, place * windows.from.channels + channel);
                }
            }
        }
        return turned;
    }

    void activate(const Activation& phi, const Shape& u, const Shape& x) {
        if (phi.windows()) {
            make_picture(u);
            pool("MaxPool", *phi.windows());
        }
        const auto plain = parse_activation(phi.name());
        const Shape pooled{x.rows, x.columns, plain->input(x).channels};
        const ActivationTraits traits = plain->traits();
        if (traits.group > 1 || traits.entries > 1 || !acts_on_coordinates(*plain)) {
            make_row(phi.windows() ? pooled : u);
        }
        x_ = add_activation(graph_, *plain, x.size(), x_);
    }

    OnnxBuilder& graph_;
    const PortableModel& model_;
    std::string x_;
    bool picture_ = false;
};

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
    ChainWriter(graph, model, x)();
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
