#pragma once

#include <variant>

#include "hoist/library/model.hpp"
#include "hoist/problem/model_config.hpp"
#include "hoist/problem/placement.hpp"
#include "hoist/problem/stage.hpp"

namespace hoist {

/// All of a model on one rank.
struct Model::State {
    ModelHeader header;
    Config config;
    /// Of all layers on it.
    Placement placement;
    std::variant<Stage<float>, Stage<double>> stage;
};

/// The placement of the whole of a network on one rank.
Placement whole_network(const Config& config);

}  // namespace hoist
