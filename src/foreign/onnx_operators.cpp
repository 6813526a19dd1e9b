#include "onnx_operators.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numbers>
#include <numeric>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

using Attributes = OnnxAttributes;

void set_value(onnx::AttributeProto& attribute, const OnnxAttribute& value) {
    if (const auto* real = std::get_if<float>(&value)) {
        attribute.set_type(onnx::AttributeProto::FLOAT);
        attribute.set_f(*real);
    } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
        attribute.set_type(onnx::AttributeProto::INT);
        attribute.set_i(*whole);
    } else {
        attribute.set_type(onnx::AttributeProto::INTS);
        for (const std::int64_t number : std::get<std::vector<std::int64_t>>(value)) {
            attribute.add_ints(number);
        }
    }
}

// slope u + shift clipped to [0, 1]. Clip would say it more plainly, but OpenCV 4.6 reads Clip of
// opset 10 and older only.
std::string add_ramp(OnnxBuilder& graph, double slope, double shift, const std::string& u) {
    return graph.node("HardSigmoid", {u},
                      {{"alpha", static_cast<float>(slope)}, {"beta", static_cast<float>(shift)}});
}

// The projection is max(u - tau, 0), where tau is the largest of (u_(1) + ... + u_(k) - 1) / k over
// k, u_(1) >= u_(2) >= ... being the sorted entries: these rise with k as long as the next entry
// is above them. Everything is shifted by the largest entry, so that nothing cancels.
std::string add_simplex(OnnxBuilder& graph, Index width, const std::string& u) {
    const Attributes over_units{{"axes", std::vector<std::int64_t>{1}}, {"keepdims", 1}};
    const std::string largest = graph.node("ReduceMax", {u}, over_units);
    const std::string shifted = graph.node("Sub", {u, largest});
    const std::string count = graph.constant(graph.next("TopK") + "_k", std::array{std::int64_t{1}},
                                             std::array{std::int64_t{width}});
    const std::string sorted = graph.node("TopK", {shifted, count}, {{"axis", 1}});
    const std::string axis = graph.whole_number(graph.next("CumSum") + "_axis", 1);
    const std::string sums = graph.node("CumSum", {sorted, axis});
    const std::string one = graph.scalar(graph.next("Sub") + "_one", 1.0);
    const std::string excess = graph.node("Sub", {sums, one});
    std::vector<float> numbers(static_cast<std::size_t>(width));
    std::iota(numbers.begin(), numbers.end(), 1.0F);
    const std::string divisors =
        graph.constant(graph.next("Div") + "_k", std::array{std::int64_t{width}}, numbers);
    const std::string means = graph.node("Div", {excess, divisors});
    const std::string tau = graph.node("ReduceMax", {means}, over_units);
    return graph.node("Relu", {graph.node("Sub", {shifted, tau})});
}

std::string add_maxpool(OnnxBuilder& graph, Index group, Index width, const std::string& u) {
    const std::string shape =
        graph.constant(graph.next("Reshape") + "_shape", std::array{std::int64_t{3}},
                       std::array<std::int64_t, 3>{0, width, group});  // 0 keeps the batch
    return graph.node("ReduceMax", {graph.node("Reshape", {u, shape})},
                      {{"axes", std::vector<std::int64_t>{2}}, {"keepdims", 0}});
}

// phi is linear between labels: with its values there, phi(u) = phi(t_2) + the sum over the intervals
// of its slope times the way of u on them, counted from t_2.
std::string add_lifting(OnnxBuilder& graph, const Activation& phi, Index width,
                        const std::string& u) {
    constexpr float unbounded = std::numeric_limits<float>::max();
    const std::vector<double> labels = phi.labels();
    const Index entries = phi.traits().entries;
    const auto intervals = labels.size() - 1;
    Matrix<double> values(entries, std::ssize(labels));
    phi.apply(Eigen::Map<const Matrix<double>>(labels.data(), 1, std::ssize(labels)), values);
    std::vector<float> low;
    std::vector<float> high;
    std::vector<float> from;
    std::vector<float> slopes;
    std::vector<float> start;
    for (std::size_t k = 0; k < intervals; ++k) {
        const auto at = static_cast<Index>(k);
        low.push_back(k == 0 ? -unbounded : static_cast<float>(labels[k]));
        high.push_back(k + 1 == intervals ? unbounded : static_cast<float>(labels[k + 1]));
        from.push_back(static_cast<float>(labels[std::max<std::size_t>(k, 1)]));
        for (Index e = 0; e < entries; ++e) {
            slopes.push_back(static_cast<float>((values(e, at + 1) - values(e, at)) /
                                                (labels[k + 1] - labels[k])));
        }
    }
    for (Index e = 0; e < entries; ++e) {
        start.push_back(static_cast<float>(values(e, 1)));
    }
    const auto ways = static_cast<std::int64_t>(intervals);
    const auto with = [&](const char* op, const std::string& x, const std::vector<float>& numbers,
                          std::vector<std::int64_t> shape) {
        return graph.node(op, {x, graph.constant(graph.next(op) + "_numbers", shape, numbers)});
    };
    const auto reshaped = [&](const std::string& x, std::vector<std::int64_t> shape) {
        const std::array size{std::ssize(shape)};
        return graph.node("Reshape",
                          {x, graph.constant(graph.next("Reshape") + "_shape", size, shape)});
    };
    std::string x = reshaped(u, {0, width / entries, 1});  // 0 keeps the batch
    x = with("Sub", with("Min", with("Max", x, low, {ways}), high, {ways}), from, {ways});
    x = with("Add", with("MatMul", x, slopes, {ways, entries}), start, {entries});
    return reshaped(x, {0, width});
}

}  // namespace

std::string OnnxBuilder::node(const std::string& op, const std::vector<std::string>& inputs,
                              const OnnxAttributes& attributes) {
    const std::string name = next(op);
    onnx::NodeProto& node = *graph_.add_node();
    node.set_name(name);
    node.set_op_type(op);
    for (const std::string& input : inputs) {
        node.add_input(input);
    }
    node.add_output(name);
    if (op == "TopK") {
        node.add_output(name + "_places");
    }
    for (const auto& [key, value] : attributes) {
        onnx::AttributeProto& attribute = *node.add_attribute();
        attribute.set_name(key);
        set_value(attribute, value);
    }
    return name;
}

onnx::TensorProto& OnnxBuilder::add(const std::string& name, std::span<const std::int64_t> shape,
                                    int type) {
    onnx::TensorProto& tensor = *graph_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const std::int64_t size : shape) {
        tensor.add_dims(size);
    }
    return tensor;
}

std::string OnnxBuilder::constant(const std::string& name, std::span<const std::int64_t> shape,
                                  std::span<const float> values) {
    const auto bytes = std::as_bytes(values);
    add(name, shape, onnx::TensorProto::FLOAT).set_raw_data(bytes.data(), bytes.size());
    return name;
}

std::string OnnxBuilder::constant(const std::string& name, std::span<const std::int64_t> shape,
                                  std::span<const double> values) {
    // OpenCV 4.6 finds doubles only here, not in raw_data.
    add(name, shape, onnx::TensorProto::DOUBLE)
        .mutable_double_data()
        ->Add(values.begin(), values.end());
    return name;
}

std::string OnnxBuilder::constant(const std::string& name, std::span<const std::int64_t> shape,
                                  std::span<const std::int64_t> values) {
    add(name, shape, onnx::TensorProto::INT64)
        .mutable_int64_data()
        ->Add(values.begin(), values.end());
    return name;
}

std::string OnnxBuilder::scalar(const std::string& name, double value) {
    return constant(name, {}, std::array{static_cast<float>(value)});
}

std::string OnnxBuilder::whole_number(const std::string& name, std::int64_t value) {
    return constant(name, {}, std::array{value});
}

std::string add_activation(OnnxBuilder& graph, const Activation& phi, Index width,
                           const std::string& u) {
    static const std::map<std::string, std::string, std::less<>> plain{
        {"relu", "Relu"},         {"sigmoid", "Sigmoid"}, {"tanh", "Tanh"},
        {"softplus", "Softplus"}, {"sign", "Sign"},       {"sin", "Sin"}};
    const std::string full = phi.name();
    const std::string name = full.substr(0, full.find('('));
    const auto parameter = static_cast<float>(phi.parameter().value_or(0.0));
    if (const auto found = plain.find(name); found != plain.end()) {
        return graph.node(found->second, {u});
    }
    if (name == "identity") {
        return u;
    }
    if (name == "softmax") {
        return graph.node("Softmax", {u}, {{"axis", 1}});
    }
    if (name == "leaky_relu") {
        return graph.node("LeakyRelu", {u}, {{"alpha", parameter}});
    }
    if (name == "soft_threshold") {
        return graph.node("Shrink", {u}, {{"bias", parameter}, {"lambd", parameter}});
    }
    if (name == "hard_sigmoid") {
        return add_ramp(graph, 1.0, 0.0, u);
    }
    if (name == "hard_tanh") {  // 2 clip(u/2 + 1/2, 0, 1) - 1
        const std::string ramp = add_ramp(graph, 0.5, 0.5, u);
        const std::string doubled =
            graph.node("Mul", {ramp, graph.scalar(graph.next("Mul") + "_two", 2.0)});
        return graph.node("Sub", {doubled, graph.scalar(graph.next("Sub") + "_one", 1.0)});
    }
    if (name == "gelu") {  // u (erf(u / sqrt 2) + 1) / 2, in the order in which PyTorch writes it
        const auto with = [&](const char* op, const std::string& x, double value) {
            return graph.node(op, {x, graph.scalar(graph.next(op) + "_number", value)});
        };
        const std::string error = graph.node("Erf", {with("Div", u, std::numbers::sqrt2)});
        return with("Mul", graph.node("Mul", {u, with("Add", error, 1.0)}), 0.5);
    }
    if (name == "saturated_sin") {  // sin(pi clip(u/pi + 1/2, 0, 1) - pi/2)
        constexpr double pi = std::numbers::pi;
        const std::string ramp = add_ramp(graph, 1.0 / pi, 0.5, u);
        const std::string angle =
            graph.node("Mul", {ramp, graph.scalar(graph.next("Mul") + "_pi", pi)});
        return graph.node(
            "Sin", {graph.node("Sub", {angle, graph.scalar(graph.next("Sub") + "_quarter_turn",
                                                           pi / 2.0)})});
    }
    if (name == "simplex") {
        return add_simplex(graph, width, u);
    }
    if (name == "maxpool") {
        return add_maxpool(graph, phi.input(Shape::vector(1)).size(), width, u);
    }
    if (!phi.labels().empty()) {
        return add_lifting(graph, phi, width, u);
    }
    throw UsageError("the activation " + full + " cannot be exported to ONNX",
                     "it has no expression in its operators", "export to .npz");
}

}  // namespace hoist
