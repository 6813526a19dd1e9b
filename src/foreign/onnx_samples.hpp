#pragma once

#include <optional>
#include <vector>

#include "hoist/math/matrix.hpp"
#include "onnx_node.hpp"
#include "onnx_tensor.hpp"

namespace hoist {

/// The dimensions that a tensor has behind that of the batch. Nodes may change them as long as the
/// batch stays the first and the numbers of a sample keep their order. All functions
/// @throws OnnxRefusal otherwise.
class SampleShape {
  public:
    static constexpr Index unknown = -1;

    /// One dimension of unknown size.
    SampleShape() : sizes_{unknown} {}
    /// @param batch where it is declared.
    SampleShape(std::vector<Index> sizes, std::optional<Index> batch);

    /// How many numbers a sample has, or unknown.
    Index size() const;
    /// Whether its numbers lie along the last dimension.
    bool is_row() const;
    std::size_t rank() const { return sizes_.size(); }
    const std::vector<Index>& sizes() const { return sizes_; }

    /// What the operator Shape gives.
    OnnxConstant as_constant(const onnx::NodeProto& node) const;

    void flatten(double axis);
    void reshape(const std::vector<double>& sizes, bool zeros_are_sizes);
    void squeeze(const std::vector<double>& axes);
    void unsqueeze(const std::vector<double>& axes);
    void transpose(const std::vector<double>& order);

    /// The numbers of a constant that meets the samples in an operator that broadcasts: one for
    /// each number of a sample, or one for all. Sizes that are not known are taken from it.
    /// @param name of the constant, for messages.
    Vector<double> spread(const OnnxConstant& constant, const std::string& name);

    /// Replaces the last dimension.
    void set_last(Index size);

  private:
    bool batch_may_be(double size) const;
    void check_rank() const;

    std::vector<Index> sizes_;
    std::optional<Index> batch_;
};

}  // namespace hoist
