#include "hoist/problem/degrade.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "hoist/base/error.hpp"
#include "hoist/math/radon.hpp"
#include "support/messages.hpp"

namespace hoist {
namespace {

constexpr Shape shape{9, 14, 3};
const Patch everything{0, 0, shape.rows, shape.columns};

CounterRandom stream(Index item) { return {5, Purpose::degradation, {item}}; }

std::vector<double> drawn_picture(const Shape& of = shape) {
    CounterRandom random = stream(100);
    std::vector<double> picture(static_cast<std::size_t>(of.size()));
    std::ranges::generate(picture, [&] { return random.uniform(); });
    return picture;
}

double at(const std::vector<double>& picture, Index row, Index column, Index channel) {
    return picture[static_cast<std::size_t>((row * shape.columns + column) * shape.channels +
                                            channel)];
}

std::vector<double> degraded(const std::string& steps, const std::vector<double>& clean,
                             const Patch& patch = everything, const Shape& of = shape) {
    std::vector<double> result(static_cast<std::size_t>(patch.rows * patch.columns * of.channels));
    CounterRandom random = stream(1);
    degrade<double>(parse_degradation(steps), of, clean, patch, random, result);
    return result;
}

Index wrapped(Index place, Index count) { return ((place % count) + count) % count; }

// The definition: every pixel of the periodic picture, weighted by its distance.
TEST(Degrade, a_blur_is_the_gaussian_mean_of_the_periodic_picture) {
    constexpr double deviation = 1.3;
    constexpr Index far = 30;
    const std::vector<double> clean = drawn_picture();
    const std::vector<double> blurred = degraded("blur(1.3)", clean);
    for (const auto& [row, column, channel] :
         {std::tuple<Index, Index, Index>{0, 0, 0}, {8, 13, 2}, {4, 6, 1}, {0, 13, 0}}) {
        double sum = 0.0;
        double weights = 0.0;
        for (Index i = -far; i <= far; ++i) {
            for (Index j = -far; j <= far; ++j) {
                const double weight =
                    std::exp(-static_cast<double>(i * i + j * j) / (2.0 * deviation * deviation));
                weights += weight;
                sum += weight * at(clean, wrapped(row + i, shape.rows),
                                   wrapped(column + j, shape.columns), channel);
            }
        }
        // What lies beyond four deviations is left out.
        EXPECT_NEAR(at(blurred, row, column, channel), sum / weights, 2e-4);
    }
    double before = 0.0;
    double after = 0.0;
    for (std::size_t i = 0; i < clean.size(); ++i) {
        before += clean[i];
        after += blurred[i];
    }
    EXPECT_NEAR(after, before, 1e-9);
}

TEST(Degrade, a_patch_is_that_part_of_the_degraded_picture) {
    const std::vector<double> clean = drawn_picture();
    const Patch patch{3, 5, 4, 7};
    for (const std::string steps : {"", "blur(2)", "radon(4)"}) {
        const std::vector<double> whole = degraded(steps, clean);
        const std::vector<double> part = degraded(steps, clean, patch);
        auto found = part.begin();
        for (Index row = 3; row < 7; ++row) {
            for (Index column = 5; column < 12; ++column) {
                for (Index channel = 0; channel < shape.channels; ++channel) {
                    EXPECT_NEAR(*found++, at(whole, row, column, channel), 1e-15) << steps;
                }
            }
        }
    }
}

TEST(Degrade, noise_has_its_deviation_of_255_and_no_mean) {
    constexpr Shape large{200, 200, 1};
    const std::vector<double> clean = drawn_picture(large);
    const std::vector<double> noisy = degraded("noise(25)", clean, {0, 0, 200, 200}, large);
    const std::vector<double> both =
        degraded("noise(25)+noise(10)", clean, {0, 0, 200, 200}, large);
    const auto moments = [&](const std::vector<double>& found) {
        double mean = 0.0;
        double square = 0.0;
        for (std::size_t i = 0; i < clean.size(); ++i) {
            mean += found[i] - clean[i];
            square += (found[i] - clean[i]) * (found[i] - clean[i]);
        }
        const auto count = static_cast<double>(clean.size());
        return std::pair{mean / count, std::sqrt(square / count)};
    };
    // Five deviations of the mean and of the deviation of 40,000 numbers.
    EXPECT_NEAR(moments(noisy).first, 0.0, 5.0 * 25.0 / 255.0 / 200.0);
    EXPECT_NEAR(moments(noisy).second, 25.0 / 255.0, 5.0 * 25.0 / 255.0 / 283.0);
    EXPECT_NEAR(moments(both).second, std::hypot(25.0, 10.0) / 255.0, 5.0 * 27.0 / 255.0 / 283.0);
}

TEST(Degrade, a_mask_takes_all_channels_of_its_share_of_pixels) {
    constexpr Shape large{100, 100, 3};
    const std::vector<double> clean = drawn_picture(large);
    const std::vector<double> found = degraded("mask(0.3)", clean, {0, 0, 100, 100}, large);
    Index lost = 0;
    for (std::size_t pixel = 0; pixel < clean.size(); pixel += 3) {
        const bool first = found[pixel] == 0.0;
        lost += first ? 1 : 0;
        for (std::size_t channel = 0; channel < 3; ++channel) {
            EXPECT_EQ(found[pixel + channel], first ? 0.0 : clean[pixel + channel]);
        }
    }
    EXPECT_NEAR(static_cast<double>(lost), 3000.0, 5.0 * std::sqrt(10000.0 * 0.3 * 0.7));
}

TEST(Degrade, a_fixed_mask_loses_the_same_pixels_of_every_picture) {
    const auto lost = [&](const std::string& steps, const Shape& of) {
        const std::vector<double> clean = drawn_picture(of);
        const std::vector<double> found = degraded(steps, clean, {0, 0, of.rows, of.columns}, of);
        std::set<std::pair<Index, Index>> pixels;
        for (std::size_t i = 0; i < clean.size(); ++i) {
            EXPECT_TRUE(found[i] == clean[i] || found[i] == 0.0);
            const Index pixel = static_cast<Index>(i) / of.channels;
            if (found[i] == 0.0) {
                pixels.emplace(pixel / of.columns, pixel % of.columns);
            }
        }
        return pixels;
    };
    constexpr Shape large{100, 100, 3};
    const auto third = lost("fixed_mask(0.3)", large);
    EXPECT_NEAR(static_cast<double>(third.size()), 3000.0, 5.0 * std::sqrt(10000.0 * 0.3 * 0.7));
    EXPECT_EQ(lost("fixed_mask(0.3)", large), third);
    EXPECT_TRUE(std::ranges::includes(lost("fixed_mask(0.5)", large), third));
    for (const auto& [row, column] : lost("fixed_mask(0.3)", {7, 20, 1})) {
        EXPECT_TRUE(third.contains({row, column}));
    }
    EXPECT_EQ(lost("fixed_mask(1)", {3, 3, 1}).size(), 9U);
}

// Of the pixels of all channels: what was projected is taken back.
TEST(Degrade, projections_are_taken_back_with_the_noise_on_their_rays) {
    constexpr Shape of{6, 9, 2};
    constexpr Patch all{0, 0, 6, 9};
    const Radon radon(8, 6, 9);
    const std::vector<double> clean = drawn_picture(of);
    const std::vector<double> found = degraded("radon(8)", clean, all, of);
    std::vector<double> one(54);
    for (std::size_t channel = 0; channel < 2; ++channel) {
        for (std::size_t place = 0; place < 54; ++place) {
            one[place] = clean[2 * place + channel];
        }
        const std::vector<double> back = radon.back_project(radon.project(one));
        for (std::size_t place = 0; place < 54; ++place) {
            EXPECT_NEAR(found[2 * place + channel], back[place], 1e-14);
        }
    }
    // The variance of the noise of each pixel is the sum of squares of what its rays add to it.
    double variance = 0.0;
    std::vector<double> ray(static_cast<std::size_t>(radon.rays()));
    for (double& value : ray) {
        value = 10.0 / 255.0;
        for (const double share : radon.back_project(ray)) {
            variance += share * share / 54.0;
        }
        value = 0.0;
    }
    double squares = 0.0;
    constexpr Index draws = 400;
    for (Index draw = 0; draw < draws; ++draw) {
        CounterRandom random = stream(draw);
        std::vector<double> noisy(clean.size());
        degrade<double>(parse_degradation("radon(8)+noise(10)"), of, clean, all, random, noisy);
        for (std::size_t i = 0; i < clean.size(); ++i) {
            squares += (noisy[i] - found[i]) * (noisy[i] - found[i]);
        }
    }
    // 400 draws of 160 rays and more of each channel: five deviations of their mean square are less.
    EXPECT_NEAR(squares / (draws * 108.0), variance, 0.05 * variance);
}

// By the matrices of a row and of a column, which are known of it.
TEST(Degrade, what_is_known_of_a_picture_is_a_product_with_matrices) {
    for (const std::string text : {"blur(0.8)", "box(3)", "box(3)+subsample(2)", "subsample(3)"}) {
        const std::vector<DegradationStep> steps = parse_degradation(text);
        EXPECT_EQ(to_text(steps), text);
        constexpr Shape shape{5, 7, 1};
        const std::vector<double> clean = drawn_picture(shape);
        const std::vector<double> found = degraded(text, clean, {0, 0, 5, 7}, shape);
        const Eigen::Map<const Matrix<double>> picture(clean.data(), 7, 5);
        const Matrix<double> known =
            degrading_matrix(steps, 7) * picture * degrading_matrix(steps, 5).transpose();
        EXPECT_LT(
            (Eigen::Map<const Matrix<double>>(found.data(), 7, 5) - known).cwiseAbs().maxCoeff(),
            1e-14)
            << text;
    }
    // Around the first pixel of a picture that goes on periodically.
    const std::vector<double> clean = drawn_picture({4, 5, 1});
    double sum = 0.0;
    for (const Index r : {3, 0, 1}) {
        for (const Index c : {4, 0, 1}) {
            sum += clean[static_cast<std::size_t>(r * 5 + c)];
        }
    }
    const std::vector<double> found =
        degraded("box(3)+subsample(2)", clean, {0, 0, 4, 5}, {4, 5, 1});
    EXPECT_NEAR(found[0], sum / 9.0, 1e-15);
    EXPECT_EQ(found[1], 0.0);
    EXPECT_EQ(found[5], 0.0);
    EXPECT_NE(found[12], 0.0);
}

TEST(Degrade, the_eight_ways_to_turn_a_square_are_its_symmetries) {
    constexpr Shape square{5, 5, 2};
    const std::vector<double> start = drawn_picture(square);
    std::set<std::vector<double>> all;
    for (Index way = 0; way < 8; ++way) {
        std::vector<double> turned = start;
        turn<double>(square, way, turned);
        all.insert(turned);
        const auto pixel = [&](const std::vector<double>& of, Index row, Index column) {
            return std::pair{of[static_cast<std::size_t>((row * 5 + column) * 2)],
                             of[static_cast<std::size_t>((row * 5 + column) * 2 + 1)]};
        };
        EXPECT_EQ(pixel(turned, 2, 2), pixel(start, 2, 2));
        // Neighbors stay neighbors, and channels together.
        std::set<std::pair<double, double>> around;
        std::set<std::pair<double, double>> before;
        for (const auto& [row, column] : {std::pair<Index, Index>{1, 2}, {3, 2}, {2, 1}, {2, 3}}) {
            around.insert(pixel(turned, row, column));
            before.insert(pixel(start, row, column));
        }
        EXPECT_EQ(around, before);
    }
    EXPECT_EQ(all.size(), 8U);
    EXPECT_TRUE(all.contains(start));
}

TEST(Degrade, steps_are_read_in_their_order_and_what_is_none_is_refused) {
    using Kind = DegradationStep::Kind;
    EXPECT_EQ(parse_degradation(" blur(1.6) + noise(2.55)"),
              (std::vector<DegradationStep>{{Kind::blur, 1.6}, {Kind::noise, 2.55}}));
    EXPECT_EQ(parse_degradation("mask(0.5)"), (std::vector<DegradationStep>{{Kind::mask, 0.5}}));
    EXPECT_TRUE(parse_degradation(" ").empty());
    for (const std::string text :
         {"nois(25)", "noise", "noise(25", "noise(-1)", "noise(0)", "noise(x)", "mask(1.5)",
          "box(4)", "box(2.5)", "noise(1)+box(3)", "subsample(1.5)", "noise(1)+blur(2)",
          "fixed_mask(1.5)", "radon(2.5)", "noise(1)+radon(3)", "radon(3)+mask(0.5)",
          "blur(2)+radon(3)", "+", "noise(1)+"}) {
        EXPECT_NE(message_of<UsageError>([&] { parse_degradation(text); }).find("data.degrade"),
                  std::string::npos)
            << text;
    }
}

}  // namespace
}  // namespace hoist
