#pragma once

#include "hoist/math/matrix.hpp"

namespace hoist {

/// The mean of each row of a matrix and the mean square of its distance from it.
template <typename Scalar>
struct RowMoments {
    Vector<Scalar> mean;
    Vector<Scalar> variance;

    /// sqrt(variance + 1e-5), by which rows that hardly vary can be divided, too.
    Vector<Scalar> deviation() const {
        return (variance.array() + static_cast<Scalar>(1e-5)).sqrt();
    }
};

/// Summed in double. @pre v has a column.
template <typename Scalar>
RowMoments<Scalar> row_moments(const ConstMatrixRef<Scalar>& v);

/// v becomes (v - mean) / deviation + shift, row by row.
template <typename Scalar>
void standardize(const RowMoments<Scalar>& moments, const Vector<Scalar>& shift,
                 MatrixRef<Scalar> v);

/// Makes of s, the derivative of anything by u = (v - mean) / deviation + shift, that by v, where the
/// moments are those of v and move with it (Ioffe and Szegedy 2015, section 3):
///     (s - mean(s) - n mean(s n)) / deviation,  n = u - shift.
/// @return the derivative by shift, the sums of the rows of s.
template <typename Scalar>
Vector<Scalar> pull_back_standardized(const RowMoments<Scalar>& moments,
                                      const Vector<Scalar>& shift, const ConstMatrixRef<Scalar>& u,
                                      MatrixRef<Scalar> s);

}  // namespace hoist
