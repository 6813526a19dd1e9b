#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hoist/math/activation.hpp"
#include "hoist/model/map_spec.hpp"

namespace hoist {

/// What stands above the last map: cross-entropy of softmax(u), squared error 1/2 |y - u|^2, an
/// explicit block on the probability simplex under cross-entropy (the report's eqs. 11, 5 and 15), the margin of
/// the true class or its square (Crammer and Singer 2001), or nothing: then the last map leads to one more hidden
/// block.
enum class Output { softmax, linear, simplex, hinge, squared_hinge, none, spline };

Output parse_output(std::string_view name);
std::string to_text(Output output);

/// A chain of maps and activations: u_{l+1} = W_l F_l(x_l) + b_l for l = 0..L, x_l = phi_l(u_l) for
/// l = 1..L.
struct NetworkSpec {
    std::vector<MapSpec> maps;
    /// phi_1, ..., phi_L, and phi_{L+1} where the output is none.
    std::vector<std::shared_ptr<const Activation>> activations;
    Output output = Output::softmax;
    /// Of each map the first with the same weights, itself where it has its own; empty where all have.
    std::vector<Index> first_with = {};
    /// Of a network of pictures: each place of the last map's output stands for a square of so many places a side of
    /// the picture that it makes, the channels of the first of them first (Shi et al. 2016, "pixel shuffle").
    Index shuffle = 1;
    /// Whether that picture is added to the input, so that the maps make what the input lacks.
    bool adds_input = false;

    /// The number of maps, L + 1; map l leaves activation block l.
    Index layers() const { return static_cast<Index>(maps.size()); }
    /// The number of activation blocks, L, or L + 1 where the output is none.
    Index hidden() const { return layers() - (unsupervised() ? 0 : 1); }
    Index inputs() const { return maps.front().from.size(); }
    Index outputs() const { return maps.back().to.size(); }
    /// The shape of x_l, 0 <= l <= L, or of the output u_{L+1}.
    const Shape& block(Index layer) const {
        return layer < layers() ? maps[static_cast<std::size_t>(layer)].from : maps.back().to;
    }
    /// From x_l to u_{l+1}.
    const MapSpec& map(Index l) const { return maps[static_cast<std::size_t>(l)]; }
    /// The first map with the weights of map l.
    Index weights_of(Index l) const {
        return first_with.empty() ? l : first_with[static_cast<std::size_t>(l)];
    }
    /// Whether several maps have the same weights.
    bool shares_weights() const;
    /// The numbers of its largest x_l or u_l.
    Index widest() const;
    /// phi_l of hidden block `layer`, 1 <= layer <= L.
    const Activation& activation(Index layer) const {
        return *activations[static_cast<std::size_t>(layer - 1)];
    }
    /// What makes block `layer` of u: the name of phi, or of the output.
    std::string name_above(Index layer) const {
        return layer > hidden() ? to_text(output) : activation(layer).name();
    }
    /// Whether the outputs are real values; otherwise they are scores of classes.
    bool regression() const {
        return output == Output::spline || (output == Output::linear && outputs() == 1);
    }
    /// Whether the outputs are pictures.
    bool pictures() const { return output == Output::linear && maps.back().to.places() > 1; }
    /// That of the pictures that it makes, and takes. @pre pictures().
    Shape picture() const {
        const Shape& u = maps.back().to;
        return {u.rows * shuffle, u.columns * shuffle, u.channels / (shuffle * shuffle)};
    }
    /// The same maps on pictures of another size. @pre pictures(). @throws UsageError where they do not fit on it.
    NetworkSpec resized(const Shape& input) const;
    /// The smallest picture that has no fewer rows and columns than `shape` and that the maps give back in its size;
    /// nothing where there is none. @pre pictures().
    std::optional<Shape> fitting(const Shape& shape) const;
    /// Whether its blocks carry the input along, behind their own channels.
    bool keeps_input() const;
    /// Whether some map knows how its input was measured.
    bool knows_measurement() const;
    /// Whether it knows of no targets.
    bool unsupervised() const { return output == Output::none; }

    /// "784-300-100-10", "28x28x1-conv(16,5)-maxpool(2)-10".
    std::string layers_text() const;
    /// "relu" where all are equal, otherwise one per hidden layer with commas.
    std::string activation_text() const;
};

/// Reads `layers` and `activation` (one name, or one per hidden layer with commas). `layers` is the shape of the input,
/// a number or ROWSxCOLUMNSxCHANNELS, and maps with `-` between them: a number is a dense map to so many units;
/// conv(CHANNELS,SIDE[,STRIDE[,PADDING]]) a convolution, padded by SIDE/2 where that is not given; residual(SIDE), or
/// residual between plain vectors, a map that adds what it looks at; residual(SIDE,CHANNELS) two maps with so many
/// channels and an activation between them, of which the second adds to what the first looks at;
/// potential(CHANNELS,SIDE) the same with the adjoint of the first map, which is subtracted; fidelity, behind
/// keep_input, which makes all blocks carry the input, adds a map of each place of x and of the input to x, or with
/// fidelity(blur(1.6),0.01) of what known steps make of them (steps_toward_data); by_rows behind the input lets each
/// recurrent(UNITS) read one row of it, beside the state. `(...)^5` is the same maps five times over, with one set of
/// weights. Activations are given for the blocks that do not end such steps. maxpool(SIDE[,STRIDE]) takes the maximum
/// of windows behind a map; batchnorm, right behind a map, normalizes what it gives; avgpool(SIDE[,STRIDE]) their mean
/// in front of the next, avgpool that of the whole picture. Where the output is linear, the last map may give a picture
/// as large as the input, after shuffle(SIDE) where that follows; add_input at the end adds the input to it.
/// @throws UsageError for what cannot be read, sizes that do not fit (with the map and the shape
/// that it meets), an unknown activation, or a wrong number of them.
NetworkSpec parse_network(std::string_view layers, std::string_view activation,
                          std::string_view output);
/// The same for a list of activations, empty where there is no hidden layer.
NetworkSpec parse_network(std::string_view layers, std::vector<std::string> activations,
                          std::string_view output);

}  // namespace hoist
