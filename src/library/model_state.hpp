#pragma once

#include <variant>

#include "hoist/library/model.hpp"
#include "hoist/train/local_network.hpp"

namespace hoist {

struct Model::State {
    std::variant<LocalNetwork<float>, LocalNetwork<double>> network;
};

}  // namespace hoist
