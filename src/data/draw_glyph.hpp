#pragma once

#include <cstdint>
#include <random>
#include <span>

#include "hoist/base/types.hpp"

namespace hoist {

/// Width and height of the images in pixels.
inline constexpr Index glyph_size = 28;

/// Draws the class of a sample; the first thing taken from its engine.
Index draw_glyph_class(std::mt19937_64& engine);

/// Draws a distorted, noisy glyph of a class: glyph_size^2 gray values, row by row, 0 = background.
/// @pre the class exists, `pixels` has the size.
void draw_glyph(Index glyph, std::mt19937_64& engine, std::span<std::uint8_t> pixels);

}  // namespace hoist
