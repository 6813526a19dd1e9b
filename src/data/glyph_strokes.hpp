#pragma once

#include <string>
#include <vector>

namespace hoist {

struct Point {
    double x = 0;
    double y = 0;
};

/// A line drawn without lifting the pen, as corners close enough to look smooth.
using Stroke = std::vector<Point>;

/// A symbol, drawn in the square [-1, 1] x [-1, 1], y downward.
struct Glyph {
    std::string name;
    std::vector<Stroke> strokes;
};

/// The classes of the embedded data set, in their order.
const std::vector<Glyph>& glyphs();

}  // namespace hoist
