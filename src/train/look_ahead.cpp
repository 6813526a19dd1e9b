#include "hoist/train/look_ahead.hpp"

namespace hoist {

template <typename Scalar>
void LookAhead<Scalar>::before_step(Range layers, Index late) {
    for (Index l = layers.begin; wanted_ && late > 0 && l < layers.end; ++l) {
        const Weights<Scalar>& now = stage_.of(l);
        Weights<Scalar>& ahead = ahead_[position(l)];
        ahead.matrix = -static_cast<Scalar>(late) * now.matrix;
        ahead.bias = -static_cast<Scalar>(late) * now.bias;
    }
}

template <typename Scalar>
void LookAhead<Scalar>::after_step(Range layers, Index late) {
    for (Index l = layers.begin; l < layers.end; ++l) {
        known_[position(l)] = wanted_ && late > 0;
        if (known_[position(l)]) {
            const Weights<Scalar>& now = stage_.of(l);
            Weights<Scalar>& ahead = ahead_[position(l)];
            ahead.matrix += static_cast<Scalar>(late + 1) * now.matrix;
            ahead.bias += static_cast<Scalar>(late + 1) * now.bias;
        }
    }
}

template class LookAhead<float>;
template class LookAhead<double>;

}  // namespace hoist
