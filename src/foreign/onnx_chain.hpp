#pragma once

#include <optional>

#include "hoist/foreign/portable_model.hpp"
#include "onnx_constants.hpp"

namespace hoist {

/// Reads the nodes of a graph one after another as maps and activations of one chain.
class OnnxChain {
  public:
    /// @param shown the file's name, for messages.
    OnnxChain(const onnx::GraphProto& graph, const std::string& shown);

    /// The network, without its widths. @throws DataError, which names the node.
    PortableModel read();

  private:
    /// What the chain has just passed.
    enum class After { input, map, activation };

    /// Takes the node at `position` and those that belong to it. @return how many.
    int take(int position);

    void take_gemm(const onnx::NodeProto& node);
    void take_matmul(const onnx::NodeProto& node);
    void take_affine(const onnx::NodeProto& node);
    void scale_and_shift(const onnx::NodeProto& node, const Vector<double>& scale,
                         const Vector<double>& shift);
    void take_reshape(const onnx::NodeProto& node);
    void take_dropout(const onnx::NodeProto& node);
    void take_clip(const onnx::NodeProto& node);
    void add_map(const onnx::NodeProto& node, const OnnxConstant& matrix, bool transposed,
                 double factor);
    void add_activation(const onnx::NodeProto& node, const std::string& name);
    void pass(const onnx::NodeProto& node) { current_ = node.output(0); }
    const OnnxConstant& constant_of(const onnx::NodeProto& node, int input);
    [[noreturn]] void refuse(const onnx::NodeProto& node, const std::string& why,
                             const std::string& advice = "") const;
    void find_input();
    void finish();

    const onnx::GraphProto& graph_;
    const std::string& shown_;
    OnnxConstants constants_;
    PortableModel model_;
    /// The tensor that the chain has reached.
    std::string current_;
    After after_ = After::input;
    /// Whether samples are vectors by now.
    bool flat_ = true;
    /// The node of the last activation.
    const onnx::NodeProto* last_activation_ = nullptr;
    /// The inputs of a sample, where they are declared.
    std::optional<Index> declared_inputs_;
};

}  // namespace hoist
