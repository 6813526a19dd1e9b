#pragma once

#include <filesystem>
#include <map>

#include "hoist/foreign/portable_model.hpp"
#include "onnx_affine.hpp"
#include "onnx_constants.hpp"
#include "onnx_route.hpp"
#include "onnx_samples.hpp"

namespace hoist {

/// Reads the nodes of a graph one after another as maps and activations of one chain.
class OnnxChain {
  public:
    /// @param opset of ONNX itself.
    /// @param path of the model, for messages and for data beside it.
    /// @param numbers that the model may have at most.
    OnnxChain(const onnx::GraphProto& graph, std::int64_t opset, const std::filesystem::path& path,
              std::size_t numbers);

    /// The network, without its widths. @throws DataError, which names the node; MissingError.
    PortableModel read();

  private:
    using Node = onnx::NodeProto;
    using Reader = void (OnnxChain::*)(const Node&);
    /// What the chain has just passed.
    enum class After { input, map, activation };

    static const std::map<std::string, Reader>& readers();
    /// Those that may stand behind the last scores.
    static bool may_end(const std::string& op);

    void find_input();
    void declare_input(const onnx::ValueInfoProto& input);
    /// Takes the node at `position` and those that belong to it. @return how many.
    std::size_t take(std::size_t position);
    void check_takes_chain(const Node& node);
    void finish();
    [[noreturn]] void refuse_node(const Node& node, const OnnxRefusal& refusal) const;

    // Each takes a node of the chain; onnx_maps.cpp,
    void take_gemm(const Node& node);
    void take_matmul(const Node& node);
    void take_arithmetic(const Node& node);
    void take_negation(const Node& node);
    void take_batch_normalization(const Node& node);
    // onnx_activations.cpp,
    void take_plain(const Node& node);
    void take_leaky_relu(const Node& node);
    void take_prelu(const Node& node);
    void take_shrink(const Node& node);
    void take_softmax(const Node& node);
    void take_log_softmax(const Node& node);
    void take_log(const Node& node);
    void take_clip(const Node& node);
    void take_bound(const Node& node);
    void take_hard_sigmoid(const Node& node);
    // onnx_shapes.cpp,
    void take_same(const Node& node);
    void take_cast(const Node& node);
    void take_dropout(const Node& node);
    void take_flatten(const Node& node);
    void take_reshape(const Node& node);
    void take_squeeze(const Node& node);
    void take_transpose(const Node& node);
    // onnx_pictures.cpp,
    void take_convolution(const Node& node);
    void take_max_pool(const Node& node);
    void take_average_pool(const Node& node);
    void take_pad(const Node& node);
    // and onnx_labels.cpp.
    void take_concat(const Node& node);
    void take_argmax(const Node& node);
    void take_label(const Node& node);
    void take_zip_map(const Node& node);
    void take_normalizer(const Node& node);
    void take_scaler(const Node& node);
    void take_linear_classifier(const Node& node);
    void take_linear_regressor(const Node& node);

    /// @param columns the transpose of the map.
    void add_map(const Node& node, Matrix<double> columns, bool full);
    void add_map(const Node& node, const OnnxConstant& matrix, bool transposed, double factor);
    /// Without what its inputs come from.
    void append_map(MapSpec map, Matrix<double> columns, bool full);
    void multiply(const Node& node, const Vector<double>& factors);
    void add(const Node& node, const Vector<double>& terms);
    void clip(const Node& node, double low, double high);
    void add_activation(const Node& node, const std::string& name);
    /// Puts an activation behind the last map, and its maximum.
    void close_map(std::shared_ptr<const Activation> phi);
    /// @throws OnnxRefusal unless the chain has just passed a map.
    void check_above_map() const;
    /// Whether the scores are one sigmoid.
    bool is_probability() const;
    /// The pair that a probability p and 1 - p at `complement` are joined to, or null.
    const Node* joined(const std::string& complement) const;
    Weights<double>& last_map() { return model_.maps.back(); }

    // Of pictures, in onnx_pictures.cpp.
    static bool holds_pictures(const onnx::GraphProto& graph);
    /// The picture that the chain has reached. @throws OnnxRefusal unless it is one that lies so.
    const Shape& need_picture(bool outermost);
    std::vector<Index> picture_sizes() const;
    void set_picture(const Shape& shape);
    /// Whether a transposition moves the channels of a picture; takes note of that.
    bool turns_picture(const std::vector<double>& order);
    /// Whether a node adds to the last map's outputs what it takes; takes note of that.
    bool adds_what_the_map_takes(const Node& node);
    /// Of each number of a picture whose channels lie innermost, its place where they lie outermost.
    static std::vector<Index> channels_innermost(const Shape& shape);
    /// Numbers for all outputs of a convolution as those of its channels.
    Vector<double> of_channels(const Vector<double>& values);
    const OnnxConstant& constant_of(const Node& node, int input);
    void pass(const Node& node, int output = 0);
    void remark(const std::string& text) { model_.remarks.push_back(text); }

    const onnx::GraphProto& graph_;
    std::int64_t opset_;
    std::string shown_;
    OnnxRoute route_;
    OnnxConstants constants_;
    PortableModel model_;
    /// The tensor that the chain has reached.
    std::string current_;
    After after_ = After::input;
    SampleShape shape_;
    /// Of all tensors of the chain.
    std::map<std::string, SampleShape> shapes_;
    /// Of each map.
    std::vector<MapSpec> specs_;
    /// The tensor that the last map takes.
    std::string map_input_;
    /// Whether there are operators on pictures; what picture the numbers reached are, if one, and
    /// whether their channels lie outermost.
    bool pictures_;
    std::optional<Shape> picture_;
    bool channels_outermost_ = false;
    /// Behind the last map, and in front of the next.
    std::optional<Windows> maximum_;
    std::shared_ptr<const FixedOperator> in_front_;
    /// What stands between the last activation, or the inputs, and the next map.
    UnitwiseAffine between_;
    const Node* between_node_ = nullptr;
    const Node* last_activation_ = nullptr;
    /// Behind which nothing computes any more.
    const Node* end_ = nullptr;
    /// Whether the probability of the second class comes first.
    bool reversed_ = false;
};

}  // namespace hoist
