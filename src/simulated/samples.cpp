#include "hoist/base/error.hpp"
#include "hoist/data/dataset.hpp"
#include "hoist/problem/batch_inputs.hpp"
#include "hoist/problem/problem.hpp"
#include "spend.hpp"

namespace hoist {

std::vector<std::string> data_formats() { return {"glyphs"}; }

template <typename Scalar>
Problem<Scalar> make_problem(const Config&, const Communicator&, TargetUnit) {
    throw UsageError("there are no data in a simulation", "", "give the number of samples");
}

template <typename Scalar>
void draw_columns(std::uint64_t, bool, Samples<Scalar>&) {}

template <typename Scalar>
void InputBlock<Scalar>::apply(const LinearMap<Scalar>& map, MatrixRef<Scalar> u) const {
    map.apply(dense, u);
}

template <typename Scalar>
void InputBlock<Scalar>::decompress(MatrixRef<Scalar>) const {}

template <typename Scalar>
void InputBlock<Scalar>::add_moment(const ConstMatrixRef<Scalar>&, MatrixRef<Scalar>) const {}

template <typename Scalar>
BatchInputs<Scalar>::BatchInputs(const Matrix<Scalar>& inputs, Index first, const MapSpec&,
                                 Augmentation augmentation, std::uint64_t seed,
                                 std::shared_ptr<const PicturePatches<Scalar>> patches)
    : inputs_(inputs),
      first_(first),
      augmentation_(std::move(augmentation)),
      seed_(seed),
      patches_(std::move(patches)) {}

template <typename Scalar>
void BatchInputs<Scalar>::apply(const LinearMap<Scalar>& map, Range columns,
                                Matrix<Scalar>& u) const {
    map.apply(inputs_.middleCols(columns.begin, columns.size()), u);
}

template <typename Scalar>
void BatchInputs<Scalar>::fill(Index, std::span<const Index> samples,
                               InputBlock<Scalar>& block) const {
    block.dense.resize(inputs_.rows(), static_cast<Index>(samples.size()));
    spend(kernels_of<Scalar>.passes(1.0, size_of(block.dense.size())));
}

template void draw_columns(std::uint64_t, bool, Samples<float>&);
template void draw_columns(std::uint64_t, bool, Samples<double>&);
template struct InputBlock<float>;
template struct InputBlock<double>;
template BatchInputs<float>::BatchInputs(const Matrix<float>&, Index, const MapSpec&, Augmentation,
                                         std::uint64_t,
                                         std::shared_ptr<const PicturePatches<float>>);
template BatchInputs<double>::BatchInputs(const Matrix<double>&, Index, const MapSpec&,
                                          Augmentation, std::uint64_t,
                                          std::shared_ptr<const PicturePatches<double>>);
template void BatchInputs<float>::apply(const LinearMap<float>&, Range, Matrix<float>&) const;
template void BatchInputs<double>::apply(const LinearMap<double>&, Range, Matrix<double>&) const;
template void BatchInputs<float>::fill(Index, std::span<const Index>, InputBlock<float>&) const;
template void BatchInputs<double>::fill(Index, std::span<const Index>, InputBlock<double>&) const;
template Problem<float> make_problem(const Config&, const Communicator&, TargetUnit);
template Problem<double> make_problem(const Config&, const Communicator&, TargetUnit);

}  // namespace hoist
