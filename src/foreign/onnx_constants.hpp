#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <string>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// A constant of a graph, its elements in row-major order; every type it may have is exact in
/// double.
struct OnnxConstant {
    std::vector<Index> shape;
    std::vector<double> values;
    /// Whether it is stored in double precision.
    bool full = false;
};

/// What a node is called in messages: `node Gemm_3 (Gemm)`.
std::string shown_node(const onnx::NodeProto& node);

/// An attribute, or nothing.
const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, const std::string& name);
/// A number in an attribute. @throws DataError where it has another type.
double number_attribute(const onnx::NodeProto& node, const std::string& name, double otherwise);

/// The constants of a graph: initializers, decoded when they are first used, and what Constant,
/// Identity, Cast and Transpose make of them. A cast to single precision keeps the more exact
/// numbers that it was given.
class OnnxConstants {
  public:
    /// @param shown the file's name, for messages.
    OnnxConstants(const onnx::GraphProto& graph, const std::string& shown);

    bool contains(const std::string& name) const {
        return stored_.contains(name) || decoded_.contains(name);
    }
    /// @throws DataError for a type that is not read, external data, and sizes that contradict.
    /// @pre contains(name).
    const OnnxConstant& at(const std::string& name);

    /// Takes a node that makes a constant of constants. @return whether it is one.
    bool take(const onnx::NodeProto& node);

  private:
    OnnxConstant decode(const onnx::TensorProto& tensor) const;
    OnnxConstant value_of(const onnx::NodeProto& node) const;

    const std::string& shown_;
    std::map<std::string, const onnx::TensorProto*> stored_;
    std::map<std::string, OnnxConstant> decoded_;
};

}  // namespace hoist
