#include "hoist/math/radon.hpp"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <random>

namespace hoist {
namespace {

std::vector<double> drawn(Index count) {
    std::mt19937_64 engine(3);
    std::vector<double> numbers(static_cast<std::size_t>(count));
    std::ranges::generate(numbers, [&] { return std::uniform_real_distribution<>()(engine); });
    return numbers;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

TEST(Radon, a_ray_has_the_pixels_near_it_by_their_distance) {
    for (const auto& [angles, rows, columns] :
         {std::tuple<Index, Index, Index>{1, 4, 6}, {7, 5, 3}, {12, 8, 8}, {3, 1, 1}, {4, 1, 9}}) {
        const Radon radon(angles, rows, columns);
        const std::vector<double> picture = drawn(rows * columns);
        const std::vector<double> rays = radon.project(picture);
        ASSERT_EQ(std::ssize(rays), angles * radon.detectors());
        for (Index ray = 0; ray < std::ssize(rays); ++ray) {
            const double theta = std::numbers::pi * static_cast<double>(ray / radon.detectors()) /
                                 static_cast<double>(angles);
            const double place = static_cast<double>(ray % radon.detectors()) -
                                 0.5 * static_cast<double>(radon.detectors() - 1);
            double sum = 0.0;
            for (Index row = 0; row < rows; ++row) {
                for (Index column = 0; column < columns; ++column) {
                    const double x = static_cast<double>(2 * column - columns + 1) / 2.0;
                    const double y = static_cast<double>(2 * row - rows + 1) / 2.0;
                    const double away = std::abs(x * std::cos(theta) + y * std::sin(theta) - place);
                    sum += std::max(0.0, 1.0 - away) *
                           picture[static_cast<std::size_t>(row * columns + column)];
                }
            }
            EXPECT_NEAR(rays[static_cast<std::size_t>(ray)],
                        sum / static_cast<double>(std::max(rows, columns)), 1e-12);
        }
    }
}

// Of radius r, at a distance s from its center: 2 sqrt(r^2 - s^2).
TEST(Radon, projections_of_a_disc_are_its_chords) {
    constexpr Index side = 201;
    constexpr double radius = 70.0;
    std::vector<double> disc;
    for (Index place = 0; place < side * side; ++place) {
        const auto x = static_cast<double>(place % side - side / 2);
        const auto y = static_cast<double>(place / side - side / 2);
        disc.push_back(std::clamp(radius + 0.5 - std::hypot(x, y), 0.0, 1.0));
    }
    const Radon radon(9, side, side);
    const std::vector<double> rays = radon.project(disc);
    for (Index ray = 0; ray < std::ssize(rays); ++ray) {
        const double s = static_cast<double>(ray % radon.detectors()) -
                         0.5 * static_cast<double>(radon.detectors() - 1);
        const double chord = std::abs(s) < radius ? 2.0 * std::sqrt(radius * radius - s * s) : 0.0;
        if (std::abs(s) < 0.9 * radius || std::abs(s) > radius + 2.0) {
            EXPECT_NEAR(rays[static_cast<std::size_t>(ray)] * side, chord, 0.03 * radius) << s;
        }
    }
}

TEST(Radon, what_is_taken_back_is_a_mean_over_the_angles_and_the_adjoint) {
    const Radon radon(5, 6, 9);
    const std::vector<double> ones(static_cast<std::size_t>(radon.rays()), 1.0);
    for (const double value : radon.back_project(ones)) {
        EXPECT_NEAR(value, 1.0, 1e-12);
    }
    const std::vector<double> picture = drawn(54);
    const std::vector<double> rays = drawn(radon.rays());
    EXPECT_NEAR(9.0 * dot(radon.project(picture), rays),
                5.0 * dot(picture, radon.back_project(rays)), 1e-10);
}

TEST(Radon, its_normal_matrix_is_both_ways_and_has_no_negative_eigenvalue) {
    const Radon radon(5, 4, 7);
    const Matrix<double> normal = radon.normal();
    EXPECT_LT((normal - normal.transpose()).cwiseAbs().maxCoeff(), 1e-15);
    const std::vector<double> picture = drawn(28);
    const std::vector<double> both = radon.back_project(radon.project(picture));
    const Vector<double> product = normal * Eigen::Map<const Vector<double>>(picture.data(), 28);
    EXPECT_LT((product - Eigen::Map<const Vector<double>>(both.data(), 28)).cwiseAbs().maxCoeff(),
              1e-14);
    const Vector<double> values =
        Eigen::SelfAdjointEigenSolver<Matrix<double>>(normal).eigenvalues();
    EXPECT_GT(values.minCoeff(), -1e-14);
    EXPECT_GT(values.maxCoeff(), 0.5);
}

}  // namespace
}  // namespace hoist
