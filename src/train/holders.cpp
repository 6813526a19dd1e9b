#include "hoist/train/holders.hpp"

#include <algorithm>
#include <set>

namespace hoist {

Holders::Holders(const NetworkSpec& network, const Communicator& world, const Communicator& peers,
                 const Placement& placement)
    : peers_(peers) {
    const Range own = placement.layers_of(world.rank());
    const auto stage_of = [&](Index layer) {
        return std::ranges::find_if(placement.layers,
                                    [&](Range layers) { return layer < layers.end; }) -
               placement.layers.begin();
    };
    communicators_.reserve(static_cast<std::size_t>(network.layers()));
    for (Index first = 0; first < network.layers(); ++first) {
        std::vector<Index> all;
        std::set<std::ptrdiff_t> stages;
        Group group{{}, nullptr};
        for (Index l = first; l < network.layers(); ++l) {
            if (network.weights_of(l) == first) {
                all.push_back(l);
                stages.insert(stage_of(l));
                if (l >= own.begin && l < own.end) {
                    group.own.push_back(l);
                }
            }
        }
        if (all.size() < 2) {
            continue;
        }
        if (stages.size() > 1) {
            communicators_.push_back(world.split(group.own.empty() ? 0 : 1));
            group.holders = &communicators_.back();
        }
        if (!group.own.empty()) {
            groups_.emplace(first, std::move(group));
        }
    }
}

// In the order of the first layers, which is the same on all ranks. One rank of each stage brings what
// that says, so that all add the same numbers in one order.
template <typename Number>
void Holders::sum(const std::function<std::span<Number>(Index)>& of,
                  const std::function<Index(Index)>& numbers) const {
    for (const auto& [first, group] : groups_) {
        std::vector<Number> total(static_cast<std::size_t>(numbers(first)), Number{0});
        for (const Index l : group.own) {
            std::ranges::transform(of(l), total, total.begin(), std::plus<>());
        }
        if (group.holders != nullptr) {
            if (peers_.rank() > 0) {
                std::ranges::fill(total, Number{0});
            }
            group.holders->sum(std::span<Number>(total));
        }
        for (const Index l : group.own) {
            const std::span<Number> own = of(l);
            std::copy_n(total.begin(), own.size(), own.begin());
        }
    }
}

template void Holders::sum(const std::function<std::span<float>(Index)>&,
                           const std::function<Index(Index)>&) const;
template void Holders::sum(const std::function<std::span<double>(Index)>&,
                           const std::function<Index(Index)>&) const;

}  // namespace hoist
