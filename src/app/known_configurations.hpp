#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hoist {

/// A configuration that is a part of the program, to begin with.
struct KnownConfiguration {
    std::string name;
    /// An INI file that opens with two comments: the command that runs it, and what to expect of it.
    std::string_view ini;
};

const std::vector<KnownConfiguration>& known_configurations();

std::vector<std::string> configuration_names();

}  // namespace hoist
