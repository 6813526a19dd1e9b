#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "hoist/comm/communicator.hpp"
#include "hoist/model/network_spec.hpp"
#include "hoist/problem/placement.hpp"

namespace hoist {

/// The layers that have the same weights, and the ranks that hold them.
class Holders {
  public:
    /// Collective over the world. @param network must outlive it, as must peers, the ranks of the stage.
    Holders(const NetworkSpec& network, const Communicator& world, const Communicator& peers,
            const Placement& placement);

    /// Collective over the ranks that hold shared weights: adds up what the layers of each of them say, which is the
    /// same on all ranks of a stage, and tells every one of them.
    /// @param of what a layer of this stage says; empty where it says nothing. @param numbers of the first layer with
    /// the weights, which is as much as any says.
    template <typename Number>
    void sum(const std::function<std::span<Number>(Index layer)>& of,
             const std::function<Index(Index first)>& numbers) const;

  private:
    /// Layers of this stage with the same weights, of which there are more.
    struct Group {
        std::vector<Index> own;
        /// None where all of them are this stage's.
        const Communicator* holders;
    };

    const Communicator& peers_;
    std::vector<Communicator> communicators_;
    /// By the first layer.
    std::map<Index, Group> groups_;
};

}  // namespace hoist
