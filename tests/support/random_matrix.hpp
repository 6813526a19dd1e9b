#pragma once

#include <cstdint>
#include <random>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// Numbers of mean 0 and deviation `size`, drawn by the seed.
inline Matrix<double> random_matrix(Index rows, Index cols, std::uint64_t seed, double size = 1.0) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal;
    return Matrix<double>::NullaryExpr(rows, cols, [&] { return size * normal(engine); });
}

}  // namespace hoist
