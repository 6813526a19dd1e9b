#include <algorithm>

#include "hoist/base/text.hpp"
#include "key.hpp"

namespace hoist {

namespace {

void read_start(const Value& value, Config& config) {
    static const std::vector<std::string> names{"he",    "xavier",     "normal", "variance_scaling",
                                                "dirac", "orthogonal", "cosines"};
    if (value.text == "auto") {  // and formulation.name may say otherwise
        return;
    }
    const auto found = std::ranges::find(names, value.text);
    config.start_is_chosen = true;
    if (found != names.end()) {
        config.start = static_cast<Start>(found - names.begin());
        return;
    }
    const auto meant = nearest(value.text, names);
    if (!value.text.ends_with(".h5") && value.text.find('/') == std::string::npos) {
        value.refuse("it is none of " + join(names, ", ") + " and no .h5 file",
                     meant ? "did you mean " + *meant + "?" : "use one of these, or a model");
    }
    config.start_file = value.text;
}

}  // namespace

std::vector<Key> network_keys() {
    return {
        {{"network.layers", "784-300-100-10", "widths from the input to the output"},
         [](const Value&, Config&) {}},
        {{"network.activation", "relu",
          "of the hidden layers, one or one per layer: " + join(activation_names(), ", ")},
         [](const Value&, Config&) {}},
        {{"network.learn_slopes", "false",
          "whether mini-batches also train the slopes of leaky_relu: true, false"},
         [](const Value& v, Config& c) { c.learn_slopes = v.yes_or_no(); }},
        {{"network.output", "softmax",
          "softmax (cross-entropy), simplex (cross-entropy of an explicit block), linear (squared "
          "error; regression where "
          "it has width 1), spline(LOWER,UPPER,LABELS,LOSS) (regression under a loss of the "
          "residual "
          "that is linear between labels: absolute, squared, truncated(LIMIT), "
          "truncated_squared(LIMIT), knots(R:COST,...)); of lrrn also hinge, squared_hinge (of the "
          "margin), none (no targets: the mean free energy)"},
         [](const Value& v, Config& c) {
             if (c.network.output == Output::spline) {
                 c.formulation.loss = parse_spline_loss(v.text);
             }
         }},
        {{"network.init", "auto",
          "start of the weights: auto (he; of lrrn orthogonal), he, xavier, normal, "
          "variance_scaling, dirac (he, but that "
          "convolutions "
          "first hand on their inputs), orthogonal (orthonormal rows or columns), cosines (he, but "
          "that "
          "convolutions start with the lowest cosines of their windows), or a model file, "
          "which without an output (none) is the start of the lower maps"},
         read_start},
        {{"network.whiten", "false",
          "whether the first map starts as the whitening of its windows, in pairs of opposite "
          "sign; "
          "a step of 0 keeps it so: true, false"},
         [](const Value& v, Config& c) { c.whiten = v.yes_or_no(); }},
        {{"network.bias", "0", "start of the biases; none: they stay 0 (lrrn)"},
         [](const Value& v, Config& c) {
             c.without_bias = v.text == "none";
             c.bias = c.without_bias ? 0.0 : v.number(-1e6, 1e6);
         }},
        {{"network.scale", "1",
          "of the hidden blocks at the start: multiplies the first map and the hidden biases and "
          "divides the last map, which leaves the network's function"},
         [](const Value& v, Config& c) { c.scale = v.number(1e-6, 1e6); }},
    };
}

}  // namespace hoist
