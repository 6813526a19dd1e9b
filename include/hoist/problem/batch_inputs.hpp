#pragma once

#include <memory>
#include <optional>
#include <span>

#include "hoist/math/compressed_columns.hpp"
#include "hoist/model/linear_map.hpp"
#include "hoist/problem/augmentation.hpp"
#include "hoist/problem/picture_patches.hpp"

namespace hoist {

/// The columns of the input that one block of a mini-batch holds, compressed or not.
template <typename Scalar>
struct InputBlock {
    Matrix<Scalar> dense;
    std::optional<CompressedColumns<Scalar>> compressed;

    Index columns() const { return compressed ? compressed->cols() : dense.cols(); }
    /// u = W x + b.
    void apply(const LinearMap<Scalar>& map, MatrixRef<Scalar> u) const;
    void decompress(MatrixRef<Scalar> x) const;
    /// g += s x'.
    void add_moment(const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> g) const;
};

/// Where the inputs of mini-batches come from: this rank's columns of the data, as they are or
/// augmented, and compressed where so many of them are zero that it pays.
template <typename Scalar>
class BatchInputs {
  public:
    /// @param inputs n_0 x own columns, the first of which is sample `first`; must outlive this.
    /// @param map that they meet.
    /// @param patches where they come from instead, if there are any.
    BatchInputs(const Matrix<Scalar>& inputs, Index first, const MapSpec& map,
                Augmentation augmentation, std::uint64_t seed,
                std::shared_ptr<const PicturePatches<Scalar>> patches = nullptr);

    bool compresses() const { return compresses_; }
    /// Bytes of the compressed copy.
    std::size_t bytes() const { return stored_ ? stored_->bytes() : 0; }

    /// u = W x + b for some of the columns as they are, without augmentation.
    void apply(const LinearMap<Scalar>& map, Range columns, Matrix<Scalar>& u) const;

    /// Makes `block` hold `samples`, as they are in `epoch`.
    void fill(Index epoch, std::span<const Index> samples, InputBlock<Scalar>& block) const;

  private:
    const Matrix<Scalar>& inputs_;
    Index first_;
    Augmentation augmentation_;
    std::uint64_t seed_;
    std::shared_ptr<const PicturePatches<Scalar>> patches_;
    bool compresses_ = false;
    std::optional<CompressedColumns<Scalar>> stored_;
};

}  // namespace hoist
