#pragma once

#include "hoist/math/matrix.hpp"

namespace hoist {

// Between u and the x of an activation that makes `entries` numbers of one.

/// Each row of u as often as it has entries, E u.
template <typename Scalar>
Matrix<Scalar> beside_entries(const ConstMatrixRef<Scalar>& u, Index entries) {
    if (entries == 1) {
        return u;
    }
    Matrix<Scalar> repeated(u.rows() * entries, u.cols());
    for (Index e = 0; e < entries; ++e) {
        repeated(Eigen::seqN(e, u.rows(), entries), Eigen::all) = u;
    }
    return repeated;
}

/// The sum over the entries of each u, E'x.
template <typename Scalar>
void sum_entries(const ConstMatrixRef<Scalar>& x, Index entries, MatrixRef<Scalar> sum) {
    if (entries == 1) {
        sum = x;
        return;
    }
    sum = x(Eigen::seqN(0, sum.rows(), entries), Eigen::all);
    for (Index e = 1; e < entries; ++e) {
        sum += x(Eigen::seqN(e, sum.rows(), entries), Eigen::all);
    }
}

}  // namespace hoist
