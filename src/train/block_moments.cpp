#include "hoist/train/block_moments.hpp"

namespace hoist {

namespace {

/// A block with a row for each channel, which all of its places share.
template <typename Scalar>
Eigen::Map<Matrix<Scalar>> by_channels(MatrixRef<Scalar>& u, Index channels) {
    return {u.data(), channels, u.size() / channels};
}

}  // namespace

template <typename Scalar>
void BlockMoments<Scalar>::normalize(const LinearMap<Scalar>& map, MatrixRef<Scalar> v) {
    columns = v.cols();
    bias = map.shift();
    slope.setZero(bias.size());
    if (columns == 0) {
        return;
    }
    auto places = by_channels(v, bias.size());
    moments = row_moments<Scalar>(places);
    standardize<Scalar>(moments, bias, places);
}

template <typename Scalar>
void BlockMoments<Scalar>::pull_back(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) {
    if (columns > 0) {
        const Eigen::Map<const Matrix<Scalar>> places(u.data(), bias.size(),
                                                      u.size() / bias.size());
        slope = pull_back_standardized<Scalar>(moments, bias, places, by_channels(s, bias.size()));
    }
}

template struct BlockMoments<float>;
template struct BlockMoments<double>;

}  // namespace hoist
