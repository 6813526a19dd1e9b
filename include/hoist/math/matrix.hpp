#pragma once

#include <Eigen/Core>

#include "hoist/base/types.hpp"

namespace hoist {

/// Column-major; a sample is a column.
template <typename Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

template <typename Scalar>
using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

/// A view of a column-major matrix or of a block of its columns, without a copy.
template <typename Scalar>
using MatrixRef = Eigen::Ref<Matrix<Scalar>>;

template <typename Scalar>
using ConstMatrixRef = Eigen::Ref<const Matrix<Scalar>>;

template <typename Scalar>
using ConstVectorRef = Eigen::Ref<const Vector<Scalar>>;

/// Some columns of a matrix.
template <typename AnyMatrix>
auto part(AnyMatrix&& matrix, Range columns) {
    return matrix.middleCols(columns.begin, columns.size());
}

}  // namespace hoist
