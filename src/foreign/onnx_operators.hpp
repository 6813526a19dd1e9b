#pragma once

#include <onnx/onnx_pb.h>

#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "hoist/math/activation.hpp"

namespace hoist {

using OnnxAttribute = std::variant<float, std::int64_t, std::vector<std::int64_t>>;
using OnnxAttributes = std::vector<std::pair<std::string, OnnxAttribute>>;

/// Adds nodes and constants to a graph. What a node gives has the node's name.
class OnnxBuilder {
  public:
    explicit OnnxBuilder(onnx::GraphProto& graph) : graph_(graph) {}

    /// @return the name of what the node gives.
    std::string node(const std::string& op, const std::vector<std::string>& inputs,
                     const OnnxAttributes& attributes = {});

    /// @return the name of the constant.
    std::string constant(const std::string& name, std::span<const std::int64_t> shape,
                         std::span<const float> values);
    std::string constant(const std::string& name, std::span<const std::int64_t> shape,
                         std::span<const double> values);
    std::string constant(const std::string& name, std::span<const std::int64_t> shape,
                         std::span<const std::int64_t> values);
    /// A float without dimensions, or a whole number.
    std::string scalar(const std::string& name, double value);
    std::string whole_number(const std::string& name, std::int64_t value);

    /// A name that no node has, for constants of the next one.
    std::string next(const std::string& op) const {
        return op + "_" + std::to_string(graph_.node_size());
    }

  private:
    onnx::TensorProto& add(const std::string& name, std::span<const std::int64_t> shape, int type);

    onnx::GraphProto& graph_;
};

/// Adds x = phi(u), both batch x units, in operators of opset 13.
/// @param width of x.
/// @return the name of x.
/// @throws UsageError for an activation that has no expression there.
std::string add_activation(OnnxBuilder& graph, const Activation& phi, Index width,
                           const std::string& u);

}  // namespace hoist
