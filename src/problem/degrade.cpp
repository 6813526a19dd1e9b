#include "hoist/problem/degrade.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"
#include "hoist/math/radon.hpp"

namespace hoist {

namespace {

Index wrapped(Index place, Index count) { return ((place % count) + count) % count; }

// Along the rows into what lies around the patch, too, then along the columns.
template <typename Scalar>
void blur(const DegradationStep& step, const Shape& shape, std::span<const Scalar> clean,
          const Patch& patch, std::span<Scalar> out) {
    const std::vector<double> weights = blurring_weights(step);
    const auto radius = static_cast<Index>(weights.size() / 2);
    const Index channels = shape.channels;
    const Index width = patch.columns * channels;
    std::vector<double> rows(static_cast<std::size_t>((patch.rows + 2 * radius) * width), 0.0);
    for (Index i = 0; i < patch.rows + 2 * radius; ++i) {
        const Scalar* row =
            clean.data() + wrapped(patch.top + i - radius, shape.rows) * shape.columns * channels;
        for (Index j = 0; j < patch.columns; ++j) {
            double* to = rows.data() + i * width + j * channels;
            for (Index k = -radius; k <= radius; ++k) {
                const Scalar* from = row + wrapped(patch.left + j + k, shape.columns) * channels;
                for (Index c = 0; c < channels; ++c) {
                    to[c] += weights[static_cast<std::size_t>(k + radius)] *
                             static_cast<double>(from[c]);
                }
            }
        }
    }
    for (Index i = 0; i < patch.rows; ++i) {
        for (Index j = 0; j < width; ++j) {
            double sum = 0.0;
            for (Index k = 0; k <= 2 * radius; ++k) {
                sum += weights[static_cast<std::size_t>(k)] *
                       rows[static_cast<std::size_t>((i + k) * width + j)];
            }
            out[static_cast<std::size_t>(i * width + j)] = static_cast<Scalar>(sum);
        }
    }
}

template <typename Scalar>
void cut_out(const Shape& shape, std::span<const Scalar> clean, const Patch& patch,
             std::span<Scalar> out) {
    const Index width = patch.columns * shape.channels;
    for (Index i = 0; i < patch.rows; ++i) {
        std::copy_n(clean.data() + ((patch.top + i) * shape.columns + patch.left) * shape.channels,
                    width, out.data() + i * width);
    }
}

template <typename Scalar>
void add_noise(const DegradationStep& step, CounterRandom& random, std::span<Scalar> numbers) {
    for (Scalar& number : numbers) {
        number += static_cast<Scalar>(step.amount / 255.0 * random.normal());
    }
}

// The projections of the whole picture, with the noise on them, taken back.
template <typename Scalar>
void project(const std::vector<DegradationStep>& steps, const Shape& shape,
             std::span<const Scalar> clean, const Patch& patch, CounterRandom& random,
             std::span<Scalar> out) {
    const Radon radon(static_cast<Index>(steps.front().amount), shape.rows, shape.columns);
    std::vector<double> picture(static_cast<std::size_t>(shape.places()));
    std::vector<Scalar> whole(clean.size());
    for (Index channel = 0; channel < shape.channels; ++channel) {
        const auto in = [&](std::size_t place) {
            return place * static_cast<std::size_t>(shape.channels) +
                   static_cast<std::size_t>(channel);
        };
        for (std::size_t place = 0; place < picture.size(); ++place) {
            picture[place] = static_cast<double>(clean[in(place)]);
        }
        std::vector<double> rays = radon.project(picture);
        for (auto step = steps.begin() + 1; step < steps.end(); ++step) {
            add_noise<double>(*step, random, rays);
        }
        const std::vector<double> back = radon.back_project(rays);
        for (std::size_t place = 0; place < picture.size(); ++place) {
            whole[in(place)] = static_cast<Scalar>(back[place]);
        }
    }
    cut_out<Scalar>(shape, whole, patch, out);
}

}  // namespace

template <typename Scalar>
void degrade(const std::vector<DegradationStep>& steps, const Shape& shape,
             std::span<const Scalar> clean, const Patch& patch, CounterRandom& random,
             std::span<Scalar> degraded) {
    using Kind = DegradationStep::Kind;
    require(std::ssize(clean) == shape.size() &&
                std::ssize(degraded) == patch.rows * patch.columns * shape.channels,
            "a picture and its patch have their sizes");
    require(patch.top >= 0 && patch.left >= 0 && patch.top + patch.rows <= shape.rows &&
                patch.left + patch.columns <= shape.columns,
            "a patch lies in its picture");
    if (!steps.empty() && steps.front().kind == Kind::radon) {
        project(steps, shape, clean, patch, random, degraded);
        return;
    }
    if (steps.empty() || !steps.front().blurs()) {
        cut_out(shape, clean, patch, degraded);
    }
    for (const DegradationStep& step : steps) {
        if (step.blurs()) {
            blur(step, shape, clean, patch, degraded);
        } else if (step.kind == Kind::noise) {
            add_noise(step, random, degraded);
        } else if (step.chooses_places()) {
            for (Index place = 0; place < patch.rows * patch.columns; ++place) {
                if (!keeps(step, place / patch.columns, place % patch.columns)) {
                    std::fill_n(degraded.data() + place * shape.channels, shape.channels,
                                Scalar{0});
                }
            }
        } else {
            for (auto pixel = degraded.begin(); pixel < degraded.end(); pixel += shape.channels) {
                if (random.uniform() < step.amount) {
                    std::fill_n(pixel, shape.channels, Scalar{0});
                }
            }
        }
    }
}

template <typename Scalar>
void turn(const Shape& square, Index way, std::span<Scalar> picture) {
    if (way == 0) {
        return;
    }
    require(square.rows == square.columns && std::ssize(picture) == square.size(),
            "a square is turned");
    const std::vector<Scalar> from(picture.begin(), picture.end());
    const Index last = square.rows - 1;
    Scalar* to = picture.data();
    for (Index i = 0; i <= last; ++i) {
        for (Index j = 0; j <= last; ++j, to += square.channels) {
            Index row = (way & 1) != 0 ? last - i : i;
            Index column = (way & 2) != 0 ? last - j : j;
            if ((way & 4) != 0) {
                std::swap(row, column);
            }
            std::copy_n(from.data() + (row * square.columns + column) * square.channels,
                        square.channels, to);
        }
    }
}

template void degrade(const std::vector<DegradationStep>&, const Shape&, std::span<const float>,
                      const Patch&, CounterRandom&, std::span<float>);
template void degrade(const std::vector<DegradationStep>&, const Shape&, std::span<const double>,
                      const Patch&, CounterRandom&, std::span<double>);
template void turn(const Shape&, Index, std::span<float>);
template void turn(const Shape&, Index, std::span<double>);

}  // namespace hoist
