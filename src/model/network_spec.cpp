#include "hoist/model/network_spec.hpp"

#include <algorithm>
#include <array>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

const std::vector<std::string> output_names{"softmax", "linear", "simplex"};

}  // namespace

Output parse_output(std::string_view name) {
    const auto found = std::ranges::find(output_names, trim(name));
    if (found == output_names.end()) {
        throw UsageError("network.output = " + std::string(name) + " is unknown", "",
                         "use softmax, linear or simplex");
    }
    return static_cast<Output>(found - output_names.begin());
}

std::string to_text(Output output) { return output_names[static_cast<std::size_t>(output)]; }

Index NetworkSpec::widest() const {
    Index widest = 0;
    for (const MapSpec& map : maps) {
        widest = std::max({widest, map.from.size(), map.to.size()});
    }
    return widest;
}

std::string NetworkSpec::activation_text() const {
    std::vector<std::string> names;
    for (const auto& activation : activations) {
        names.push_back(activation->name());
    }
    if (std::ranges::adjacent_find(names, std::not_equal_to{}) == names.end()) {
        names.resize(std::min<std::size_t>(names.size(), 1));
    }
    return names.empty() ? "relu" : join(names, ",");
}

}  // namespace hoist
