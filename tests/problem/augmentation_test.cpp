#include "hoist/problem/augmentation.hpp"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <set>
#include <tuple>
#include <vector>

#include "support/messages.hpp"
#include "support/random_matrix.hpp"

namespace hoist {
namespace {

const AugmentationOptions everything = {.noise = 0.1,
                                        .dropout = 0.2,
                                        .shift = 2.0,
                                        .rotation = 15.0,
                                        .scale = 0.1,
                                        .shear = 0.1,
                                        .elastic = 1.0};

template <typename Scalar>
std::vector<Scalar> random_values(Index count, unsigned seed) {
    std::mt19937_64 engine(seed);
    std::uniform_real_distribution<Scalar> uniform(-1, 1);
    std::vector<Scalar> values(static_cast<std::size_t>(count));
    std::ranges::generate(values, [&] { return uniform(engine); });
    return values;
}

std::vector<double> augmented(const Augmentation& augmentation, std::vector<double> x,
                              std::uint64_t seed, Index epoch, Index sample) {
    augmentation.apply<double>(seed, epoch, sample, x);
    return x;
}

// Column and row of a pixel.
Eigen::Vector2d position(Index pixel, Index side) {
    return {static_cast<double>(pixel % side), static_cast<double>(pixel / side)};
}

// Images whose value at a pixel is its column (or its row): moved, they show where each pixel came
// from.
std::vector<double> ramp(Index side, Index direction) {
    std::vector<double> image;
    for (Index pixel = 0; pixel < side * side; ++pixel) {
        image.push_back(position(pixel, side)(direction));
    }
    return image;
}

// How pixels near the middle of a sample moved, from where they came.
AffineMap observed_map(const Augmentation& augmentation, Index side, Index sample) {
    const auto columns = augmented(augmentation, ramp(side, 0), 5, 0, sample);
    const auto rows = augmented(augmentation, ramp(side, 1), 5, 0, sample);
    const auto from = [&](Index column, Index row) {
        const auto pixel = static_cast<std::size_t>(row * side + column);
        return Eigen::Vector2d(columns[pixel], rows[pixel]);
    };
    const Index middle = side / 2;
    const Eigen::Vector2d center = from(middle, middle);
    AffineMap map;
    map.matrix.col(0) = from(middle + 1, middle) - center;
    map.matrix.col(1) = from(middle, middle + 1) - center;
    map.offset = center - Eigen::Vector2d::Constant(static_cast<double>(middle));
    return map;
}

struct Extremes {
    double least = 1e300;
    double most = -1e300;

    void note(double value) {
        least = std::min(least, value);
        most = std::max(most, value);
    }
};

// All of [-bound, bound] is reached, and nothing beyond it.
void expect_fills(const Extremes& seen, double bound) {
    EXPECT_GE(seen.least, -bound * (1.0 + 1e-12));
    EXPECT_LT(seen.least, -0.98 * bound);
    EXPECT_LE(seen.most, bound * (1.0 + 1e-12));
    EXPECT_GT(seen.most, 0.98 * bound);
}

template <typename Scalar>
class Warp : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Warp, Scalars);

TYPED_TEST(Warp, by_whole_pixels_moves_pixels_exactly) {
    const Index side = 7;
    const auto original = random_values<TypeParam>(side * side, 1);
    for (const auto& [columns, rows] :
         {std::pair{0, 0}, {2, 0}, {0, -3}, {-1, 4}, {7, 0}, {50, -90}}) {
        auto image = original;
        AffineMap map;
        map.offset << columns, rows;
        warp<TypeParam>(image, side, map);
        for (Index row = 0; row < side; ++row) {
            for (Index column = 0; column < side; ++column) {
                const Index j = row + rows;
                const Index i = column + columns;
                const bool inside = i >= 0 && i < side && j >= 0 && j < side;
                const TypeParam expected = inside ? original[j * side + i] : 0;
                EXPECT_EQ(image[row * side + column], expected) << column << ' ' << row;
            }
        }
    }
}

TYPED_TEST(Warp, by_a_right_angle_turns_the_image_exactly) {
    for (const Index side : {6, 9}) {
        const auto original = random_values<TypeParam>(side * side, 2);
        auto image = original;
        AffineMap map;
        map.matrix << 0.0, -1.0, 1.0, 0.0;
        warp<TypeParam>(image, side, map);
        for (Index row = 0; row < side; ++row) {
            for (Index column = 0; column < side; ++column) {
                EXPECT_EQ(image[row * side + column], original[column * side + side - 1 - row]);
            }
        }
    }
}

TYPED_TEST(Warp, by_two_takes_every_other_pixel) {
    const Index side = 9;
    const auto original = random_values<TypeParam>(side * side, 3);
    auto image = original;
    AffineMap map;
    map.matrix *= 2.0;
    warp<TypeParam>(image, side, map);
    for (Index row = 2; row <= 6; ++row) {
        for (Index column = 2; column <= 6; ++column) {
            EXPECT_EQ(image[row * side + column],
                      original[(2 * row - 4) * side + (2 * column - 4)]);
        }
    }
    EXPECT_EQ(std::ranges::count(image, TypeParam{0}), 81 - 25);
}

// The interpolant is the sum of all pixels, each times a product of two hats around it.
TYPED_TEST(Warp, agrees_with_the_sum_of_hat_functions) {
    const Index side = 8;
    const auto center = Eigen::Vector2d::Constant(3.5);
    std::mt19937_64 engine(4);
    std::uniform_real_distribution<double> uniform(-1.5, 1.5);
    for (int trial = 0; trial < 30; ++trial) {
        const auto original = random_values<TypeParam>(side * side, 10u + trial);
        std::vector<float> displacement;
        if (trial % 2 == 1) {
            displacement = random_values<float>(2 * side * side, 60u + trial);
        }
        AffineMap map;
        map.matrix << uniform(engine), uniform(engine), uniform(engine), uniform(engine);
        map.offset << uniform(engine), uniform(engine);
        auto image = original;
        warp<TypeParam>(image, side, map, displacement);
        for (Index pixel = 0; pixel < side * side; ++pixel) {
            Eigen::Vector2d place =
                map.matrix * (position(pixel, side) - center) + center + map.offset;
            if (!displacement.empty()) {
                place.x() += displacement[pixel];
                place.y() += displacement[side * side + pixel];
            }
            double expected = 0.0;
            for (Index other = 0; other < side * side; ++other) {
                const Eigen::Array2d distance = (place - position(other, side)).cwiseAbs();
                expected += (1.0 - distance).max(0.0).prod() * original[other];
            }
            EXPECT_NEAR(image[pixel], expected, sizeof(TypeParam) == 4 ? 1e-5 : 1e-13);
        }
    }
}

TYPED_TEST(Warp, is_exact_where_the_image_is_affine) {
    const Index side = 20;
    const auto center = Eigen::Vector2d::Constant(9.5);
    const Eigen::Vector2d slope(0.3, -0.7);
    std::vector<TypeParam> image;
    for (Index pixel = 0; pixel < side * side; ++pixel) {
        image.push_back(static_cast<TypeParam>(1.0 + slope.dot(position(pixel, side))));
    }
    AffineMap map;
    map.matrix << 0.8, -0.3, 0.2, 0.9;
    map.offset << 0.4, -0.6;
    warp<TypeParam>(image, side, map);
    for (Index pixel = 0; pixel < side * side; ++pixel) {
        const Eigen::Vector2d place =
            map.matrix * (position(pixel, side) - center) + center + map.offset;
        if (place.minCoeff() >= 0.0 && place.maxCoeff() <= 19.0) {
            EXPECT_NEAR(image[pixel], 1.0 + slope.dot(place),
                        sizeof(TypeParam) == 4 ? 1e-5 : 1e-13);
        }
    }
}

TEST(Augmentation, of_nothing_changes_nothing) {
    const Augmentation augmentation({}, 10);
    EXPECT_FALSE(augmentation.active());
    EXPECT_FALSE(augmentation.fills_zeros());
    const auto x = random_values<double>(10, 1);
    EXPECT_EQ(augmented(augmentation, x, 1, 2, 3), x);
    EXPECT_FALSE((AugmentationOptions{.elastic_width = 2.0}.images()));
}

TEST(Augmentation, says_what_it_does) {
    EXPECT_TRUE(Augmentation({.noise = 0.1}, 10).active());
    EXPECT_TRUE(Augmentation({.noise = 0.1}, 10).fills_zeros());
    EXPECT_TRUE(Augmentation({.dropout = 0.1}, 10).active());
    for (const AugmentationOptions& options :
         {AugmentationOptions{.shift = 1.0}, AugmentationOptions{.rotation = 1.0},
          AugmentationOptions{.scale = 0.1}, AugmentationOptions{.shear = 0.1},
          AugmentationOptions{.elastic = 1.0}, AugmentationOptions{.mirror = true},
          AugmentationOptions{.translate = 1}, AugmentationOptions{.cutout = 1}}) {
        EXPECT_TRUE(options.images());
        EXPECT_TRUE(Augmentation(options, 9).active());
        EXPECT_FALSE(Augmentation(options, 9).fills_zeros());
    }
}

TEST(Augmentation, follows_seed_epoch_and_sample_and_nothing_else) {
    const Index pixels = 12 * 12;
    const Augmentation one(everything, pixels);
    const Augmentation two(everything, pixels);
    const auto x = random_values<double>(pixels, 1);
    const auto first = augmented(one, x, 1, 2, 3);
    const auto other = augmented(one, x, 1, 2, 4);
    EXPECT_EQ(augmented(one, x, 1, 2, 3), first);
    EXPECT_EQ(augmented(two, x, 1, 2, 3), first);
    EXPECT_NE(other, first);
    EXPECT_NE(augmented(one, x, 2, 2, 3), first);
    EXPECT_NE(augmented(one, x, 1, 3, 3), first);
    EXPECT_NE(augmented(one, x, 1, 3, 2), first);
}

TEST(Augmentation, is_the_same_in_both_precisions_to_rounding) {
    const Index pixels = 12 * 12;
    const Augmentation augmentation(everything, pixels);
    std::vector<float> single = random_values<float>(pixels, 1);
    std::vector<double> full(single.begin(), single.end());
    augmentation.apply<float>(1, 2, 3, single);
    augmentation.apply<double>(1, 2, 3, full);
    for (std::size_t i = 0; i < full.size(); ++i) {
        EXPECT_NEAR(single[i], full[i], 2e-5);
    }
}

// Bilinear weights have the center of mass of the point that they spread.
TEST(Augmentation, shifts_evenly_as_far_as_asked_for) {
    const Index side = 13;
    const double bound = 2.5;
    const Augmentation augmentation({.shift = bound}, side * side);
    std::vector<double> point(side * side);
    point[6 * side + 6] = 1.0;
    const auto columns = ramp(side, 0);
    const auto rows = ramp(side, 1);
    Extremes right, down;
    Eigen::Matrix2d moments = Eigen::Matrix2d::Zero();
    const Index samples = 3000;
    for (Index sample = 0; sample < samples; ++sample) {
        const auto moved = augmented(augmentation, point, 1, 0, sample);
        Eigen::Vector2d by(-6.0, -6.0);
        for (std::size_t i = 0; i < moved.size(); ++i) {
            by += moved[i] * Eigen::Vector2d(columns[i], rows[i]);
        }
        right.note(by.x());
        down.note(by.y());
        moments += by * by.transpose() / static_cast<double>(samples);
    }
    expect_fills(right, bound);
    expect_fills(down, bound);
    EXPECT_NEAR(moments(0, 0), bound * bound / 3.0, 0.15);
    EXPECT_NEAR(moments(1, 1), bound * bound / 3.0, 0.15);
    EXPECT_NEAR(moments(0, 1), 0.0, 0.15);
}

TEST(Augmentation, rotates_about_the_center_as_far_as_asked_for) {
    const Augmentation augmentation({.rotation = 30.0}, 81);
    Extremes angles;
    for (Index sample = 0; sample < 500; ++sample) {
        const AffineMap map = observed_map(augmentation, 9, sample);
        EXPECT_LT(map.offset.norm(), 1e-12);
        EXPECT_LT((map.matrix.transpose() * map.matrix - Eigen::Matrix2d::Identity()).norm(),
                  1e-12);
        EXPECT_NEAR(map.matrix.determinant(), 1.0, 1e-12);
        angles.note(std::atan2(map.matrix(0, 1), map.matrix(0, 0)) * 180.0 / std::numbers::pi);
    }
    expect_fills(angles, 30.0);
}

TEST(Augmentation, scales_both_directions_alike_as_far_as_asked_for) {
    const Augmentation augmentation({.scale = 0.2}, 81);
    Extremes sizes;
    for (Index sample = 0; sample < 500; ++sample) {
        const AffineMap map = observed_map(augmentation, 9, sample);
        const double size = 1.0 / map.matrix(0, 0);
        EXPECT_LT((size * map.matrix - Eigen::Matrix2d::Identity()).norm(), 1e-12);
        EXPECT_LT(map.offset.norm(), 1e-12);
        sizes.note(size - 1.0);
    }
    expect_fills(sizes, 0.2);
}

TEST(Augmentation, shears_along_rows_as_far_as_asked_for) {
    const Augmentation augmentation({.shear = 0.3}, 81);
    Extremes shears;
    for (Index sample = 0; sample < 500; ++sample) {
        AffineMap map = observed_map(augmentation, 9, sample);
        EXPECT_LT(map.offset.norm(), 1e-12);
        shears.note(-map.matrix(0, 1));
        map.matrix(0, 1) = 0.0;
        EXPECT_LT((map.matrix - Eigen::Matrix2d::Identity()).norm(), 1e-12);
    }
    expect_fills(shears, 0.3);
}

TEST(Augmentation, shifts_in_pixels_of_the_result_whatever_its_size) {
    const double bound = 2.0;
    const Augmentation augmentation({.shift = bound, .rotation = 20.0, .scale = 0.4}, 289);
    Extremes right;
    for (Index sample = 0; sample < 2000; ++sample) {
        const AffineMap map = observed_map(augmentation, 17, sample);
        right.note(-map.matrix.inverse().row(0) * map.offset);
    }
    expect_fills(right, bound);
}

TEST(Augmentation, displaces_elastically_by_the_amplitude_over_the_width) {
    const Index side = 40;
    const double amplitude = 0.7;
    const double width = 3.0;
    const Augmentation augmentation({.elastic = amplitude, .elastic_width = width}, side * side);
    const auto columns = ramp(side, 0);
    const auto rows = ramp(side, 1);
    const Index samples = 1500;
    // The displacements of the pixels of row 20, far enough from the border to stay inside.
    const Index margin = 6;
    const Index count = side - 2 * margin;
    Matrix<double> across(count, samples);
    Matrix<double> down(count, samples);
    for (Index sample = 0; sample < samples; ++sample) {
        const auto from_columns = augmented(augmentation, columns, 3, 1, sample);
        const auto from_rows = augmented(augmentation, rows, 3, 1, sample);
        for (Index k = 0; k < count; ++k) {
            const auto pixel = static_cast<std::size_t>(20 * side + margin + k);
            across(k, sample) = from_columns[pixel] - columns[pixel];
            down(k, sample) = from_rows[pixel] - rows[pixel];
        }
    }
    const double scale = 1.0 / (amplitude * amplitude * static_cast<double>(samples));
    const Matrix<double> correlation = scale * across * across.transpose();
    const Matrix<double> correlation_down = scale * down * down.transpose();
    for (Index k = 0; k < count; ++k) {
        EXPECT_NEAR(across.row(k).mean(), 0.0, 0.08);
        EXPECT_NEAR(correlation(k, k), 1.0, 0.16);
        EXPECT_NEAR(correlation_down(k, k), 1.0, 0.16);
    }
    EXPECT_LT((scale * across * down.transpose()).cwiseAbs().maxCoeff(), 0.15);
    // White noise after a Gaussian of this width is correlated like this.
    const auto gaussian = [&](Index distance) {
        return std::exp(-0.25 * std::pow(static_cast<double>(distance) / width, 2));
    };
    for (const Index distance : {0, 1, 2, 3, 4, 6, 8, 12}) {
        EXPECT_NEAR(correlation.diagonal(distance).mean(), gaussian(distance), 0.06) << distance;
        EXPECT_NEAR(correlation_down.diagonal(distance).mean(), gaussian(distance), 0.06)
            << distance;
    }
    // Smooth everywhere: second differences are nowhere far above theirs.
    const double expected = 6.0 - 8.0 * gaussian(1) + 2.0 * gaussian(2);
    for (Index k = 1; k + 1 < count; ++k) {
        const double bend =
            scale * (across.row(k - 1) - 2.0 * across.row(k) + across.row(k + 1)).squaredNorm();
        EXPECT_LT(bend, 2.0 * expected) << k;
    }
}

TEST(Augmentation, moves_color_planes_together) {
    const Index side = 10;
    const std::size_t plane = 100;
    AugmentationOptions options = everything;
    options.noise = options.dropout = 0.0;
    const Augmentation one(options, side * side);
    const Augmentation three(options, 3 * side * side);
    const auto x = random_values<double>(3 * side * side, 1);
    const auto all = augmented(three, x, 1, 2, 3);
    for (std::size_t begin = 0; begin < x.size(); begin += plane) {
        const std::vector<double> single(x.begin() + begin, x.begin() + begin + plane);
        const std::vector<double> moved(all.begin() + begin, all.begin() + begin + plane);
        EXPECT_EQ(moved, augmented(one, single, 1, 2, 3));
    }
}

TEST(Augmentation, adds_gaussian_noise_of_the_deviation) {
    const Index count = 1000;
    const double deviation = 0.3;
    const Augmentation augmentation({.noise = deviation}, count);
    const std::vector<double> x(count, 2.0);
    const Index samples = 1000;
    std::vector<double> beyond(5);
    double sum = 0.0, squares = 0.0, neighbors = 0.0;
    for (Index sample = 0; sample < samples; ++sample) {
        const auto noisy = augmented(augmentation, x, 1, 0, sample);
        double before = 0.0;
        for (const double value : noisy) {
            const double z = (value - 2.0) / deviation;
            sum += z;
            squares += z * z;
            neighbors += z * before;
            before = z;
            for (std::size_t k = 0; k < beyond.size(); ++k) {
                beyond[k] += z > static_cast<double>(k) ? 1.0 : 0.0;
            }
        }
    }
    // A million numbers: five standard errors.
    const double total = 1e6;
    EXPECT_NEAR(sum / total, 0.0, 5e-3);
    EXPECT_NEAR(squares / total, 1.0, 7.1e-3);
    EXPECT_NEAR(neighbors / total, 0.0, 5e-3);
    for (std::size_t k = 0; k < beyond.size(); ++k) {
        const double share = 0.5 * std::erfc(static_cast<double>(k) / std::numbers::sqrt2);
        EXPECT_NEAR(beyond[k] / total, share, 5.0 * std::sqrt(share / total)) << k;
    }
}

TEST(Augmentation, drops_the_share_of_inputs_and_keeps_the_mean) {
    const Index count = 1000;
    const double share = 0.2;
    const Augmentation augmentation({.dropout = share}, count);
    const std::vector<double> x(count, 3.0);
    const Index samples = 500;
    double dropped = 0.0, both = 0.0, sum = 0.0;
    for (Index sample = 0; sample < samples; ++sample) {
        const auto thinned = augmented(augmentation, x, 1, 0, sample);
        for (std::size_t i = 0; i < thinned.size(); ++i) {
            EXPECT_TRUE(thinned[i] == 0.0 || std::abs(thinned[i] - 3.75) < 1e-14);
            dropped += thinned[i] == 0.0 ? 1.0 : 0.0;
            both += i > 0 && thinned[i] == 0.0 && thinned[i - 1] == 0.0 ? 1.0 : 0.0;
            sum += thinned[i];
        }
    }
    const double total = 5e5;
    EXPECT_NEAR(dropped / total, share, 3e-3);
    EXPECT_NEAR(both / (total - static_cast<double>(samples)), share * share, 3e-3);
    EXPECT_NEAR(sum / total, 3.0, 0.012);
}

TEST(Augmentation, drops_after_adding_noise) {
    const Augmentation augmentation({.noise = 0.1, .dropout = 0.5}, 1000);
    const auto x = augmented(augmentation, std::vector<double>(1000, 1.0), 1, 0, 0);
    EXPECT_NEAR(static_cast<double>(std::ranges::count(x, 0.0)), 500.0, 80.0);
}

TEST(Augmentation, moves_only_square_images) {
    for (const Index inputs : {1, 4, 784, 3 * 32 * 32}) {
        EXPECT_NO_THROW(Augmentation(everything, inputs)) << inputs;
    }
    for (const Index inputs : {2, 10, 783, 2 * 784, 4 * 784 + 1}) {
        EXPECT_THROW(Augmentation(everything, inputs), UsageError) << inputs;
        EXPECT_NO_THROW(Augmentation({.noise = 0.1, .dropout = 0.1}, inputs)) << inputs;
    }
    const std::string message =
        message_of<UsageError>([] { Augmentation({.shift = 2.0, .elastic = 0.5}, 11); });
    expect_mentions(message, {"data.shift = 2, data.elastic = 0.5 cannot be applied to the data",
                              "11 inputs are neither a square nor three", "leave it at 0"});
    EXPECT_EQ(message.find("data.rotation"), std::string::npos);
}

const ImageLayout innermost{{6, 5, 3}, false};
const ImageLayout in_planes{{6, 5, 3}, true};

/// The number of a pixel and channel, 1 + those before it.
std::vector<double> numbered(const ImageLayout& layout) {
    const auto [rows, columns, channels] = layout.shape;
    std::vector<double> x(static_cast<std::size_t>(layout.shape.size()));
    for (Index i = 0; i < rows * columns; ++i) {
        for (Index k = 0; k < channels; ++k) {
            x[static_cast<std::size_t>(layout.planes ? k * rows * columns + i : i * channels + k)] =
                static_cast<double>(1 + i * channels + k);
        }
    }
    return x;
}

TEST(Augmentation, of_images_is_the_same_in_both_layouts) {
    const AugmentationOptions moves{.mirror = true, .translate = 2, .cutout = 2};
    const AugmentationOptions warps{.shift = 1.5, .rotation = 20.0};
    const ImageLayout square{{5, 5, 3}, false};
    const ImageLayout square_planes{{5, 5, 3}, true};
    for (Index sample = 0; sample < 50; ++sample) {
        for (const auto& [options, side_by_side, planes] :
             {std::tuple(moves, innermost, in_planes), {warps, square, square_planes}}) {
            const Index inputs = side_by_side.shape.size();
            const auto a = augmented(Augmentation(options, inputs, side_by_side),
                                     numbered(side_by_side), 1, 0, sample);
            const auto b =
                augmented(Augmentation(options, inputs, planes), numbered(planes), 1, 0, sample);
            for (Index i = 0; i < side_by_side.shape.places(); ++i) {
                for (Index k = 0; k < 3; ++k) {
                    ASSERT_EQ(a[static_cast<std::size_t>(i * 3 + k)],
                              b[static_cast<std::size_t>(k * side_by_side.shape.places() + i)]);
                }
            }
        }
    }
}

TEST(Augmentation, mirrors_each_image_every_other_time_and_translates_each_way) {
    const Augmentation augmentation({.mirror = true, .translate = 1}, 90, innermost);
    const std::vector<double> x = numbered(innermost);
    double mirrored = 0.0;
    std::set<std::pair<int, int>> shifts;
    constexpr Index samples = 2000;
    for (Index sample = 0; sample < samples; ++sample) {
        const auto moved = augmented(augmentation, x, 1, 0, sample);
        // Three neighbors in the middle tell where all came from.
        const auto first = static_cast<int>(moved[(2 * 5 + 2) * 3]) / 3;
        const auto second = static_cast<int>(moved[(2 * 5 + 3) * 3]) / 3;
        const bool flipped = second < first;
        mirrored += flipped ? 1.0 : 0.0;
        const int down = 2 - first / 5;
        const int right = 2 - (flipped ? 4 - first % 5 : first % 5);
        shifts.insert({down, right});
        constexpr std::array rows{1, 0, 1, 2, 3, 4, 5, 4};
        constexpr std::array columns{1, 0, 1, 2, 3, 4, 3};
        for (int row = 0; row < 6; ++row) {
            for (int column = 0; column < 5; ++column) {
                const int from_row = rows.at(static_cast<std::size_t>(1 + row - down));
                const int from_left = columns.at(static_cast<std::size_t>(1 + column - right));
                const int from = flipped ? 4 - from_left : from_left;
                for (int k = 0; k < 3; ++k) {
                    ASSERT_EQ(moved[static_cast<std::size_t>((row * 5 + column) * 3 + k)],
                              (from_row * 5 + from) * 3 + k + 1);
                }
            }
        }
        for (Index epoch = 1; epoch < 4; ++epoch) {
            const auto later = augmented(augmentation, x, 1, epoch, sample);
            const bool again = later[(2 * 5 + 3) * 3] < later[(2 * 5 + 2) * 3];
            ASSERT_EQ(again, flipped == (epoch % 2 == 0));
        }
    }
    EXPECT_NEAR(mirrored / samples, 0.5, 0.05);
    EXPECT_EQ(shifts.size(), 9U);
}

TEST(Augmentation, cuts_a_square_out_of_all_channels) {
    const Augmentation augmentation({.cutout = 3}, 90, innermost);
    const std::vector<double> x(90, 1.0);
    std::set<Index> counts;
    for (Index sample = 0; sample < 500; ++sample) {
        const auto cut = augmented(augmentation, x, 1, 0, sample);
        const auto zeros = static_cast<Index>(std::ranges::count(cut, 0.0));
        counts.insert(zeros);
        for (std::size_t i = 0; i < cut.size(); i += 3) {
            ASSERT_TRUE(cut[i] == cut[i + 1] && cut[i] == cut[i + 2]);
        }
    }
    // Whole in the middle, a part of it at edges and corners.
    EXPECT_EQ(counts, (std::set<Index>{4 * 3, 6 * 3, 9 * 3}));
}

TEST(Augmentation, mirrors_images_in_both_layouts) {
    for (const bool planes : {false, true}) {
        const ImageLayout layout{{3, 5, 2}, planes};
        Matrix<double> images = random_matrix(30, 4, 1);
        const Matrix<double> before = images;
        mirror_images<double>(layout, images);
        const auto at = [&](Index row, Index column, Index channel) {
            return planes ? (channel * 3 + row) * 5 + column : (row * 5 + column) * 2 + channel;
        };
        for (Index row = 0; row < 3; ++row) {
            for (Index column = 0; column < 5; ++column) {
                for (Index channel = 0; channel < 2; ++channel) {
                    EXPECT_EQ(images.row(at(row, column, channel)),
                              before.row(at(row, 4 - column, channel)));
                }
            }
        }
        mirror_images<double>(layout, images);
        EXPECT_EQ(images, before);
    }
}

TEST(Augmentation, knows_how_images_lie) {
    EXPECT_EQ(image_layout({4, 5, 2}, {}), (ImageLayout{{4, 5, 2}, false}));
    EXPECT_EQ(image_layout(Shape::vector(20), {4, 5}), (ImageLayout{{4, 5, 1}, false}));
    EXPECT_EQ(image_layout(Shape::vector(48), {4, 4, 3}), (ImageLayout{{4, 4, 3}, false}));
    EXPECT_EQ(image_layout(Shape::vector(48), {3, 4, 4}), (ImageLayout{{4, 4, 3}, true}));
    EXPECT_EQ(image_layout(Shape::vector(48)), (ImageLayout{{4, 4, 3}, true}));
    EXPECT_EQ(image_layout(Shape::vector(49)), (ImageLayout{{7, 7, 1}, false}));
    EXPECT_EQ(image_layout(Shape::vector(50)), std::nullopt);
    EXPECT_EQ(image_layout(Shape::vector(2 * 5 * 6 * 7), {2, 5, 6, 7}), std::nullopt);
    EXPECT_THROW(Augmentation({.shift = 1.0}, 90, innermost), UsageError);
    EXPECT_THROW(Augmentation({.mirror = true}, 50), UsageError);
}

TEST(Augmentation, refuses_to_leave_nothing_of_the_inputs) {
    EXPECT_THROW(Augmentation({.dropout = 1.0}, 4), Defect);
    EXPECT_THROW(Augmentation({.scale = 1.0}, 4), Defect);
    EXPECT_THROW(Augmentation({.elastic = 1.0, .elastic_width = 0.0}, 4), Defect);
    std::vector<double> x(5);
    EXPECT_THROW(Augmentation({.noise = 1.0}, 4).apply<double>(1, 1, 1, x), Defect);
}

}  // namespace
}  // namespace hoist
