#include "hoist/problem/batch_inputs.hpp"

#include <vector>

namespace hoist {

template <typename Scalar>
void InputBlock<Scalar>::apply(const LinearMap<Scalar>& map, MatrixRef<Scalar> u) const {
    if (compressed) {
        map.apply(*compressed, u);
    } else {
        map.apply(dense, u);
    }
}

template <typename Scalar>
void InputBlock<Scalar>::decompress(MatrixRef<Scalar> x) const {
    if (compressed) {
        compressed->decompress(x);
    } else {
        x = dense;
    }
}

template <typename Scalar>
void InputBlock<Scalar>::add_moment(const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> g) const {
    if (compressed) {
        compressed->add_moment(s, g);
    } else {
        g.noalias() += s * dense.transpose();
    }
}

template <typename Scalar>
BatchInputs<Scalar>::BatchInputs(const Matrix<Scalar>& inputs, Index first, const MapSpec& map,
                                 Augmentation augmentation, std::uint64_t seed,
                                 std::shared_ptr<const PicturePatches<Scalar>> patches)
    : inputs_(inputs),
      first_(first),
      augmentation_(std::move(augmentation)),
      seed_(seed),
      patches_(std::move(patches)) {
    CompressedColumns<Scalar> probe(inputs.rows());
    const Index probed = std::min<Index>(inputs.cols(), 1000);
    probe.append(inputs.leftCols(probed));
    compresses_ = map.plain() && !augmentation_.fills_zeros() && probed > 0 &&
                  CompressedColumns<Scalar>::worthwhile(probe.density(), map.outputs());
    if (compresses_ && !augmentation_.active()) {
        stored_.emplace(inputs.rows());
        stored_->append(inputs);
    }
}

template <typename Scalar>
void BatchInputs<Scalar>::apply(const LinearMap<Scalar>& map, Range columns,
                                Matrix<Scalar>& u) const {
    if (stored_) {
        map.apply(*stored_, columns, u);
    } else {
        map.apply(inputs_.middleCols(columns.begin, columns.size()), u);
    }
}

template <typename Scalar>
void BatchInputs<Scalar>::fill(Index epoch, std::span<const Index> samples,
                               InputBlock<Scalar>& block) const {
    if (compresses_ && !block.compressed) {
        block.compressed.emplace(inputs_.rows());
    }
    if (stored_) {
        std::vector<Index> local(samples.begin(), samples.end());
        for (Index& sample : local) {
            sample -= first_;
        }
        block.compressed->clear();
        block.compressed->append(*stored_, local);
        return;
    }
    block.dense.resize(inputs_.rows(), static_cast<Index>(samples.size()));
    for (std::size_t i = 0; i < samples.size(); ++i) {
        auto column = block.dense.col(static_cast<Index>(i));
        const std::span<Scalar> x(column.data(), static_cast<std::size_t>(column.size()));
        if (patches_) {
            patches_->input(epoch, samples[i], x);
            continue;
        }
        column = inputs_.col(samples[i] - first_);
        if (augmentation_.active()) {
            augmentation_.apply(seed_, epoch, samples[i], x);
        }
    }
    if (compresses_) {
        block.compressed->clear();
        block.compressed->append(block.dense);
    }
}

template struct InputBlock<float>;
template struct InputBlock<double>;
template class BatchInputs<float>;
template class BatchInputs<double>;

}  // namespace hoist
