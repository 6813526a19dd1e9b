#include "piece_maps.hpp"

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/math/carried.hpp"
#include "hoist/math/data_steps.hpp"

namespace hoist {

namespace {

// Pixels of radon: the matrix of all of them takes 67 MB in float.
constexpr Index most_projected = 4096;

}  // namespace

void PieceMaps::refuse(const Piece& piece, const std::string& why) const {
    throw UsageError(shown_ + " does not fit", piece.text + " " + why, network_example);
}

void PieceMaps::check_size(const Piece& piece, const Shape& shape, Index most) const {
    const auto numbers = static_cast<double>(shape.rows) * static_cast<double>(shape.columns) *
                         static_cast<double>(shape.channels);
    if (numbers > static_cast<double>(most)) {
        refuse(piece, "makes blocks of more than " + std::to_string(most) + " numbers");
    }
}

Windows PieceMaps::windows_of(const Piece& piece, const Shape& from, Index side, Index stride,
                              Index padding) const {
    const Windows windows{from, side, side, stride, padding};
    if (!windows.fit() || (from.places() == 1 && side > 1)) {
        refuse(piece, "does not fit on the " + to_text(from) + " that it looks at" +
                          (from.places() == 1 ? ", which is no picture (a picture's input is "
                                                "written as in 28x28x1)"
                                              : ""));
    }
    const auto window = static_cast<double>(side) * static_cast<double>(side);
    if (window * static_cast<double>(from.channels) > static_cast<double>(most_numbers)) {
        refuse(piece, "has windows of more than " + std::to_string(most_numbers) + " numbers");
    }
    return windows;
}

Windows PieceMaps::pool_of(const Piece& piece, const Shape& from) const {
    constexpr Index most_places = Index{1} << 22;
    const bool all = piece.numbers.empty();
    const Windows windows =
        all ? Windows::whole(from)
            : windows_of(piece, from, piece.numbers[0], piece.number(1, piece.numbers[0]), 0);
    if (static_cast<double>(windows.places()) * static_cast<double>(windows.rows) *
            static_cast<double>(windows.columns) >
        static_cast<double>(most_places)) {
        refuse(piece, "has windows of more than " + std::to_string(most_places) +
                          " places in all on the " + to_text(from) + " that it looks at");
    }
    return windows;
}

MapSpec PieceMaps::residual_map(const Piece& piece, const Shape& from) const {
    if (piece.numbers.empty()) {
        if (from.places() > 1) {
            refuse(piece, "looks at a picture of " + to_text(from) +
                              "; write the side of its windows, as in residual(3)");
        }
        return MapSpec::dense(from, from.size()).added();
    }
    const Index side = piece.numbers[0];
    if (side % 2 == 0) {
        refuse(piece, "would give a picture of another size; its side has to be odd");
    }
    return MapSpec::convolution(windows_of(piece, from, side, 1, side / 2), from.channels).added();
}

// Two maps, of which the second adds to what the first looks at.
std::vector<MapSpec> PieceMaps::step(const Piece& piece, const Shape& from) const {
    const bool potential = piece.kind == Piece::Kind::potential;
    const Index channels = piece.numbers[potential ? 0 : 1];
    const Index side = piece.numbers[potential ? 1 : 0];
    if (side % 2 == 0 || channels < 1) {
        refuse(piece, "needs a number of channels and an odd side");
    }
    Windows windows = windows_of(piece, from, side, 1, side / 2);
    windows.mirrored = potential;
    if (!windows.fit()) {
        refuse(piece, "is too large for the mirror image of " + to_text(from));
    }
    if (potential) {
        return {MapSpec::centered_opening(windows, channels),
                MapSpec::adjoint_closing(windows, channels)};
    }
    return {MapSpec::opening(windows, channels), MapSpec::closing(windows, channels)};
}

std::vector<MapSpec> PieceMaps::maps_of(const Piece& piece, const Shape& from) const {
    using Kind = Piece::Kind;
    if (piece.maps() == 2) {
        return step(piece, from);
    }
    switch (piece.kind) {
        case Kind::width:
            return {MapSpec::dense(from, piece.numbers[0])};
        case Kind::residual:
            return {residual_map(piece, from)};
        case Kind::fidelity:
            return {MapSpec::toward_input(from)};
        case Kind::convolution: {
            if (piece.numbers[0] < 1) {
                refuse(piece, "has no channels");
            }
            const Index side = piece.numbers[1];
            return {MapSpec::convolution(
                windows_of(piece, from, side, piece.number(2, 1), piece.number(3, side / 2)),
                piece.numbers[0])};
        }
        default:
            refuse(piece, "stands where a map does; only the input is a shape");
    }
}

std::shared_ptr<const FixedOperator> PieceMaps::data_steps_of(const Piece& piece,
                                                              const Shape& block) {
    const std::vector<std::string> parameters = split_outside(piece.inside, ',');
    const std::vector<DegradationStep> measurement =
        parse_degradation(parameters.front(), shown_ + ": " + piece.text);
    if (measurement.empty() || !std::ranges::all_of(measurement, &DegradationStep::known)) {
        refuse(piece,
               "does not begin with what is known of the measurement, which is made of "
               "blur(PIXELS), box(SIDE) and subsample(EVERY), or is fixed_mask(SHARE) or "
               "radon(ANGLES)");
    }
    if (measurement.size() > 1 &&
        !std::ranges::all_of(measurement, &DegradationStep::along_sides)) {
        refuse(piece, "knows fixed_mask and radon alone, not with other steps");
    }
    if (measurement.front().kind == DegradationStep::Kind::radon &&
        block.places() > most_projected) {
        refuse(piece, "solves for all pixels together, and the picture has " +
                          std::to_string(block.places()) + ", more than " +
                          std::to_string(most_projected) + " (as 64x64 has)");
    }
    std::vector<double> regularizations;
    for (std::size_t i = 1; i < parameters.size(); ++i) {
        const auto number = to_number(parameters[i]);
        if (!number || !(*number > 0.0) || *number > 1e6) {
            refuse(piece, "has a parameter that is no number above 0");
        }
        regularizations.push_back(*number);
    }
    auto steps = steps_toward_data(block, measurement, regularizations);
    if (data_steps_ == nullptr || !(*data_steps_ == *steps)) {
        data_steps_ = std::move(steps);
    }
    return data_steps_;
}

std::shared_ptr<const Activation> PieceMaps::beside_carried(const Piece& piece,
                                                            std::shared_ptr<const Activation> phi,
                                                            const MapSpec& map) const {
    const ActivationTraits traits = phi->traits();
    if (traits.group > 1 || traits.entries > 1) {
        refuse(piece, "carries channels along, and network.activation = " + phi->name() +
                          " makes one number of several, or several of one");
    }
    return with_carried(std::move(phi), map.leading, map.to.channels);
}

void PieceMaps::check_shared_weights(const Piece& last, const NetworkSpec& network) const {
    const Index hidden = network.layers() - 1;
    for (Index l = 0; l < network.layers(); ++l) {
        const Index first = network.weights_of(l);
        const MapSpec& map = network.map(l);
        const bool same_sizes = map.inputs() == network.map(first).inputs() &&
                                map.outputs() == network.map(first).outputs();
        const bool same_activation =
            map.adjoint || l >= hidden || first >= hidden ||
            network.activation(l + 1).name() == network.activation(first + 1).name();
        if (!same_sizes || !same_activation) {
            refuse(last, std::string("is the end of maps of which one comes again with other ") +
                             (same_sizes ? "activations" : "sizes") + " and the same weights");
        }
    }
}

}  // namespace hoist
