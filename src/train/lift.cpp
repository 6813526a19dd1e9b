#include "hoist/train/lift.hpp"

#include <algorithm>
#include <cmath>

namespace hoist {

template <typename Scalar>
void LiftSums::add_distance(Index row, Index layer, const ConstMatrixRef<Scalar>& from,
                            const ConstMatrixRef<Scalar>& to) {
    const auto square = [](const auto& matrix) {  // a column in Scalar, their sum in double
        return matrix.colwise().squaredNorm().template cast<double>().sum();
    };
    distances()(row, layer - 1) += square(from - to);
    distances()(row + 1, layer - 1) += square(to);
}

void LiftSums::add_energy(double lifted, double feedforward, bool kept) {
    if (kept) {
        energies()[0] += lifted;
        energies()[1] += feedforward;
    } else {
        energies()[2] += 1.0;
    }
    energies()[3] += 1.0;
}

std::optional<double> LiftSums::energy() const {
    return energies()[1] > 0.0 ? std::optional(energies()[0] / energies()[1]) : std::nullopt;
}

std::optional<double> LiftSums::rejected() const {
    return energies()[3] > 0.0 ? std::optional(energies()[2] / energies()[3]) : std::nullopt;
}

std::optional<double> LiftSums::largest(Index row) const {
    std::optional<double> result;
    for (Index layer = 0; layer < distances().cols(); ++layer) {
        const double size = distances()(row + 1, layer);
        if (size > 0.0) {
            result = std::max(result.value_or(0.0), std::sqrt(distances()(row, layer) / size));
        }
    }
    return result;
}

template void LiftSums::add_distance<float>(Index, Index, const ConstMatrixRef<float>&,
                                            const ConstMatrixRef<float>&);
template void LiftSums::add_distance<double>(Index, Index, const ConstMatrixRef<double>&,
                                             const ConstMatrixRef<double>&);

}  // namespace hoist
