#include "hoist/model/network_spec.hpp"

#include <algorithm>
#include <array>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

std::string convolution_text(const Windows& windows, Index channels) {
    std::string text = "conv(" + std::to_string(channels) + "," + std::to_string(windows.rows);
    const bool padded_by_half = windows.padding == windows.rows / 2;
    if (windows.stride != 1 || !padded_by_half) {
        text += "," + std::to_string(windows.stride);
    }
    if (!padded_by_half) {
        text += "," + std::to_string(windows.padding);
    }
    return text + ")";
}

// Of a map that gives so many channels of its own; that of a step stands where it ends.
std::string map_text(const MapSpec& map, Index channels) {
    const std::string side = std::to_string(map.windows.rows);
    if (map.part == StepPart::toward_input) {
        return map.in_front ? "fidelity(" + map.in_front->text() + ")" : "fidelity";
    }
    if (map.adjoint) {
        return "potential(" + std::to_string(map.outputs()) + "," + side + ")";
    }
    if (map.part == StepPart::reads_row) {
        return "recurrent(" + std::to_string(map.outputs()) + ")";
    }
    if (map.part == StepPart::closes) {
        return "residual(" + side + "," + std::to_string(map.windows.channels()) + ")";
    }
    const bool whole = map.windows == Windows::whole(map.windows.from);
    if (map.residual()) {
        return whole ? "residual" : "residual(" + side + ")";
    }
    return whole ? std::to_string(channels) : convolution_text(map.windows, channels);
}

std::string pool_text(const std::string& name, const Windows& windows) {
    if (windows.places() == 1 && windows.are_the_block() && name == "avgpool") {
        return name;
    }
    const std::string stride =
        windows.stride == windows.rows ? "" : "," + std::to_string(windows.stride);
    return name + "(" + std::to_string(windows.rows) + stride + ")";
}

}  // namespace

namespace {

/// A map with what stands around it, and the first map with its weights.
struct PieceText {
    std::string text;
    Index weights;
};

// What comes again with the same weights is written once.
void add_pieces(const std::vector<PieceText>& pieces, std::vector<std::string>& texts) {
    const auto same = [&](std::size_t i, std::size_t j) {
        return j < pieces.size() && pieces[i].weights == pieces[j].weights;
    };
    for (std::size_t i = 0; i < pieces.size();) {
        std::size_t period = 1;
        while (i + period < pieces.size() && !same(i, i + period)) {
            ++period;
        }
        std::size_t end = i + period;
        while (same(end - period, end)) {
            ++end;
        }
        const std::size_t times = (end - i) / period;
        if (times < 2) {
            texts.push_back(pieces[i++].text);
            continue;
        }
        std::vector<std::string> once;
        for (std::size_t k = i; k < i + period; ++k) {
            once.push_back(pieces[k].text);
        }
        texts.push_back((period > 1 ? "(" + join(once, "-") + ")" : once.front()) + "^" +
                        std::to_string(times));
        i += times * period;
    }
}

const std::vector<std::string> output_names{"softmax",       "linear", "simplex", "hinge",
                                            "squared_hinge", "none",   "spline"};

}  // namespace

Output parse_output(std::string_view name) {
    // What stands in parentheses is for those who compute the loss.
    const auto found = std::ranges::find(output_names, trim(name.substr(0, name.find('('))));
    if (found == output_names.end() ||
        (name.find('(') != std::string_view::npos && *found != "spline")) {
        throw UsageError("network.output = " + std::string(name) + " is unknown", "",
                         "use softmax, linear, simplex, hinge, squared_hinge, "
                         "spline(LOWER,UPPER,LABELS,LOSS) or none");
    }
    return static_cast<Output>(found - output_names.begin());
}

std::string to_text(Output output) { return output_names[static_cast<std::size_t>(output)]; }

bool NetworkSpec::shares_weights() const {
    for (Index l = 0; l < layers(); ++l) {
        if (weights_of(l) != l) {
            return true;
        }
    }
    return false;
}

Index NetworkSpec::widest() const {
    Index widest = 0;
    for (const MapSpec& map : maps) {
        widest = std::max({widest, map.from.size(), map.to.size()});
    }
    return widest;
}

NetworkSpec NetworkSpec::resized(const Shape& input) const {
    if (input == block(0)) {  // whose fixed operators it shares
        return *this;
    }
    const std::string text = layers_text();
    std::vector<std::string> names;
    for (Index l = 1; l <= hidden(); ++l) {
        names.push_back(activation(l).name());
    }
    NetworkSpec other =
        parse_network(to_text(input) + text.substr(text.find('-')), names, to_text(output));
    for (std::size_t i = 0; i < activations.size(); ++i) {
        if (activations[i]->traits().learned) {
            other.activations[i] =
                other.activations[i]->with_coefficients(activations[i]->coefficients());
        }
    }
    return other;
}

bool NetworkSpec::keeps_input() const {
    const MapSpec& first = maps.front();
    const std::size_t own =
        first.part == StepPart::opens || first.part == StepPart::reads_row || first.residual() ? 1
                                                                                               : 0;
    return first.skips.size() > own;
}

bool NetworkSpec::knows_measurement() const {
    return std::ranges::any_of(maps, [](const MapSpec& map) {
        return map.part == StepPart::toward_input && map.in_front;
    });
}

std::optional<Shape> NetworkSpec::fitting(const Shape& shape) const {
    constexpr Index farthest = 64;
    const auto least = [&](Index Shape::*side) -> std::optional<Index> {
        for (Index more = 0; more <= farthest; ++more) {
            Shape tried = picture();
            tried.*side = shape.*side + more;
            try {
                resized(tried);
                return tried.*side;
            } catch (const UsageError&) {  // one more, then
            }
        }
        return std::nullopt;
    };
    const auto rows = least(&Shape::rows);
    const auto columns = least(&Shape::columns);
    return rows && columns ? std::optional<Shape>({*rows, *columns, picture().channels})
                           : std::nullopt;
}

std::string NetworkSpec::activation_text() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < activations.size(); ++i) {
        const StepPart part = maps[i].part;
        if (part != StepPart::closes && part != StepPart::toward_input) {
            names.push_back(activations[i]->name());
        }
    }
    if (std::ranges::adjacent_find(names, std::not_equal_to{}) == names.end()) {
        names.resize(std::min<std::size_t>(names.size(), 1));
    }
    return names.empty() ? "relu" : join(names, ",");
}

std::string NetworkSpec::layers_text() const {
    std::vector<std::string> texts{to_text(block(0))};
    if (keeps_input()) {
        texts.emplace_back("keep_input");
    }
    if (map(0).part == StepPart::reads_row) {
        texts.emplace_back("by_rows");
    }
    std::vector<PieceText> pieces;
    for (Index l = 0; l < layers(); ++l) {
        const MapSpec& map = this->map(l);
        if (map.part == StepPart::opens) {
            continue;
        }
        std::vector<std::string> piece;
        if (const auto pooled = map.in_front ? map.in_front->means() : std::nullopt) {
            piece.push_back(pool_text("avgpool", *pooled));
        }
        piece.push_back(map_text(map, map.leading > 0 ? map.outputs() : block(l + 1).channels));
        if (map.normalized) {
            piece.emplace_back("batchnorm");
        }
        if (const auto pooled = l + 1 < layers() ? activation(l + 1).windows() : std::nullopt) {
            piece.push_back(pool_text("maxpool", *pooled));
        }
        pieces.push_back({join(piece, "-"), weights_of(l)});
    }
    add_pieces(pieces, texts);
    if (shuffle > 1) {
        texts.push_back("shuffle(" + std::to_string(shuffle) + ")");
    }
    if (adds_input) {
        texts.emplace_back("add_input");
    }
    return join(texts, "-");
}

}  // namespace hoist
