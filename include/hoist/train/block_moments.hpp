#pragma once

#include "hoist/math/row_moments.hpp"
#include "hoist/model/linear_map.hpp"

namespace hoist {

/// What the normalization of a column block of a batch needs of it on the way back, and what the
/// block says of its map beside its gradient; empty where the map is not normalized.
template <typename Scalar>
struct BlockMoments {
    Index columns = 0;
    /// Of W F(x) + b, channel by channel.
    RowMoments<Scalar> moments;
    /// b, as it was on the way up.
    Vector<Scalar> bias;
    /// The derivative by b.
    Vector<Scalar> slope;

    /// On the way up: makes u = (v - mean) / deviation + b of v = W F(x) + b.
    void normalize(const LinearMap<Scalar>& map, MatrixRef<Scalar> v);
    /// On the way down: makes of s, the derivative by u, that by v.
    void pull_back(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s);
};

}  // namespace hoist
