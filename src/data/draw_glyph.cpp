#include "draw_glyph.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "glyph_strokes.hpp"
#include "hoist/base/error.hpp"

namespace hoist {

namespace {

/// The strength of each distortion. They are set so that a linear classifier, trained on the
/// default number of samples, errs on about one in seven and a small network on about one in fifty.
constexpr double largest_angle = 0.35;  // radians
constexpr double largest_shear = 0.25;
constexpr double smallest_scale = 6.5;  // pixels from the center of a glyph to its edge
constexpr double largest_scale = 10.0;
constexpr double largest_shift = 2.5;  // pixels
constexpr double largest_bend = 0.10;  // of a glyph's half width, per wave
constexpr int bends = 3;
constexpr double thinnest = 0.7;  // pixels from the middle of a stroke to its edge
constexpr double thickest = 1.4;
constexpr int most_scratches = 2;
constexpr int most_dots = 3;
constexpr double noise = 0.25;

constexpr double pi = std::numbers::pi;

/// The standard distributions may differ between libraries; these numbers do not.
double uniform(std::mt19937_64& engine, double low, double high) {
    return low + (high - low) * static_cast<double>(engine() >> 11) * 0x1p-53;
}

int whole(std::mt19937_64& engine, int most) {
    return static_cast<int>(engine() % static_cast<std::uint64_t>(most + 1));
}

/// Moves points by an elastic distortion (a sum of long waves) and an affine map into the image.
class Distortion {
  public:
    explicit Distortion(std::mt19937_64& engine) {
        for (Wave& wave : waves_) {
            const double direction = uniform(engine, 0, 2 * pi);
            const double frequency = uniform(engine, 0.5, 1) * pi;
            const double amplitude = uniform(engine, 0, largest_bend);
            const double push = uniform(engine, 0, 2 * pi);
            wave = {frequency * std::cos(direction), frequency * std::sin(direction),
                    uniform(engine, 0, 2 * pi), amplitude * std::cos(push),
                    amplitude * std::sin(push)};
        }
        const double angle = uniform(engine, -largest_angle, largest_angle);
        const double shear = uniform(engine, -largest_shear, largest_shear);
        const double width = uniform(engine, smallest_scale, largest_scale);
        const double height = uniform(engine, smallest_scale, largest_scale);
        // Rotation * shear * scale.
        xx_ = std::cos(angle) * width;
        xy_ = (std::cos(angle) * shear - std::sin(angle)) * height;
        yx_ = std::sin(angle) * width;
        yy_ = (std::sin(angle) * shear + std::cos(angle)) * height;
        constexpr double middle = (static_cast<double>(glyph_size) - 1) / 2;
        center_ = {middle + uniform(engine, -largest_shift, largest_shift),
                   middle + uniform(engine, -largest_shift, largest_shift)};
    }

    Point operator()(Point point) const {
        Point moved = point;
        for (const Wave& wave : waves_) {
            const double height = std::sin(wave.kx * point.x + wave.ky * point.y + wave.phase);
            moved.x += wave.dx * height;
            moved.y += wave.dy * height;
        }
        return {center_.x + xx_ * moved.x + xy_ * moved.y,
                center_.y + yx_ * moved.x + yy_ * moved.y};
    }

  private:
    struct Wave {
        double kx, ky, phase, dx, dy;
    };
    std::array<Wave, bends> waves_;
    double xx_, xy_, yx_, yy_;
    Point center_;
};

class Canvas {
  public:
    /// Draws a line with round ends; its edge fades over one pixel.
    void line(Point a, Point b, double radius, double ink) {
        const double reach = radius + 0.5;
        const auto low = [&](double u, double v) {
            return std::max<Index>(0, static_cast<Index>(std::ceil(std::min(u, v) - reach)));
        };
        const auto high = [&](double u, double v) {
            return std::min(glyph_size - 1, static_cast<Index>(std::floor(std::max(u, v) + reach)));
        };
        const double dx = b.x - a.x;
        const double dy = b.y - a.y;
        const double length = std::max(dx * dx + dy * dy, 1e-12);
        for (Index y = low(a.y, b.y); y <= high(a.y, b.y); ++y) {
            for (Index x = low(a.x, b.x); x <= high(a.x, b.x); ++x) {
                const double px = static_cast<double>(x) - a.x;
                const double py = static_cast<double>(y) - a.y;
                const double t = std::clamp((px * dx + py * dy) / length, 0.0, 1.0);
                const double ex = px - t * dx;
                const double ey = py - t * dy;
                const double distance = std::sqrt(ex * ex + ey * ey);
                double& value = values_[static_cast<std::size_t>(y * glyph_size + x)];
                value = std::max(value, ink * std::clamp(reach - distance, 0.0, 1.0));
            }
        }
    }

    /// Adds noise, even in [-noise / 2, noise / 2], and rounds to bytes.
    void finish(std::mt19937_64& engine, std::span<std::uint8_t> pixels) const {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < values_.size(); ++i, bits >>= 8) {
            if (i % 8 == 0) {
                bits = engine();
            }
            const double grain = noise * (static_cast<double>(bits & 255) / 255 - 0.5);
            pixels[i] = static_cast<std::uint8_t>(
                std::lround(255 * std::clamp(values_[i] + grain, 0.0, 1.0)));
        }
    }

  private:
    std::array<double, glyph_size * glyph_size> values_{};
};

Point anywhere(std::mt19937_64& engine) {
    const double x = uniform(engine, 0, static_cast<double>(glyph_size));
    return {x, uniform(engine, 0, static_cast<double>(glyph_size))};
}

}  // namespace

Index draw_glyph_class(std::mt19937_64& engine) {
    return whole(engine, static_cast<int>(glyphs().size()) - 1);
}

void draw_glyph(Index glyph, std::mt19937_64& engine, std::span<std::uint8_t> pixels) {
    require(glyph >= 0 && glyph < std::ssize(glyphs()), "there is a glyph of that class");
    require(std::ssize(pixels) == glyph_size * glyph_size, "an image has its size");
    Canvas canvas;
    const Distortion distort(engine);
    const double radius = uniform(engine, thinnest, thickest);
    const double ink = uniform(engine, 0.6, 1);
    for (const Stroke& stroke : glyphs()[static_cast<std::size_t>(glyph)].strokes) {
        Point from = distort(stroke.front());
        for (std::size_t i = 1; i < stroke.size(); ++i) {
            const Point to = distort(stroke[i]);
            canvas.line(from, to, radius, ink);
            from = to;
        }
    }
    for (int count = whole(engine, most_scratches); count > 0; --count) {
        const Point from = anywhere(engine);
        const double angle = uniform(engine, 0, 2 * pi);
        const double length = uniform(engine, 2, 7);
        canvas.line(from, {from.x + length * std::cos(angle), from.y + length * std::sin(angle)},
                    uniform(engine, 0.3, 0.9), uniform(engine, 0.4, 1));
    }
    for (int count = whole(engine, most_dots); count > 0; --count) {
        const Point at = anywhere(engine);
        canvas.line(at, at, uniform(engine, 0.3, 1), uniform(engine, 0.4, 1));
    }
    canvas.finish(engine, pixels);
}

}  // namespace hoist
