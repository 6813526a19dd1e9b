#include "hoist/model/network_spec.hpp"

#include <algorithm>
#include <array>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

const std::vector<std::string> output_names{"softmax", "linear", "simplex"};

// Cuts at commas outside parentheses, so that an activation may have several parameters.
std::vector<std::string> split_activations(std::string_view text) {
    std::vector<std::string> names(1);
    int depth = 0;
    for (const char c : text) {
        depth += (c == '(') - (c == ')');
        if (c == ',' && depth == 0) {
            names.emplace_back();
        } else {
            names.back() += c;
        }
    }
    return names;
}

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

std::string NetworkSpec::layers_text() const {
    std::vector<std::string> texts;
    for (const Shape& block : blocks) {
        texts.push_back(to_text(block));
    }
    return join(texts, "-");
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

NetworkSpec parse_network(std::string_view layers, std::string_view activation,
                          std::string_view output) {
    NetworkSpec spec;
    const std::string shown = "network.layers = " + std::string(layers);
    for (const std::string& piece : split(layers, '-')) {
        const auto width = to_whole_number(piece);
        if (!width || *width < 1 || *width > (Index{1} << 24)) {
            throw UsageError(shown + " is not a list of widths",
                             "'" + piece + "' is not a width of at least 1",
                             "write it like 784-300-100-10");
        }
        spec.blocks.push_back(Shape::vector(*width));
    }
    if (spec.blocks.size() < 2) {
        throw UsageError(shown + " is too short", "a network has an input and an output",
                         "write it like 784-300-100-10");
    }
    const Index hidden = spec.layers() - 1;
    std::vector<std::string> names = split_activations(activation);
    if (static_cast<Index>(names.size()) != 1 && static_cast<Index>(names.size()) != hidden) {
        throw UsageError(
            "network.activation names " + std::to_string(names.size()) + " activations",
            shown + " has " + std::to_string(hidden) + " hidden layers",
            "give one, or one for each hidden layer");
    }
    names.resize(static_cast<std::size_t>(std::max<Index>(hidden, 1)), names.front());
    for (const std::string& name : names) {
        spec.activations.push_back(parse_activation(name));
    }
    spec.activations.resize(static_cast<std::size_t>(hidden));
    spec.output = parse_output(output);
    if (spec.output != Output::linear && spec.outputs() < 2) {
        throw UsageError(shown + " ends with one unit", "a class needs at least two scores",
                         "use network.output = linear for regression, or two outputs");
    }
    return spec;
}

}  // namespace hoist
