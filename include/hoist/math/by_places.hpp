#pragma once

#include "hoist/base/error.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

/// A block of pictures with `channels` numbers at each of its places: one column for each place of each
/// sample. @pre the samples lie side by side, without room between them.
template <typename Scalar>
Eigen::Map<const Matrix<Scalar>> by_places(const ConstMatrixRef<Scalar>& u, Index channels) {
    require(u.cols() <= 1 || u.outerStride() == u.rows(),
            "the samples of a block lie side by side");
    return {u.data(), channels, u.size() / channels};
}

template <typename Scalar>
Eigen::Map<Matrix<Scalar>> by_places(MatrixRef<Scalar>& u, Index channels) {
    require(u.cols() <= 1 || u.outerStride() == u.rows(),
            "the samples of a block lie side by side");
    return {u.data(), channels, u.size() / channels};
}

}  // namespace hoist
