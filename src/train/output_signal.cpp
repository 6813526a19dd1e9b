#include "hoist/train/output_signal.hpp"

#include <algorithm>

namespace hoist {

template <typename Scalar>
void OutputSignal<Scalar>::begin(Range columns, const ConstMatrixRef<Scalar>& u,
                                 const ConstMatrixRef<Scalar>& r) {
    part(u_, columns) = u;
    part(slope_, columns) = r;
    part(r_, columns).setZero();
    stiffness_.segment(columns.begin, columns.size()).setZero();
}

template <typename Scalar>
void OutputSignal<Scalar>::step(Range columns, const ConstMatrixRef<Scalar>& u,
                                const ConstMatrixRef<Scalar>& slope, MatrixRef<Scalar> r) {
    constexpr double memory = 0.9;
    const auto quotient = [](double product, double square) {
        return square > 0.0 ? std::max(product / square, 0.0) : 0.0;
    };
    for (Index j = 0; j < r.cols(); ++j) {
        const Index column = columns.begin + j;
        const Vector<double> du = (u.col(j) - u_.col(column)).template cast<double>();
        const Vector<double> dr = (r.col(j) - r_.col(column)).template cast<double>();
        const Vector<double> curved = (slope.col(j) - slope_.col(column)).template cast<double>();
        const double h = quotient(curved.dot(du), du.squaredNorm());
        const double q = quotient(-du.dot(dr), dr.squaredNorm());
        stiffness_[column] = std::max(memory * stiffness_[column], h * q);
        r_.col(column) = r.col(j);
        r.col(j) +=
            static_cast<Scalar>(1.0 / (1.0 + stiffness_[column])) * (slope.col(j) - r.col(j));
    }
    part(u_, columns) = u;
    part(slope_, columns) = slope;
}

template class OutputSignal<float>;
template class OutputSignal<double>;

}  // namespace hoist
