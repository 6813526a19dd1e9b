#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hoist/math/activation.hpp"
#include "hoist/model/map_spec.hpp"

namespace hoist {

/// What stands above the last map: cross-entropy of softmax(u), squared error 1/2 |y - u|^2, or an
/// explicit block on the probability simplex under cross-entropy (the report's eqs. 11, 5 and 15).
enum class Output { softmax, linear, simplex };

Output parse_output(std::string_view name);
std::string to_text(Output output);

/// A chain of dense maps and activations: u_{l+1} = W_l x_l + b_l for l = 0..L, x_l = phi_l(u_l)
/// for l = 1..L.
struct NetworkSpec {
    /// The shapes of x_0, ..., x_L, and of the output u_{L+1}.
    std::vector<Shape> blocks;
    /// phi_1, ..., phi_L.
    std::vector<std::shared_ptr<const Activation>> activations;
    Output output = Output::softmax;

    /// The number of maps, L + 1; map l leaves activation block l.
    Index layers() const { return static_cast<Index>(blocks.size()) - 1; }
    Index inputs() const { return blocks.front().size(); }
    Index outputs() const { return blocks.back().size(); }
    const Shape& block(Index layer) const { return blocks[static_cast<std::size_t>(layer)]; }
    /// From x_l to u_{l+1}.
    MapSpec map(Index l) const {
        const Shape& above = block(l + 1);
        return {block(l), l + 1 < layers() ? activation(l + 1).input(above) : above};
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
