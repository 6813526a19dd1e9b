#pragma once

#include <limits>
#include <map>
#include <string>

#include "onnx_node.hpp"
#include "onnx_tensor.hpp"

namespace hoist {

/// The constants of a graph: initializers, decoded when they are first used, and what nodes make of
/// constants.
class OnnxConstants {
  public:
    /// @param path of the model, for messages and for data beside it.
    /// @param numbers that may be made of them at most.
    OnnxConstants(const onnx::GraphProto& graph, const std::filesystem::path& path,
                  std::size_t numbers = std::numeric_limits<std::size_t>::max());

    bool contains(const std::string& name) const {
        return stored_.contains(name) || decoded_.contains(name);
    }
    /// @throws as OnnxTensorReader. @pre contains(name).
    const OnnxConstant& at(const std::string& name);

    void put(const std::string& name, OnnxConstant constant);

    /// Takes a node that makes a constant of constants. @return whether it is one.
    bool take(const onnx::NodeProto& node);

    /// Counts numbers against those that may be made, before they are. @throws OnnxRefusal.
    void spend(std::size_t numbers);

  private:
    OnnxConstant value_of(const onnx::NodeProto& node) const;

    OnnxTensorReader read_;
    std::size_t left_;
    std::map<std::string, const onnx::TensorProto*> stored_;
    std::map<std::string, OnnxConstant> decoded_;
};

}  // namespace hoist
