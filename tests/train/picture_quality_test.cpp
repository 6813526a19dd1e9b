#include "hoist/train/picture_quality.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace hoist {
namespace {

Vector<double> drawn(const Shape& shape, std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::uniform_real_distribution<double> value(0.0, 1.0);
    return Vector<double>::NullaryExpr(shape.size(), [&](Index) { return value(engine); });
}

// Window by window, pixel by pixel.
double similarity_by_definition(const Shape& shape, const Vector<double>& a,
                                const Vector<double>& b) {
    constexpr Index side = 11;
    const auto value = [&](const Vector<double>& x, Index row, Index column, Index channel) {
        return x[(row * shape.columns + column) * shape.channels + channel];
    };
    double sum = 0.0;
    double windows = 0.0;
    for (Index channel = 0; channel < shape.channels; ++channel) {
        for (Index top = 0; top + side <= shape.rows; ++top) {
            for (Index left = 0; left + side <= shape.columns; ++left) {
                double weights = 0.0;
                double moments[5] = {};
                for (Index i = 0; i < side; ++i) {
                    for (Index j = 0; j < side; ++j) {
                        const auto distance =
                            static_cast<double>((i - 5) * (i - 5) + (j - 5) * (j - 5));
                        const double weight = std::exp(-distance / 4.5);
                        const double x = value(a, top + i, left + j, channel);
                        const double y = value(b, top + i, left + j, channel);
                        weights += weight;
                        const double terms[5] = {x, y, x * x, y * y, x * y};
                        for (int k = 0; k < 5; ++k) {
                            moments[k] += weight * terms[k];
                        }
                    }
                }
                for (double& moment : moments) {
                    moment /= weights;
                }
                const auto& [x, y, xx, yy, xy] = moments;
                sum += (2.0 * x * y + 1e-4) * (2.0 * (xy - x * y) + 9e-4) /
                       ((x * x + y * y + 1e-4) * (xx - x * x + yy - y * y + 9e-4));
                windows += 1.0;
            }
        }
    }
    return sum / windows;
}

TEST(PictureQuality, similarity_is_that_of_its_definition) {
    for (const Shape& shape : {Shape{13, 17, 1}, Shape{11, 11, 1}, Shape{12, 14, 3}}) {
        const Vector<double> a = drawn(shape, 1);
        const Vector<double> b = 0.7 * a + 0.3 * drawn(shape, 2);
        EXPECT_NEAR(compare_pictures(shape, a, b).ssim, similarity_by_definition(shape, a, b),
                    1e-12);
    }
}

TEST(PictureQuality, ratio_of_known_errors) {
    const Shape shape{20, 30, 1};
    const Vector<double> a = 0.5 * drawn(shape, 3);
    EXPECT_NEAR(compare_pictures(shape, a, a.array() + 0.1).psnr, 20.0, 1e-9);
    EXPECT_NEAR(compare_pictures(shape, a, a.array() - 0.01).psnr, 40.0, 1e-9);
    const PictureQuality same = compare_pictures(shape, a, a);
    EXPECT_EQ(same.psnr, 100.0);
    EXPECT_NEAR(same.ssim, 1.0, 1e-12);
}

TEST(PictureQuality, small_pictures_are_compared_as_one_window) {
    const Shape shape{1, 3, 1};
    const Vector<double> a = Vector<double>{{0.2, 0.4, 0.6}};
    const Vector<double> b = Vector<double>{{0.1, 0.4, 0.9}};
    const double mean_a = 0.4;
    const double mean_b = 1.4 / 3.0;
    const double variance_a = 0.56 / 3.0 - mean_a * mean_a;
    const double variance_b = 0.98 / 3.0 - mean_b * mean_b;
    const double covariance = (0.02 + 0.16 + 0.54) / 3.0 - mean_a * mean_b;
    const double expected =
        (2.0 * mean_a * mean_b + 1e-4) * (2.0 * covariance + 9e-4) /
        ((mean_a * mean_a + mean_b * mean_b + 1e-4) * (variance_a + variance_b + 9e-4));
    EXPECT_NEAR(compare_pictures(shape, a, b).ssim, expected, 1e-12);
}

}  // namespace
}  // namespace hoist
