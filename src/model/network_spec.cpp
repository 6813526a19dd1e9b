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

std::string map_text(const MapSpec& map, Index channels) {
    const bool whole = map.windows == Windows::whole(map.windows.from);
    if (map.residual) {
        return whole ? "residual" : "residual(" + std::to_string(map.windows.rows) + ")";
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

const std::vector<std::string> output_names{"softmax", "linear",        "simplex",
                                            "hinge",   "squared_hinge", "none"};

}  // namespace

Output parse_output(std::string_view name) {
    const auto found = std::ranges::find(output_names, trim(name));
    if (found == output_names.end()) {
        throw UsageError("network.output = " + std::string(name) + " is unknown", "",
                         "use softmax, linear, simplex, hinge, squared_hinge or none");
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

NetworkSpec NetworkSpec::resized(const Shape& input) const {
    const std::string text = layers_text();
    std::vector<std::string> names;
    for (Index l = 1; l <= hidden(); ++l) {
        names.push_back(activation(l).name());
    }
    return parse_network(to_text(input) + text.substr(text.find('-')), names, to_text(output));
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
    for (const auto& activation : activations) {
        names.push_back(activation->name());
    }
    if (std::ranges::adjacent_find(names, std::not_equal_to{}) == names.end()) {
        names.resize(std::min<std::size_t>(names.size(), 1));
    }
    return names.empty() ? "relu" : join(names, ",");
}

std::string NetworkSpec::layers_text() const {
    std::vector<std::string> texts{to_text(block(0))};
    for (Index l = 0; l < layers(); ++l) {
        const MapSpec& map = this->map(l);
        if (map.in_front) {
            texts.push_back(pool_text("avgpool", map.in_front->windows()));
        }
        const Index channels = block(l + 1).channels;
        texts.push_back(map_text(map, channels));
        if (map.normalized) {
            texts.emplace_back("batchnorm");
        }
        if (const auto pooled = l + 1 < layers() ? activation(l + 1).windows() : std::nullopt) {
            texts.push_back(pool_text("maxpool", *pooled));
        }
    }
    if (shuffle > 1) {
        texts.push_back("shuffle(" + std::to_string(shuffle) + ")");
    }
    if (adds_input) {
        texts.emplace_back("add_input");
    }
    return join(texts, "-");
}

}  // namespace hoist
