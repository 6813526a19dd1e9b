#include "hoist/train/block_moments.hpp"

#include "hoist/math/by_places.hpp"

namespace hoist {

template <typename Scalar>
void BlockMoments<Scalar>::normalize(const LinearMap<Scalar>& map, MatrixRef<Scalar> v) {
    columns = v.cols();
    bias = map.shift();
    slope.setZero(bias.size());
    if (columns == 0) {
        return;
    }
    auto places = by_places<Scalar>(v, bias.size());
    moments = row_moments<Scalar>(places);
    standardize<Scalar>(moments, bias, places);
}

template <typename Scalar>
void BlockMoments<Scalar>::pull_back(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) {
    if (columns > 0) {
        slope = pull_back_standardized<Scalar>(moments, bias, by_places<Scalar>(u, bias.size()),
                                               by_places<Scalar>(s, bias.size()));
    }
}

template struct BlockMoments<float>;
template struct BlockMoments<double>;

}  // namespace hoist
