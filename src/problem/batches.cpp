#include "hoist/problem/batches.hpp"

#include <algorithm>
#include <numeric>

#include "hoist/base/random.hpp"

namespace hoist {

Batches::Batches(const ColumnBlocks& ranges, Index batch, std::uint64_t seed)
    : ranges_(ranges),
      count_(batch <= 0 ? 1 : std::max<Index>((ranges.samples() + batch - 1) / batch, 1)),
      seed_(seed) {}

Index Batches::columns(Index batch) const {
    Index total = 0;
    for (Index block = 0; block < ranges_.count(); ++block) {
        total += columns(batch, block);
    }
    return total;
}

Index Batches::most_columns(Index block) const {
    return (ranges_.columns(block).size() + count_ - 1) / count_;
}

void Batches::shuffle(Index epoch, Range own) {
    first_ = own.begin;
    order_.resize(static_cast<std::size_t>(own.size()));
    for (Index block = own.begin; block < own.end; ++block) {
        const Range range = ranges_.columns(block);
        std::vector<Index>& order = order_[static_cast<std::size_t>(block - own.begin)];
        order.resize(static_cast<std::size_t>(range.size()));
        std::iota(order.begin(), order.end(), range.begin);
        std::mt19937_64 engine = random_engine(
            seed_, Purpose::shuffling,
            static_cast<std::uint64_t>(epoch) * static_cast<std::uint64_t>(ranges_.count()) +
                static_cast<std::uint64_t>(block));
        std::shuffle(order.begin(), order.end(), engine);
    }
}

Index Batches::most_columns() const {
    Index most = 0;
    for (Index batch = 0; batch < count_; ++batch) {
        most = std::max(most, columns(batch));
    }
    return most;
}

Index Batches::widest_block() const {
    Index widest = 0;
    for (Index block = 0; block < ranges_.count(); ++block) {
        widest = std::max(widest, most_columns(block));
    }
    return widest;
}

Index Batches::most_columns(Range own) const {
    Index columns = 0;
    for (Index block = own.begin; block < own.end; ++block) {
        columns += most_columns(block);
    }
    return columns;
}

std::vector<Range> Batches::own_columns(Index batch, Range own) const {
    std::vector<Range> all;
    for (Index block = own.begin; block < own.end; ++block) {
        const Index begin = all.empty() ? 0 : all.back().end;
        all.push_back({begin, begin + columns(batch, block)});
    }
    return all;
}

std::span<const Index> Batches::samples(Index batch, Index block) const {
    const Range range = part(batch, block);
    const std::vector<Index>& order = order_[static_cast<std::size_t>(block - first_)];
    return std::span(order).subspan(static_cast<std::size_t>(range.begin),
                                    static_cast<std::size_t>(range.size()));
}

// Positions within the shuffled range: the floors of batch/count of its size.
Range Batches::part(Index batch, Index block) const {
    const Index size = ranges_.columns(block).size();
    return {batch * size / count_, (batch + 1) * size / count_};
}

ColumnBlocks batch_ranges(Index samples, Index batch, Index block) {
    const Index columns = batch > 0 ? std::min(batch, samples) : samples;
    Index blocks = 1;
    if (block > 0) {
        blocks = (columns + block - 1) / block;
    } else {
        while (blocks < 32 && columns >= 100 * blocks) {
            blocks *= 2;
        }
    }
    blocks = std::max<Index>(blocks, 1);
    return ColumnBlocks(samples, std::max<Index>((samples + blocks - 1) / blocks, 1));
}

ColumnBlocks training_blocks(const Config& config, Index samples) {
    if (config.fit == Fit::sweeps) {
        return ColumnBlocks(samples, config.grid.block, config.network.widest());
    }
    Index block = config.grid.block;
    if (block == 0 && config.network.pictures()) {  // a patch is as much work as many samples
        constexpr Index blocks = 8;
        const Index batch = config.batch > 0 ? std::min(config.batch, samples) : samples;
        block = std::min((batch + blocks - 1) / blocks,
                         ColumnBlocks::most_columns(config.network.widest()));
    }
    return batch_ranges(samples, config.batch, block);
}

}  // namespace hoist
