#include "hoist/base/error.hpp"
#include "layers_reader.hpp"

namespace hoist {

NetworkSpec parse_network(std::string_view layers, std::string_view activation,
                          std::string_view output) {
    return parse_network(layers, split_outside(activation, ','), output);
}

NetworkSpec parse_network(std::string_view layers, std::vector<std::string> names,
                          std::string_view output) {
    if (names.empty()) {
        names.emplace_back("relu");
    }
    LayersReader reader(layers, names, parse_output(output));
    NetworkSpec spec = reader();
    spec.output = parse_output(output);
    const std::string shown = "network.layers = " + std::string(layers);
    const Index hidden = spec.hidden();
    const auto named = std::ssize(names);
    if (named != 1 && named != hidden && named != reader.chosen()) {
        throw UsageError("network.activation names " + std::to_string(named) + " activations",
                         shown + " has " + std::to_string(reader.chosen()) + " hidden layers" +
                             (hidden > reader.chosen() ? " that choose one" : ""),
                         "give one, or one for each hidden layer");
    }
    if (hidden == 0) {
        parse_activation(names.front());
    }
    if (spec.unsupervised()) {
        spec.activations.push_back(parse_activation(names.back()));
    }
    if (spec.output == Output::spline && spec.outputs() != 1) {
        throw UsageError(shown + " does not go with network.output = " + std::string(output),
                         "such a loss is that of one value", "end it with 1");
    }
    if (!spec.regression() && spec.output != Output::linear && !spec.unsupervised() &&
        spec.outputs() < 2) {
        throw UsageError(shown + " ends with one unit", "a class needs at least two scores",
                         "use network.output = linear for regression, or two outputs");
    }
    return spec;
}

}  // namespace hoist
