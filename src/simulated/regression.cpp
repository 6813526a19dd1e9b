#include "hoist/math/normal_equations.hpp"
#include "hoist/math/ridge.hpp"
#include "hoist/train/batch_sums.hpp"
#include "spend.hpp"

namespace hoist {

NormalEquations::NormalEquations(Index inputs, Index outputs, Gram gram)
    : inputs_(inputs), outputs_(outputs), kind_(gram) {
    values_.resize((inputs + 1) * (gram == Gram::included ? inputs + 1 + outputs : outputs));
}

template <typename Scalar>
void NormalEquations::add(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& t) {
    add_gram<Scalar>(x);
    add_moment<Scalar>(x, t);
}

template <typename Scalar>
void NormalEquations::add_gram(const ConstMatrixRef<Scalar>& x) {
    spend(kernels_of<Scalar>.gram(size_of(inputs_), size_of(x.cols())));
}

template <typename Scalar>
void NormalEquations::add_moment(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>&) {
    spend(kernels_of<Scalar>.moment(size_of(inputs_), size_of(outputs_), size_of(x.cols())));
}

void NormalEquations::clear() {}

Eigen::Map<const Matrix<double>> NormalEquations::gram() const {
    return {values_.data(), inputs_ + 1, inputs_ + 1};
}

Eigen::Map<const Matrix<double>> NormalEquations::moment() const {
    return {values_.data() + values_.size() - (inputs_ + 1) * outputs_, inputs_ + 1, outputs_};
}

RidgeFactor::RidgeFactor(const ConstMatrixRef<double>& gram, double) {
    spend(kernels_of_run().factor(size_of(gram.rows() - 1)));
}

Matrix<double> RidgeFactor::solve(const ConstMatrixRef<double>& moment) const {
    spend(kernels_of_run().solution(size_of(moment.rows() - 1), size_of(moment.cols())));
    return Matrix<double>(moment.rows(), moment.cols());
}

template <typename Scalar>
BatchSums<Scalar>::BatchSums(const Stage<Scalar>& stage, const Solvers& solvers, Index most_columns)
    : most_columns_(most_columns) {
    Index numbers = 0;
    for (std::size_t i = 0; i < stage.layers.size(); ++i) {
        const Index n = stage.layers[i].weights.matrix.cols();
        const Index m = stage.layers[i].weights.matrix.rows();
        const Index gram = solvers[i]->wants_input_gram() ? n + 1 : 0;
        const Index signals = solvers[i]->wants_signal_gram() ? m : 0;
        const bool keeps_inputs = solvers[i]->wants_inputs();
        places_.push_back({0, 0, 0, 0, n, m, gram, signals, keeps_inputs});
        numbers +=
            m * (n + 1) + gram * gram + signals * signals + (keeps_inputs ? n * most_columns : 0);
    }
    values_.resize(numbers);
}

template <typename Scalar>
void BatchSums<Scalar>::begin(Index) {}

template <typename Scalar>
void BatchSums<Scalar>::add(std::size_t position, Index, const ConstMatrixRef<Scalar>&,
                            MatrixRef<Scalar> s) {
    const Place& place = places_[position];
    const double n = size_of(place.inputs);
    const double m = size_of(place.outputs);
    const double columns = size_of(s.cols());
    spend(kernels_of<Scalar>.gradient(n, m, columns));
    spend({(place.input_gram_size > 0 ? n * n * columns : 0.0) +
           (place.signal_gram_size > 0 ? m * m * columns : 0.0)});
}

template <typename Scalar>
void BatchSums<Scalar>::add(std::size_t position, Index first, std::span<const InputBlock<Scalar>>,
                            MatrixRef<Scalar> s) {
    add(position, first, ConstMatrixRef<Scalar>(s), s);
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
template void NormalEquations::add_moment<float>(const ConstMatrixRef<float>&,
                                                 const ConstMatrixRef<float>&);
template void NormalEquations::add_moment<double>(const ConstMatrixRef<double>&,
                                                  const ConstMatrixRef<double>&);
template class BatchSums<float>;
template class BatchSums<double>;

}  // namespace hoist
