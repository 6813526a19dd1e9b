#include "hoist/model/map_spec.hpp"

#include <algorithm>
#include <utility>

namespace hoist {

MapSpec MapSpec::opening(const Windows& windows, Index channels) {
    MapSpec map = convolution(windows, channels);
    const Index state = windows.from.channels;
    map.leading = channels;
    map.skips = {{0, channels, state}};
    map.to.channels += state;
    map.part = StepPart::opens;
    return map;
}

MapSpec MapSpec::closing(const Windows& windows, Index channels) {
    const Index state = windows.from.channels;
    Windows above = windows;
    above.from.channels = channels + state;
    above.leading = channels;
    MapSpec map = convolution(above, state);
    map.skips = {{channels, 0, state}};
    map.part = StepPart::closes;
    return map;
}

MapSpec MapSpec::centered_opening(const Windows& windows, Index channels) {
    MapSpec map = opening(windows, channels);
    map.centered = true;
    return map;
}

MapSpec MapSpec::adjoint_closing(const Windows& windows, Index channels) {
    MapSpec map = closing(windows, channels);
    map.centered = true;
    map.windows = windows;
    map.leading = channels;
    map.adjoint = true;
    return map;
}

MapSpec MapSpec::toward_input(const Shape& from) {
    MapSpec map = convolution({from, 1, 1}, from.channels);
    map.skips = {{0, 0, from.channels}};
    map.part = StepPart::toward_input;
    return map;
}

MapSpec MapSpec::recurrent(Index state, Index row, Index rest) {
    const Shape from = Shape::vector(state + row + rest);
    MapSpec map{from, Shape::vector(state + rest), nullptr, Windows::whole(from)};
    map.part = StepPart::reads_row;
    if (rest > 0) {
        map.windows.leading = state + row;
        map.leading = state;
        map.skips = {{state + row, state, rest}};
    }
    return map;
}

MapSpec MapSpec::carrying(Index below, Index above) const {
    MapSpec map = *this;
    map.leading = above > 0 || leading > 0 ? outputs() : 0;
    map.from.channels += below;
    map.to.channels += above;
    if (above > 0) {
        map.skips.push_back({below > 0 ? from.channels : 0, to.channels, above});
    }
    const Shape& looked_at = adjoint ? map.to : map.from;
    if (looked_at.channels > windows.from.channels) {
        map.windows.leading = part == StepPart::toward_input ? 0 : windows.channels();
        map.windows.from = looked_at;
    }
    return map;
}

MapSpec MapSpec::behind(std::shared_ptr<const FixedOperator> fixed) const {
    MapSpec map = *this;
    map.from = fixed->from();
    map.in_front = std::move(fixed);
    return map;
}

MapSpec MapSpec::toward_measurement(std::shared_ptr<const FixedOperator> steps) const {
    MapSpec map = behind(std::move(steps));
    map.windows.from = map.in_front->to();
    map.windows.leading = map.windows.from.channels - from.channels;
    for (Skip& skip : map.skips) {
        skip.from += map.windows.leading;
    }
    return map;
}

MapSpec MapSpec::without_fixed() const {
    MapSpec map = *this;
    if (in_front) {
        map.from = windows.from;
        map.in_front = nullptr;
    }
    return map;
}

MapSpec MapSpec::added() const {
    MapSpec map = *this;
    map.skips = {{0, 0, to.channels}};
    return map;
}

MapSpec MapSpec::unnormalized() const {
    MapSpec map = *this;
    map.normalized = false;
    return map;
}

bool MapSpec::residual() const {
    return std::ranges::any_of(skips,
                               [&](const Skip& skip) { return adjoint || skip.to < outputs(); });
}

bool MapSpec::operator==(const MapSpec& other) const {
    const bool same_in_front =
        in_front && other.in_front ? *in_front == *other.in_front : in_front == other.in_front;
    return same_in_front && from == other.from && to == other.to && windows == other.windows &&
           skips == other.skips && leading == other.leading && part == other.part &&
           adjoint == other.adjoint && centered == other.centered && normalized == other.normalized;
}

}  // namespace hoist
