#include "hoist/train/choice_fit.hpp"

#include "hoist/train/shard_sum.hpp"

namespace hoist {

template <typename Scalar>
ChoiceFit<Scalar>::ChoiceFit(const SplineLoss& loss, const Communicator& peers, Index samples,
                             Stage<Scalar>& stage, PhaseTimes& times)
    : loss_(loss),
      peers_(peers),
      samples_(static_cast<double>(samples)),
      weights_(stage.of(0)),
      times_(times),
      costs_(Matrix<double>::Zero(loss.labels(), stage.network.inputs() + 1)) {}

template <typename Scalar>
void ChoiceFit<Scalar>::add(const ConstMatrixRef<Scalar>& z, const ConstMatrixRef<Scalar>& y) {
    Vector<double> of_labels(costs_.rows());
    for (Index i = 0; i < z.cols(); ++i) {
        for (Index p = 0; p < costs_.rows(); ++p) {
            of_labels[p] = loss_.at_label(p, static_cast<double>(y(0, i)));
        }
        for (Index q = 0; q < z.rows(); ++q) {
            if (z(q, i) != Scalar{0}) {
                costs_.col(q) += static_cast<double>(z(q, i)) * of_labels;
            }
        }
        costs_.rightCols(1) += of_labels;
    }
}

template <typename Scalar>
void ChoiceFit<Scalar>::solve() {
    sum_over_shards(peers_, std::span(costs_.data(), static_cast<std::size_t>(costs_.size())),
                    times_);
    const auto of_all = costs_.col(costs_.cols() - 1);
    optimum_ = 0.0;
    for (Index q = 0; q + 1 < costs_.cols(); ++q) {
        Index least = 0;
        for (Index p = 1; p < costs_.rows(); ++p) {
            if (costs_(p, q) < costs_(least, q) ||
                (costs_(p, q) == costs_(least, q) && of_all[p] < of_all[least])) {
                least = p;
            }
        }
        optimum_ += costs_(least, q) / samples_;
        weights_.matrix(0, q) = static_cast<Scalar>(loss_.label(least));
    }
    weights_.bias.setZero();
    costs_.setZero();
}

template class ChoiceFit<float>;
template class ChoiceFit<double>;

}  // namespace hoist
