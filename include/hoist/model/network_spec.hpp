#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hoist/math/activation.hpp"

namespace hoist {

/// What stands above the last map: cross-entropy of softmax(u), squared error 1/2 |y - u|^2, or an
/// explicit block on the probability simplex under cross-entropy (the report's eqs. 11, 5 and 15).
enum class Output { softmax, linear, simplex };

Output parse_output(std::string_view name);
std::string to_text(Output output);

/// A chain of dense maps and activations: u_{l+1} = W_l x_l + b_l for l = 0..L, x_l = phi_l(u_l)
/// for l = 1..L.
struct NetworkSpec {
    /// n_0, ..., n_{L+1}.
    std::vector<Index> widths;
    /// phi_1, ..., phi_L.
    std::vector<std::shared_ptr<const Activation>> activations;
    Output output = Output::softmax;

    /// The number of maps, L + 1; map l leaves activation block l.
    Index layers() const { return static_cast<Index>(widths.size()) - 1; }
    Index inputs() const { return widths.front(); }
    Index outputs() const { return widths.back(); }
    Index width(Index layer) const { return widths[static_cast<std::size_t>(layer)]; }
    /// The rows of W_l and of u_{l+1}: the width above, times the rows of u that its activation
    /// takes for one of x.
    Index map_outputs(Index map) const {
        return width(map + 1) * (map + 1 < layers() ? activation(map + 1).traits().group : 1);
    }
    /// phi_l of hidden block `layer`, 1 <= layer <= L.
    const Activation& activation(Index layer) const {
        return *activations[static_cast<std::size_t>(layer - 1)];
    }
    /// Whether the outputs are real values; otherwise they are scores of classes.
    bool regression() const { return output == Output::linear && outputs() == 1; }

    /// "784-300-100-10".
    std::string layers_text() const;
    /// "relu" where all are equal, otherwise one per hidden layer with commas.
    std::string activation_text() const;
};

/// Reads `layers` ("784-300-10") and `activation` (one name, or one per hidden layer with commas).
/// @throws UsageError for fewer than two widths, a width below 1, an unknown activation, or a wrong
/// number of them.
NetworkSpec parse_network(std::string_view layers, std::string_view activation,
                          std::string_view output);

}  // namespace hoist
