#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <string>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// A constant of a graph, its elements in row-major order; every type it may have is exact in
/// double, but for whole numbers beyond 2^53.
struct OnnxConstant {
    std::vector<Index> shape;
    std::vector<double> values;
    /// Whether it is stored in double precision.
    bool full = false;
    /// Whether it holds whole numbers. Of these NaN stands for the size of the batch, which is not
    /// known, and infinity for another size that is not.
    bool whole = false;
};

/// Reads the tensors of a model, whose numbers may lie in files beside it.
class OnnxTensorReader {
  public:
    explicit OnnxTensorReader(std::filesystem::path model) : model_(std::move(model)) {}

    /// @throws DataError for a type that is not read, sizes that contradict, and data outside of the
    /// model's folder; MissingError where the file beside it is not there.
    OnnxConstant operator()(const onnx::TensorProto& tensor) const;

    /// The size of all files beside the model that its initializers name. @throws as above.
    std::uint64_t bytes_beside(const onnx::GraphProto& graph) const;

  private:
    std::string problem_with(const onnx::TensorProto& tensor) const;
    std::string external_bytes(const onnx::TensorProto& tensor, std::size_t size) const;
    /// @throws DataError for a location outside of the model's folder.
    std::filesystem::path file_beside(const std::string& location,
                                      const std::string& problem) const;

    std::filesystem::path model_;
};

}  // namespace hoist
