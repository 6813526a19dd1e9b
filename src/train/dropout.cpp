#include "hoist/train/dropout.hpp"

#include <algorithm>

#include "hoist/base/counter_random.hpp"

namespace hoist {

template <typename Scalar>
void Dropout::apply(Index epoch, Index layer, std::span<const Index> samples,
                    MatrixRef<Scalar> x) const {
    if (!active(layer)) {
        return;
    }
    // A byte of randomness per unit decides, but for the one value that the share cuts: there a
    // number of its own does, so that any share is exact.
    const double scaled = 256.0 * share(layer);
    const auto threshold = static_cast<std::uint64_t>(scaled);
    const double rest = scaled - static_cast<double>(threshold);
    const auto kept = static_cast<Scalar>(1.0 / (1.0 - share(layer)));
    for (Index j = 0; j < x.cols(); ++j) {
        CounterRandom random(seed_, Purpose::dropout,
                             {epoch, layer, samples[static_cast<std::size_t>(j)]});
        Scalar* column = x.col(j).data();
        for (Index i = 0; i < x.rows(); i += 8) {
            const std::uint64_t bytes = random.next();
            const Index count = std::min<Index>(8, x.rows() - i);
            for (Index k = 0; k < count; ++k) {
                const std::uint64_t byte = (bytes >> (8 * k)) & 255;
                const bool dropped = byte < threshold ||
                                     (byte == threshold && rest > 0.0 && random.uniform() < rest);
                column[i + k] = dropped ? Scalar{0} : column[i + k] * kept;
            }
        }
    }
}

template void Dropout::apply(Index, Index, std::span<const Index>, MatrixRef<float>) const;
template void Dropout::apply(Index, Index, std::span<const Index>, MatrixRef<double>) const;

}  // namespace hoist
