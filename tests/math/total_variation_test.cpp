#include "hoist/math/total_variation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace hoist {
namespace {

Vector<double> drawn(Index size, std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> value;
    return Vector<double>::NullaryExpr(size, [&](Index) { return value(engine); });
}

// Place by place.
double by_definition(const Shape& shape, Variation kind, const Vector<double>& x) {
    const auto at = [&](Index row, Index column, Index channel) {
        return x[(row * shape.columns + column) * shape.channels + channel];
    };
    double sum = 0.0;
    for (Index channel = 0; channel < shape.channels; ++channel) {
        for (Index row = 0; row < shape.rows; ++row) {
            for (Index column = 0; column < shape.columns; ++column) {
                const double here = at(row, column, channel);
                const double down =
                    row + 1 < shape.rows ? at(row + 1, column, channel) - here : 0.0;
                const double beside =
                    column + 1 < shape.columns ? at(row, column + 1, channel) - here : 0.0;
                sum += kind == Variation::isotropic ? std::hypot(down, beside)
                                                    : std::abs(down) + std::abs(beside);
            }
        }
    }
    return sum;
}

struct Denoised {
    Vector<double> x;
    Matrix<double> dual;
    double gap = 0.0;
};

Denoised denoise(const TotalVariation& variation, double weight, const Vector<double>& v,
                 double tolerance = 1e-12, int most_steps = 100000) {
    Denoised result{Vector<double>(v.size()), Matrix<double>::Zero(v.size(), 2)};
    result.gap = variation.prox(weight, v, tolerance, most_steps, result.dual, result.x);
    return result;
}

class EveryVariation : public testing::TestWithParam<Variation> {};

TEST_P(EveryVariation, sums_the_differences_of_each_channel) {
    for (const Shape& shape : {Shape{4, 5, 1}, Shape{3, 2, 3}, Shape{1, 6, 1}, Shape{6, 1, 2}}) {
        const Vector<double> x = drawn(shape.size(), 1);
        EXPECT_NEAR(TotalVariation(shape, GetParam())(x), by_definition(shape, GetParam(), x),
                    1e-12);
    }
}

TEST_P(EveryVariation, has_a_proximal_map_that_nothing_nearby_beats) {
    const Shape shape{3, 4, 2};
    const TotalVariation variation(shape, GetParam());
    const Vector<double> v = drawn(shape.size(), 2);
    for (const double weight : {0.01, 0.3, 2.0}) {
        const Denoised found = denoise(variation, weight, v);
        ASSERT_LE(found.gap, 1e-12);
        const auto objective = [&](const Vector<double>& x) {
            return weight * by_definition(shape, GetParam(), x) + 0.5 * (x - v).squaredNorm();
        };
        const double least = objective(found.x);
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            const double length = std::pow(10.0, -static_cast<double>(seed % 5));
            const Vector<double> other = found.x + length * drawn(shape.size(), 100 + seed);
            // The objective is strongly convex.
            EXPECT_GE(objective(other),
                      least + 0.5 * (other - found.x).squaredNorm() - 2e-6 * length);
        }
    }
}

TEST_P(EveryVariation, tells_a_gap_that_bounds_the_distance_to_the_minimizer) {
    const Shape shape{6, 6, 1};
    const TotalVariation variation(shape, GetParam());
    const Vector<double> v = drawn(shape.size(), 3);
    const Vector<double> exact = denoise(variation, 0.7, v, 1e-14, 200000).x;
    double before = 1e300;
    for (const int steps : {0, 5, 20, 100, 400}) {
        const Denoised found = denoise(variation, 0.7, v, 0.0, steps);
        EXPECT_GE(found.gap + 1e-12, 0.5 * (found.x - exact).squaredNorm()) << steps;
        EXPECT_LT(found.gap, before);
        before = found.gap;
        EXPECT_LE(found.dual.cwiseAbs().maxCoeff(), 1.0 + 1e-12);
    }
}

TEST_P(EveryVariation, goes_on_from_the_dual_of_a_problem_nearby) {
    const Shape shape{8, 8, 1};
    const TotalVariation variation(shape, GetParam());
    const Vector<double> v = drawn(shape.size(), 4);
    Denoised found = denoise(variation, 0.5, v, 1e-10);
    const Vector<double> first = found.x;
    EXPECT_LE(variation.prox(0.5, v, 1e-10, 0, found.dual, found.x), 1e-10);
    EXPECT_EQ(found.x, first);
}

TEST_P(EveryVariation, brings_two_places_nearer_by_twice_the_weight_until_they_meet) {
    const TotalVariation variation({1, 2, 1}, GetParam());
    const Vector<double> v{{1.0, 4.0}};
    EXPECT_LT((denoise(variation, 0.5, v).x - Vector<double>{{1.5, 3.5}}).norm(), 1e-5);
    EXPECT_LT((denoise(variation, 2.0, v).x - Vector<double>{{2.5, 2.5}}).norm(), 1e-5);
    EXPECT_EQ(denoise(variation, 0.0, v).x, v);
}

TEST_P(EveryVariation, finds_what_trying_all_pictures_of_a_grid_finds) {
    const Shape shape{2, 2, 1};
    const TotalVariation variation(shape, GetParam());
    const Vector<double> v{{0.0, 0.9, 0.35, 1.0}};
    constexpr double weight = 0.15;
    constexpr int levels = 41;
    Vector<double> best(4);
    double least = 1e300;
    for (int code = 0; code < levels * levels * levels * levels; ++code) {
        Vector<double> x(4);
        int rest = code;
        for (double& value : x) {
            value = static_cast<double>(rest % levels) / (levels - 1);
            rest /= levels;
        }
        const double now =
            weight * by_definition(shape, GetParam(), x) + 0.5 * (x - v).squaredNorm();
        if (now < least) {
            least = now;
            best = x;
        }
    }
    EXPECT_LT((denoise(variation, weight, v).x - best).cwiseAbs().maxCoeff(), 1.0 / (levels - 1));
}

INSTANTIATE_TEST_SUITE_P(total_variation, EveryVariation,
                         testing::Values(Variation::isotropic, Variation::anisotropic),
                         [](const auto& info) {
                             return info.param == Variation::isotropic ? "isotropic"
                                                                       : "anisotropic";
                         });

}  // namespace
}  // namespace hoist
