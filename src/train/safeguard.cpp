#include "hoist/train/safeguard.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hoist {

template <typename Scalar>
void Safeguard<Scalar>::resize(Index columns) {
    energy_.setZero(1, columns);
    kept_.setOnes(1, columns);
    feedforward_.setZero(columns);
}

template <typename Scalar>
void Safeguard<Scalar>::expect(Index block, Range columns) {
    part(energy_, columns).setZero();  // for the first stage, to which nothing comes
    messages_.expect_below(block, part(energy_, columns));
    messages_.expect_above(block, part(kept_, columns));
}

template <typename Scalar>
void Safeguard<Scalar>::await_energy(Index block) {
    messages_.await_below(block);
}

template <typename Scalar>
void Safeguard<Scalar>::add_energy(Range columns, const Vector<double>& energy) {
    part(energy_, columns) += energy.transpose().template cast<Scalar>();
}

template <typename Scalar>
void Safeguard<Scalar>::send_up(Index block, Range columns) {
    messages_.send_up(block, part(energy_, columns));
}

template <typename Scalar>
void Safeguard<Scalar>::start(Range columns, const Vector<double>& loss) {
    feedforward_.segment(columns.begin, columns.size()) = loss;
}

// Energies are known to the rounding of u and of their sum. What is not a number is no smaller.
template <typename Scalar>
void Safeguard<Scalar>::judge(Range columns, const Vector<double>& loss, LiftSums& sums) {
    const double rounding = std::sqrt(static_cast<double>(std::numeric_limits<Scalar>::epsilon()));
    for (Index j = columns.begin; j < columns.end; ++j) {
        const double before = feedforward_[j];
        const double after = static_cast<double>(energy_(0, j)) + loss[j - columns.begin];
        const bool kept = after <= before + rounding * std::max(std::abs(before), 1.0);
        kept_(0, j) = kept ? Scalar{1} : Scalar{0};
        sums.add_energy(after, before, kept);
    }
}

template <typename Scalar>
void Safeguard<Scalar>::await_verdict(Index block) {
    messages_.await_above(block);
}

template <typename Scalar>
void Safeguard<Scalar>::send_down(Index block, Range columns) {
    messages_.send_down(block, part(kept_, columns));
}

template <typename Scalar>
void Safeguard<Scalar>::silence(Range columns, MatrixRef<Scalar> of) const {
    for (Index j = 0; j < of.cols(); ++j) {
        if (kept_(0, columns.begin + j) == Scalar{0}) {
            of.col(j).setZero();
        }
    }
}

template class Safeguard<float>;
template class Safeguard<double>;

}  // namespace hoist
