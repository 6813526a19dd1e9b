#include "hoist/train/lift.hpp"

#include <algorithm>
#include <cmath>

namespace hoist {

template <typename Scalar>
void Distances::add(Index row, Index layer, const ConstMatrixRef<Scalar>& from,
                    const ConstMatrixRef<Scalar>& to) {
    const auto square = [](const auto& matrix) {  // a column in Scalar, their sum in double
        return matrix.colwise().squaredNorm().template cast<double>().sum();
    };
    sums_(row, layer - 1) += square(from - to);
    sums_(row + 1, layer - 1) += square(to);
}

std::optional<double> Distances::largest(Index row) const {
    std::optional<double> result;
    for (Index layer = 0; layer < sums_.cols(); ++layer) {
        if (sums_(row + 1, layer) > 0.0) {
            result = std::max(result.value_or(0.0),
                              std::sqrt(sums_(row, layer) / sums_(row + 1, layer)));
        }
    }
    return result;
}

template void Distances::add<float>(Index, Index, const ConstMatrixRef<float>&,
                                    const ConstMatrixRef<float>&);
template void Distances::add<double>(Index, Index, const ConstMatrixRef<double>&,
                                     const ConstMatrixRef<double>&);

}  // namespace hoist
