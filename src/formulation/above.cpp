#include "hoist/formulation/above.hpp"

#include "hoist/base/error.hpp"
#include "hoist/formulation/formulation.hpp"
#include "hoist/formulation/output_block.hpp"

namespace hoist {

template <typename Scalar>
Vector<double> PenaltyAbove<Scalar>::energy(const ConstMatrixRef<Scalar>& u) const {
    return formulation_.penalty(layer_, x_, u);
}

template <typename Scalar>
void PenaltyAbove<Scalar>::slope(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) const {
    formulation_.signal(layer_, x_, u, s);
}

template <typename Scalar>
double PenaltyAbove<Scalar>::weight() const {
    return formulation_.pull_weight(layer_);
}

template <typename Scalar>
ConstMatrixRef<Scalar> PenaltyAbove<Scalar>::target() const {
    require(formulation_.quadratic(), "a penalty with a target is quadratic");
    return x_;
}

template <typename Scalar>
Vector<double> OutputAbove<Scalar>::energy(const ConstMatrixRef<Scalar>& u) const {
    return output_.energy(y_, u);
}

template <typename Scalar>
void OutputAbove<Scalar>::slope(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) const {
    output_.slope(y_, u, s);
}

template <typename Scalar>
double OutputAbove<Scalar>::weight() const {
    return output_.weight();
}

template <typename Scalar>
Vector<double> PenaltyChange<Scalar>::energy(const ConstMatrixRef<Scalar>& v) const {
    return formulation_.penalty_after(layer_, r_, u_, x_, v);
}

template <typename Scalar>
void PenaltyChange<Scalar>::slope(const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar> s) const {
    Matrix<Scalar> after(x_.rows(), x_.cols());
    formulation_.residual_after(layer_, r_, u_, x_, v, after);
    formulation_.residual_signal(layer_, after, u_ + v, s);
}

template <typename Scalar>
Vector<double> OutputChange<Scalar>::energy(const ConstMatrixRef<Scalar>& v) const {
    return output_.energy(y_, u_ + v);
}

template <typename Scalar>
void OutputChange<Scalar>::slope(const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar> s) const {
    output_.slope(y_, u_ + v, s);
}

template class PenaltyAbove<float>;
template class PenaltyAbove<double>;
template class OutputAbove<float>;
template class OutputAbove<double>;
template class PenaltyChange<float>;
template class PenaltyChange<double>;
template class OutputChange<float>;
template class OutputChange<double>;

}  // namespace hoist
