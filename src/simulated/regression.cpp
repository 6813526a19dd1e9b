#include "hoist/math/normal_equations.hpp"
#include "hoist/math/ridge.hpp"
#include "hoist/model/map_work.hpp"
#include "hoist/train/batch_sums.hpp"
#include "spend.hpp"

namespace hoist {

NormalEquations::NormalEquations(Index inputs, Index outputs, Shard shard)
    : inputs_(inputs), outputs_(outputs), shard_(shard), gram_size_(inputs * (inputs + 1) / 2) {
    values_.resize(target_means_begin() + shard.count * outputs);
}

NormalEquations::NormalEquations(InputCenter center, Index outputs, Shard shard)
    : inputs_(center.mean.size()), outputs_(outputs), shard_(shard), gram_size_(0) {
    values_.resize(target_means_begin() + shard.count * outputs);
}

template <typename Scalar>
void NormalEquations::add(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>&) {
    if (has_gram()) {
        add_gram<Scalar>(x);
    }
    spend(kernels_of<Scalar>.moment(size_of(inputs_), size_of(outputs_), size_of(x.cols())));
}

template <typename Scalar>
void NormalEquations::add_gram(const ConstMatrixRef<Scalar>& x) {
    spend(kernels_of<Scalar>.gram(size_of(inputs_), size_of(x.cols())));
}

void NormalEquations::clear() {}

RidgeFactor::RidgeFactor(const NormalEquations& equations, double, double precision)
    : mean_(equations.inputs()), precision_(precision) {
    spend(kernels_of_run().factor(size_of(equations.inputs())));
}

Matrix<double> RidgeFactor::solve(const NormalEquations& equations, Range outputs) const {
    spend(kernels_of_run().solution(size_of(equations.inputs()), size_of(outputs.size())));
    return Matrix<double>(equations.inputs() + 1, outputs.size());
}

InputCenter RidgeFactor::center(Index) const { return {mean_, {}}; }

template <typename Scalar>
BatchSums<Scalar>::BatchSums(const Stage<Scalar>& stage, const Solvers& solvers, Index most_columns)
    : stage_(stage), most_columns_(most_columns) {
    Index numbers = 0;
    for (std::size_t i = 0; i < stage.weights.size(); ++i) {
        const Index n = stage.weights[i].matrix.cols();
        const Index m = stage.weights[i].matrix.rows();
        const Index gram = solvers[i]->wants_input_gram() ? n + 1 : 0;
        const Index signals = solvers[i]->wants_signal_gram() ? m : 0;
        const bool keeps_inputs = solvers[i]->wants_inputs();
        places_.push_back({numbers, 0, 0, 0, 0, n, m, gram, signals, keeps_inputs, false, false});
        numbers +=
            m * (n + 1) + gram * gram + signals * signals + (keeps_inputs ? n * most_columns : 0);
    }
    values_.resize(numbers);
}

template <typename Scalar>
void BatchSums<Scalar>::begin(Range, Index) {}

template <typename Scalar>
void BatchSums<Scalar>::add(std::size_t position, Index, const ConstMatrixRef<Scalar>&,
                            MatrixRef<Scalar> s) {
    const Place& place = places_[position];
    const LinearMap<Scalar> map = this->map(position);
    const MapWork work(kernels_of<Scalar>, map.spec());
    const double columns = size_of(s.cols());
    spend(work.gradient(columns) + (place.input_gram_size > 0 ? work.input_gram(columns) : Work{}) +
          (place.signal_gram_size > 0 ? work.signal_gram(columns) : Work{}));
}

template <typename Scalar>
void BatchSums<Scalar>::add_rows(std::size_t position, Index, const ConstMatrixRef<Scalar>&,
                                 MatrixRef<Scalar> s, Range rows) {
    const Place& place = places_[position];
    const MapWork work(kernels_of<Scalar>, map(position).spec());
    const double columns = size_of(s.cols());
    const double share = size_of(rows.size()) / size_of(place.outputs);
    const bool first = rows.begin == 0;
    const bool last = rows.end == place.outputs;
    spend(work.gradient(columns) * share +
          (first && place.input_gram_size > 0 ? work.input_gram(columns) : Work{}) +
          (last && place.signal_gram_size > 0 ? work.signal_gram(columns) : Work{}));
}

template <typename Scalar>
void BatchSums<Scalar>::add(std::size_t position, Index first, std::span<const InputBlock<Scalar>>,
                            MatrixRef<Scalar> s) {
    add(position, first, ConstMatrixRef<Scalar>(s), s);
}

template <typename Scalar>
void BatchSums<Scalar>::add(std::size_t, const BlockMoments<Scalar>&) {}

template <typename Scalar>
void BatchSums<Scalar>::add_gradient(std::size_t, const ConstMatrixRef<Scalar>&) {}

template <typename Scalar>
RowMoments<Scalar> BatchSums<Scalar>::moments(std::size_t, Scalar) const {
    return {};
}

template <typename Scalar>
BatchEquations<Scalar> BatchSums<Scalar>::equations(std::size_t) const {
    const Eigen::Map<const Matrix<Scalar>> none(nullptr, 0, 0);
    return {none, none, none, none};
}

template void NormalEquations::add<float>(const ConstMatrixRef<float>&,
                                          const ConstMatrixRef<float>&);
template void NormalEquations::add<double>(const ConstMatrixRef<double>&,
                                           const ConstMatrixRef<double>&);
template void NormalEquations::add_gram<float>(const ConstMatrixRef<float>&);
template void NormalEquations::add_gram<double>(const ConstMatrixRef<double>&);
template class BatchSums<float>;
template class BatchSums<double>;

}  // namespace hoist
