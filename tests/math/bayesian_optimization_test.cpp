#include "hoist/math/bayesian_optimization.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

TEST(ExpectedImprovement, is_the_integral_of_its_definition) {
    for (const double mean : {-1.0, 0.3, 2.0}) {
        for (const double deviation : {0.1, 1.0, 5.0}) {
            const double best = 0.4;
            // Trapezoids over ten deviations on both sides.
            constexpr int pieces = 200000;
            const double step = 20.0 * deviation / pieces;
            double integral = 0.0;
            for (int i = 0; i <= pieces; ++i) {
                const double y = mean - 10.0 * deviation + i * step;
                const double z = (y - mean) / deviation;
                integral += std::max(best - y, 0.0) * std::exp(-0.5 * z * z);
            }
            integral *= step / (deviation * std::sqrt(2.0 * std::numbers::pi));
            EXPECT_NEAR(expected_improvement(mean, deviation, best), integral, 1e-7 * deviation);
        }
    }
}

TEST(ExpectedImprovement, of_what_is_certain_is_the_gain) {
    EXPECT_EQ(expected_improvement(1.0, 0.0, 3.5), 2.5);
    EXPECT_EQ(expected_improvement(4.0, 0.0, 3.5), 0.0);
    EXPECT_GE(expected_improvement(100.0, 0.1, 0.0), 0.0);
    EXPECT_THROW(expected_improvement(0.0, -1.0, 0.0), Defect);
}

/// A function on the unit cube whose minimum is known.
struct TestFunction {
    Index dimensions;
    double least;
    int evaluations;
    std::function<double(const Vector<double>&)> at;
};

TestFunction branin() {
    return {2, 0.39788735772973816, 25, [](const Vector<double>& u) {
                const double pi = std::numbers::pi;
                const double x = 15.0 * u[0] - 5.0;
                const double y = 15.0 * u[1];
                const double hill = y - 5.1 / (4.0 * pi * pi) * x * x + 5.0 / pi * x - 6.0;
                return hill * hill + 10.0 * (1.0 - 1.0 / (8.0 * pi)) * std::cos(x) + 10.0;
            }};
}

TestFunction hartmann() {
    return {3, -3.86278214782076, 30, [](const Vector<double>& u) {
                const Eigen::Matrix<double, 4, 3> widths{
                    {3, 10, 30}, {0.1, 10, 35}, {3, 10, 30}, {0.1, 10, 35}};
                const Eigen::Matrix<double, 4, 3> places{{0.3689, 0.1170, 0.2673},
                                                         {0.4699, 0.4387, 0.7470},
                                                         {0.1091, 0.8732, 0.5547},
                                                         {0.0381, 0.5743, 0.8828}};
                const Eigen::Vector4d depths(1.0, 1.2, 3.0, 3.2);
                double value = 0.0;
                for (Index i = 0; i < 4; ++i) {
                    const Eigen::Vector3d away = u - places.row(i).transpose();
                    value -=
                        depths[i] * std::exp(-widths.row(i).dot(away.cwiseProduct(away).eval()));
                }
                return value;
            }};
}

/// How far above the minimum the best of all evaluations is.
double regret(const TestFunction& function, std::uint64_t seed, Index at_once,
              std::vector<Vector<double>>* path = nullptr) {
    const BayesianOptimizer optimizer(function.dimensions, seed);
    std::vector<Evaluated> evaluated;
    double best = INFINITY;
    while (std::ssize(evaluated) < function.evaluations) {
        std::vector<Vector<double>> pending;
        for (Index i = 0; i < at_once; ++i) {
            pending.push_back(optimizer.propose(evaluated, pending));
        }
        for (const Vector<double>& point : pending) {
            evaluated.push_back({point, function.at(point)});
            best = std::min(best, evaluated.back().value);
            if (path != nullptr) {
                path->push_back(point);
            }
        }
    }
    return best - function.least;
}

double random_regret(const TestFunction& function, std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::uniform_real_distribution<double> uniform;
    double best = INFINITY;
    for (int i = 0; i < function.evaluations; ++i) {
        best = std::min(best, function.at(Vector<double>::NullaryExpr(
                                  function.dimensions, [&] { return uniform(engine); })));
    }
    return best - function.least;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    const auto half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

TEST(BayesianOptimizer, is_far_nearer_to_the_minimum_than_random_search_after_as_many_evaluations) {
    for (const TestFunction& function : {branin(), hartmann()}) {
        std::vector<double> chosen;
        std::vector<double> by_chance;
        for (std::uint64_t seed = 1; seed <= 12; ++seed) {
            chosen.push_back(regret(function, seed, 1));
            by_chance.push_back(random_regret(function, seed));
        }
        EXPECT_LT(10.0 * median(chosen), median(by_chance)) << function.dimensions << " dimensions";
        EXPECT_LT(median(chosen), 0.05);
        const std::string in = std::to_string(function.dimensions) + "_dimensions";
        RecordProperty("regret_in_" + in, std::to_string(median(chosen)));
        RecordProperty("random_regret_in_" + in, std::to_string(median(by_chance)));
    }
}

TEST(BayesianOptimizer, still_beats_random_search_when_it_proposes_five_at_once) {
    const TestFunction function = hartmann();
    std::vector<double> chosen;
    std::vector<double> by_chance;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        chosen.push_back(regret(function, seed, 5));
        by_chance.push_back(random_regret(function, seed));
    }
    EXPECT_LT(3.0 * median(chosen), median(by_chance));
}

TEST(BayesianOptimizer, starts_with_spread_points_that_the_seed_shifts) {
    const BayesianOptimizer one(2, 1);
    const BayesianOptimizer other(2, 2);
    EXPECT_EQ(one.propose({}), one.spread_point(0));
    EXPECT_NE(one.spread_point(0), other.spread_point(0));
    Eigen::Matrix2i quarters = Eigen::Matrix2i::Zero();
    for (Index number = 0; number < 16; ++number) {
        const Vector<double> point = one.spread_point(number);
        ++quarters(static_cast<Index>(2.0 * point[0]), static_cast<Index>(2.0 * point[1]));
    }
    EXPECT_GE(quarters.minCoeff(), 2) << "16 points leave no quarter of the square empty";
}

TEST(BayesianOptimizer, makes_the_same_choices_from_the_same_history_and_seed) {
    std::vector<Vector<double>> first;
    std::vector<Vector<double>> second;
    regret(branin(), 3, 1, &first);
    regret(branin(), 3, 1, &second);
    EXPECT_EQ(first, second);
}

TEST(BayesianOptimizer, keeps_the_points_that_it_proposes_at_once_apart) {
    const TestFunction function = branin();
    const BayesianOptimizer optimizer(2, 4);
    std::vector<Evaluated> evaluated;
    for (Index i = 0; i < 8; ++i) {
        const Vector<double> point = optimizer.spread_point(i);
        evaluated.push_back({point, function.at(point)});
    }
    std::vector<Vector<double>> pending;
    for (int i = 0; i < 4; ++i) {
        pending.push_back(optimizer.propose(evaluated, pending));
        for (std::size_t j = 0; j + 1 < pending.size(); ++j) {
            EXPECT_GT((pending.back() - pending[j]).norm(), 0.02);
        }
    }
}

TEST(BayesianOptimizer, proposes_only_points_that_can_be_evaluated_and_none_twice) {
    const auto to_tenths = [](const Vector<double>& point) -> Vector<double> {
        return (10.0 * point.array()).round() / 10.0;
    };
    const BayesianOptimizer optimizer(1, 5, to_tenths);
    std::vector<Evaluated> evaluated;
    for (int i = 0; i < 9; ++i) {
        const Vector<double> point = optimizer.propose(evaluated);
        EXPECT_NEAR(10.0 * point[0], std::round(10.0 * point[0]), 1e-12);
        if (i >= static_cast<int>(optimizer.first_evaluations())) {
            for (const Evaluated& known : evaluated) {
                EXPECT_GT(std::abs(known.point[0] - point[0]), 0.05);
            }
        }
        evaluated.push_back({point, std::pow(point[0] - 0.7, 2)});
    }
}

TEST(BayesianOptimizer, goes_on_when_all_values_are_equal) {
    const BayesianOptimizer optimizer(2, 6);
    std::vector<Evaluated> evaluated;
    for (int i = 0; i < 8; ++i) {
        const Vector<double> point = optimizer.propose(evaluated);
        EXPECT_GE(point.minCoeff(), 0.0);
        EXPECT_LE(point.maxCoeff(), 1.0);
        evaluated.push_back({point, 4.0});
    }
}

}  // namespace
}  // namespace hoist
