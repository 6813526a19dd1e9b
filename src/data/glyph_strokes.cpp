#include "glyph_strokes.hpp"

#include <cmath>
#include <initializer_list>
#include <numbers>

namespace hoist {

namespace {

/// The radius grows evenly from `first_radius` to `last_radius` while the angle (in turns, from the
/// right, clockwise) goes from `begin` to `end`.
Stroke spiral(Point center, double first_radius, double last_radius, double begin, double end) {
    const int pieces = static_cast<int>(std::ceil(24 * std::abs(end - begin)));
    Stroke stroke;
    for (int i = 0; i <= pieces; ++i) {
        const double t = static_cast<double>(i) / pieces;
        const double radius = first_radius + t * (last_radius - first_radius);
        const double angle = 2 * std::numbers::pi * (begin + t * (end - begin));
        stroke.push_back(
            {center.x + radius * std::cos(angle), center.y + radius * std::sin(angle)});
    }
    return stroke;
}

Stroke arc(Point center, double radius, double begin, double end) {
    return spiral(center, radius, radius, begin, end);
}

/// Straight lines from corner to corner, cut into pieces short enough to be bent.
Stroke lines(std::initializer_list<Point> corners) {
    constexpr int pieces = 4;
    Stroke stroke{*corners.begin()};
    for (const Point& corner : corners) {
        const Point from = stroke.back();
        for (int i = 1; i <= pieces && &corner != corners.begin(); ++i) {
            const double t = static_cast<double>(i) / pieces;
            stroke.push_back({from.x + t * (corner.x - from.x), from.y + t * (corner.y - from.y)});
        }
    }
    return stroke;
}

}  // namespace

const std::vector<Glyph>& glyphs() {
    static const std::vector<Glyph> table = {
        {"ring", {arc({0, 0}, 0.85, 0, 1)}},
        {"triangle", {lines({{0, -0.9}, {0.85, 0.75}, {-0.85, 0.75}, {0, -0.9}})}},
        {"cross", {lines({{0, -0.95}, {0, 0.95}}), lines({{-0.85, 0}, {0.85, 0}})}},
        {"zigzag", {lines({{-0.75, -0.85}, {0.75, -0.85}, {-0.75, 0.85}, {0.75, 0.85}})}},
        {"spiral", {spiral({0, 0}, 0.1, 0.95, 0.1, 1.75)}},
        {"arrow", {lines({{0, 0.95}, {0, -0.9}}), lines({{-0.65, -0.2}, {0, -0.9}, {0.65, -0.2}})}},
        {"wave", {arc({0, -0.45}, 0.45, -0.05, -0.75), arc({0, 0.45}, 0.45, -0.25, 0.45)}},
        {"trident",
         {lines({{0, -0.9}, {0, 0.95}}), lines({{-0.7, -0.9}, {-0.7, -0.2}}),
          arc({0, -0.2}, 0.7, 0.5, 0), lines({{0.7, -0.2}, {0.7, -0.9}})}},
        {"hourglass",
         {lines({{-0.7, -0.85}, {0.7, -0.85}, {-0.7, 0.85}, {0.7, 0.85}, {-0.7, -0.85}})}},
        {"hook", {lines({{0.45, -0.95}, {0.45, 0.4}}), arc({-0.05, 0.4}, 0.5, 0, 0.55)}},
    };
    return table;
}

}  // namespace hoist
