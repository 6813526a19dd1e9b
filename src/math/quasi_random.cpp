#include "hoist/math/quasi_random.hpp"

#include <boost/random/sobol.hpp>
#include <cmath>

namespace hoist {

Matrix<double> quasi_random_points(Index dimensions, Index count, Index first) {
    boost::random::sobol sequence(static_cast<std::size_t>(dimensions));
    sequence.discard(static_cast<std::uintmax_t>(first * dimensions));
    return Matrix<double>::NullaryExpr(
        dimensions, count, [&] { return std::ldexp(static_cast<double>(sequence()), -64); });
}

}  // namespace hoist
