#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hoist/comm/communicator.hpp"
#include "hoist/config/config.hpp"

namespace hoist {

/// What `hoist report --follow` is asked for.
struct Following {
    std::vector<std::string> directories;
    /// Data to evaluate models on, instead of those of the configurations.
    ConfigText given;
    std::string address;
    /// Nothing: the usual one, or another where that is taken.
    std::optional<int> port;
};

/// Collective over the world: rank 0 reads the runs again and again and serves their page, until one of
/// the stop signals comes to any rank. Models are looked at only where no process writes the run, so
/// that a living one keeps its processors.
/// @throws MissingError: there is no such directory; DataError: a run is damaged now; as PageServer.
void follow(const Communicator& world, const Following& asked);

}  // namespace hoist
