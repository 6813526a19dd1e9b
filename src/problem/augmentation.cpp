#include "hoist/problem/augmentation.hpp"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/math/reflected.hpp"

namespace hoist {

namespace {

// What each knot gives to each pixel of a row: cubic B-splines over knots sqrt(3) widths apart,
// which have the variance of a Gaussian of that width. Rows have norm 1, so that the field has the
// variance of its coefficients at every pixel.
Matrix<float> smoothing_splines(Index side, double width) {
    const double spacing = std::numbers::sqrt3 * width;
    const auto interval = [&](double pixel) { return std::floor(pixel / spacing); };
    const auto intervals = static_cast<Index>(interval(static_cast<double>(side - 1))) + 1;
    Matrix<float> splines = Matrix<float>::Zero(side, intervals + 3);
    for (Index i = 0; i < side; ++i) {
        const auto pixel = static_cast<double>(i);
        const auto first = static_cast<Index>(interval(pixel));
        const double t = pixel / spacing - interval(pixel);
        const Eigen::Vector4d weights(std::pow(1.0 - t, 3), 3.0 * t * t * t - 6.0 * t * t + 4.0,
                                      -3.0 * t * t * t + 3.0 * t * t + 3.0 * t + 1.0, t * t * t);
        splines.row(i).segment<4>(first) = weights.normalized().transpose().cast<float>();
    }
    return splines;
}

// Where the image turned, sheared, scaled and then moved takes its pixels from.
AffineMap draw_map(const AugmentationOptions& options, CounterRandom& random) {
    const double angle = random.within(options.rotation) * std::numbers::pi / 180.0;
    const double scale = 1.0 + random.within(options.scale);
    const double shear = random.within(options.shear);
    const double columns = random.within(options.shift);
    const double rows = random.within(options.shift);
    const Eigen::Matrix2d forward = scale * Eigen::Rotation2Dd(angle).toRotationMatrix() *
                                    Eigen::Matrix2d{{1.0, shear}, {0.0, 1.0}};
    AffineMap map;
    map.matrix = forward.inverse();
    map.offset = -map.matrix * Eigen::Vector2d(columns, rows);
    return map;
}

// Columns, then rows, of the displacement of each pixel: of standard deviation `amplitude`.
Matrix<float> draw_displacement(const Matrix<float>& splines, double amplitude,
                                CounterRandom& random) {
    const double bound = std::numbers::sqrt3 * amplitude;
    Matrix<float> coefficients(splines.cols(), splines.cols());
    Matrix<float> displacement(splines.rows(), 2 * splines.rows());
    for (auto half :
         {displacement.leftCols(splines.rows()), displacement.rightCols(splines.rows())}) {
        for (float& coefficient : coefficients.reshaped()) {
            coefficient = static_cast<float>(random.within(bound));
        }
        // Too small for BLAS.
        const Matrix<float> along = coefficients.lazyProduct(splines.transpose());
        half = splines.lazyProduct(along);
    }
    return displacement;
}

}  // namespace

Augmentation::Augmentation(const AugmentationOptions& options, Index inputs,
                           const std::optional<ImageLayout>& layout)
    : options_(options), inputs_(inputs), layout_(layout.value_or(ImageLayout{})) {
    check_images(options, inputs, layout);
    require(!layout || layout->shape.size() == inputs, "an image has all inputs");
    require(options.dropout < 1.0 && options.scale < 1.0 && options.elastic_width > 0.0,
            "augmentation leaves something of the inputs");
    if (options.elastic > 0.0) {
        splines_ = smoothing_splines(layout_.shape.rows, options.elastic_width);
    }
}

bool Augmentation::active() const {
    return options_.images() || options_.noise > 0.0 || options_.dropout > 0.0;
}

template <typename Scalar>
void Augmentation::warp_channels(CounterRandom& random, std::span<Scalar> x) const {
    const AffineMap map = draw_map(options_, random);
    Matrix<float> displacement;
    if (options_.elastic > 0.0) {
        displacement = draw_displacement(splines_, options_.elastic, random);
    }
    const Index places = layout_.shape.places();
    std::vector<Scalar> plane(static_cast<std::size_t>(places));
    for (Index channel = 0; channel < layout_.shape.channels; ++channel) {
        Scalar* const first = x.data() + channel * channel_stride();
        for (Index i = 0; i < places; ++i) {
            plane[static_cast<std::size_t>(i)] = first[i * pixel_stride()];
        }
        warp(std::span<Scalar>(plane), layout_.shape.rows, map,
             {displacement.data(), static_cast<std::size_t>(displacement.size())});
        for (Index i = 0; i < places; ++i) {
            first[i * pixel_stride()] = plane[static_cast<std::size_t>(i)];
        }
    }
}

template <typename Scalar>
void Augmentation::move_pixels(bool mirrored, CounterRandom& random, std::span<Scalar> x) const {
    const auto [rows, columns, channels] = layout_.shape;
    const auto whole = [&](Index count) {
        return static_cast<Index>(random.uniform() * static_cast<double>(count));
    };
    Index down = 0;
    Index right = 0;
    if (options_.translate > 0) {
        down = whole(2 * options_.translate + 1) - options_.translate;
        right = whole(2 * options_.translate + 1) - options_.translate;
    }
    Index top = 0;
    Index left = 0;
    if (options_.cutout > 0) {
        top = whole(rows) - options_.cutout / 2;
        left = whole(columns) - options_.cutout / 2;
    }
    const std::vector<Scalar> from(x.begin(), x.end());
    for (Index row = 0; row < rows; ++row) {
        for (Index column = 0; column < columns; ++column) {
            const bool cut = row >= top && row < top + options_.cutout && column >= left &&
                             column < left + options_.cutout;
            const Index source_row = reflected(row - down, rows);
            const Index moved = reflected(column - right, columns);
            const Index source_column = mirrored ? columns - 1 - moved : moved;
            for (Index channel = 0; channel < channels; ++channel) {
                const Index offset = channel * channel_stride();
                x[static_cast<std::size_t>((row * columns + column) * pixel_stride() + offset)] =
                    cut ? Scalar{0}
                        : from[static_cast<std::size_t>(
                              (source_row * columns + source_column) * pixel_stride() + offset)];
            }
        }
    }
}

template <typename Scalar>
void Augmentation::apply(std::uint64_t seed, Index epoch, Index sample, std::span<Scalar> x) const {
    require(std::ssize(x) == inputs_, "a sample has n_0 inputs");
    CounterRandom random(seed, Purpose::augmentation, {epoch, sample});
    if (options_.warps()) {
        warp_channels(random, x);
    }
    if (options_.mirror || options_.translate > 0 || options_.cutout > 0) {
        // Half of the samples in one epoch and the others in the next.
        const bool first = CounterRandom(seed, Purpose::augmentation, {sample}).uniform() < 0.5;
        const bool mirrored = options_.mirror && first == (epoch % 2 == 0);
        move_pixels(mirrored, random, x);
    }
    if (options_.noise > 0.0) {
        for (Scalar& value : x) {
            value += static_cast<Scalar>(options_.noise * random.normal());
        }
    }
    if (options_.dropout > 0.0) {
        const auto kept = static_cast<Scalar>(1.0 / (1.0 - options_.dropout));
        for (Scalar& value : x) {
            value *= random.uniform() < options_.dropout ? Scalar{0} : kept;
        }
    }
}

template <typename Scalar>
void warp(std::span<Scalar> image, Index side, const AffineMap& map,
          std::span<const float> displacement) {
    const auto pixels = static_cast<std::size_t>(side * side);
    require(image.size() == pixels, "an image is square");
    require(displacement.empty() || displacement.size() == 2 * pixels,
            "each pixel has two displacements");
    // A copy with one row and column of zeros before the image and two behind it: a place is
    // clamped to -1 to side, and it and the next lie in the copy, without a branch.
    const auto stride = static_cast<int>(side) + 3;
    std::vector<Scalar> padded(static_cast<std::size_t>(stride * stride));
    for (Index row = 0; row < side; ++row) {
        std::ranges::copy(image.subspan(row * side, side), padded.begin() + (row + 1) * stride + 1);
    }
    const Scalar* const source = padded.data();
    const auto last = static_cast<Scalar>(side + 1);
    const auto value_at = [=](Scalar column, Scalar row) {
        const Scalar x = std::clamp(column, Scalar{0}, last);
        const Scalar y = std::clamp(row, Scalar{0}, last);
        const int i = static_cast<int>(x);
        const int j = static_cast<int>(y);
        const Scalar right = x - static_cast<Scalar>(i);
        const Scalar below = y - static_cast<Scalar>(j);
        const Scalar* const at = source + (j * stride + i);
        const Scalar upper = at[0] + right * (at[1] - at[0]);
        const Scalar lower = at[stride] + right * (at[stride + 1] - at[stride]);
        return upper + below * (lower - upper);
    };
    const auto center = 0.5 * static_cast<double>(side - 1);
    const Eigen::Matrix<Scalar, 2, 2> matrix = map.matrix.cast<Scalar>();
    for (Index row = 0; row < side; ++row) {
        // The place of the row's first pixel in the copy.
        const Eigen::Vector2d first =
            map.matrix * Eigen::Vector2d(-center, static_cast<double>(row) - center) + map.offset;
        const auto x = static_cast<Scalar>(first.x() + center + 1.0);
        const auto y = static_cast<Scalar>(first.y() + center + 1.0);
        Scalar* const out = image.data() + row * side;
        if (displacement.empty()) {
            for (int i = 0; i < side; ++i) {
                const auto step = static_cast<Scalar>(i);
                out[i] = value_at(x + matrix(0, 0) * step, y + matrix(1, 0) * step);
            }
        } else {
            const float* const columns = displacement.data() + row * side;
            const float* const rows = columns + pixels;
            for (int i = 0; i < side; ++i) {
                const auto step = static_cast<Scalar>(i);
                out[i] = value_at(x + matrix(0, 0) * step + static_cast<Scalar>(columns[i]),
                                  y + matrix(1, 0) * step + static_cast<Scalar>(rows[i]));
            }
        }
    }
}

template <typename Scalar>
void mirror_images(const ImageLayout& layout, MatrixRef<Scalar> images) {
    const auto [rows, columns, channels] = layout.shape;
    require(images.rows() == layout.shape.size(), "images have the numbers of their layout");
    const Index pixel = layout.planes ? 1 : channels;
    const Index planes = layout.planes ? channels : 1;
    for (Index j = 0; j < images.cols(); ++j) {
        for (Index row = 0; row < planes * rows; ++row) {
            Scalar* const first = images.col(j).data() + row * columns * pixel;
            for (Index left = 0; left < columns / 2; ++left) {
                std::swap_ranges(first + left * pixel, first + (left + 1) * pixel,
                                 first + (columns - 1 - left) * pixel);
            }
        }
    }
}

template void mirror_images(const ImageLayout&, MatrixRef<float>);
template void mirror_images(const ImageLayout&, MatrixRef<double>);
template void Augmentation::apply(std::uint64_t, Index, Index, std::span<float>) const;
template void Augmentation::apply(std::uint64_t, Index, Index, std::span<double>) const;
template void warp(std::span<float>, Index, const AffineMap&, std::span<const float>);
template void warp(std::span<double>, Index, const AffineMap&, std::span<const float>);

}  // namespace hoist
