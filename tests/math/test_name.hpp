#pragma once

#include <algorithm>
#include <string>

namespace hoist {

/// The name of an activation, such as leaky_relu(0.1), as part of the name of a test.
inline std::string test_name(std::string activation) {
    std::erase_if(activation, [](char c) { return c == '(' || c == ')'; });
    std::ranges::replace_if(activation, [](char c) { return c == '.' || c == ','; }, '_');
    return activation;
}

}  // namespace hoist
