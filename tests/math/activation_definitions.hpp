#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <ostream>
#include <string>
#include <vector>

namespace hoist {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// An activation as its definition has it: F and its conjugate, written down independently of the
/// code under test.
struct Definition {
    std::string text;
    double lower;
    double upper;
    std::function<double(double)> f;
    std::function<double(double)> conjugate;
    std::vector<double> kinks;
    /// Whether F - x^2/2 is convex.
    bool strongly_convex = true;

    double psi(double x) const { return f(x) - 0.5 * x * x; }
};

inline void PrintTo(const Definition& definition, std::ostream* out) { *out << definition.text; }

inline double xlogx(double x) { return x > 0 ? x * std::log(x) : 0; }
inline double square(double x) { return x * x; }

/// Li2(z) for 0 <= z <= 1 by its power series and, for z > 1/2, Euler's reflection.
inline double dilogarithm(double z) {
    if (z > 0.5) {
        const double logarithms = z < 1 ? std::log(z) * std::log1p(-z) : 0;
        return square(std::numbers::pi) / 6 - logarithms - dilogarithm(1 - z);
    }
    double sum = 0;
    double power = 1;
    for (int k = 1; k < 50; ++k) {
        power *= z;
        sum += power / (k * k);
    }
    return sum;
}

/// -Li2(-e^u) by duplication, Li2(z) + Li2(-z) = Li2(z^2)/2, and inversion for u > 0.
inline double softplus_conjugate(double u) {
    if (u > 0) {
        return square(std::numbers::pi) / 6 + u * u / 2 - softplus_conjugate(-u);
    }
    const double z = std::exp(u);
    return dilogarithm(z) - dilogarithm(z * z) / 2;
}

/// The integral of log(e^t - 1) = t + log(1 - e^-t) from 0 to x.
inline double softplus_function(double x) {
    return x * x / 2 - square(std::numbers::pi) / 6 + dilogarithm(std::exp(-x));
}

inline Definition leaky(const std::string& text, double a) {
    return {text,
            -infinity,
            infinity,
            [a](double x) { return x * x / (x < 0 ? 2 * a : 2); },
            [a](double u) { return u * u / 2 * (u < 0 ? a : 1); },
            {0}};
}

inline Definition shrinkage(const std::string& text, double t) {
    return {text,
            -infinity,
            infinity,
            [t](double x) { return x * x / 2 + t * std::abs(x); },
            [t](double u) { return square(std::max(std::abs(u) - t, 0.0)) / 2; },
            {-t, t}};
}

/// phi(u) rises by slope a up to 1/2 and by b beyond, either side of zero: proximal_spline(5) as it starts.
inline Definition two_slopes(const std::string& text) {
    const double inner = 0.15 / std::sqrt(7.25);
    const double outer = 0.3 / std::sqrt(26.0);
    const double a = 2 * inner;
    const double b = 2 * (outer - inner);
    return {text,
            -infinity,
            infinity,
            [=](double x) {
                const double beyond = std::max(std::abs(x) - inner, 0.0);
                const double within = std::min(std::abs(x), inner);
                return within * within / (2 * a) + 0.5 * beyond + beyond * beyond / (2 * b);
            },
            [=](double u) {
                const double beyond = std::max(std::abs(u) - 0.5, 0.0);
                const double within = std::min(std::abs(u), 0.5);
                return a * within * within / 2 + inner * beyond + b * beyond * beyond / 2;
            },
            {-0.5, 0.5}};
}

inline std::vector<Definition> definitions() {
    const auto half_square = [](double x) { return x * x / 2; };
    return {
        {"identity", -infinity, infinity, half_square, half_square, {}},
        {"relu",
         0,
         infinity,
         half_square,
         [](double u) { return square(std::max(u, 0.0)) / 2; },
         {0}},
        leaky("leaky_relu(0.1)", 0.1),
        leaky("leaky_relu(0.75)", 0.75),
        {"hard_tanh",
         -1,
         1,
         half_square,
         [](double u) { return std::abs(u) <= 1 ? u * u / 2 : std::abs(u) - 0.5; },
         {-1, 1}},
        {"hard_sigmoid",
         0,
         1,
         half_square,
         [](double u) { return u <= 0   ? 0
                               : u <= 1 ? u * u / 2
                                        : u - 0.5; },
         {0, 1}},
        shrinkage("soft_threshold(0.5)", 0.5),
        shrinkage("soft_threshold(2)", 2),
        two_slopes("proximal_spline(5)"),
        {"sigmoid",
         0,
         1,
         [](double x) { return xlogx(x) + xlogx(1 - x); },
         [](double u) { return std::log1p(std::exp(u)); },
         {}},
        {"tanh",
         -1,
         1,
         [](double x) { return 0.5 * (xlogx(1 + x) + xlogx(1 - x)); },
         [](double u) { return std::log(std::cosh(u)); },
         {}},
        {"softplus", 0, infinity, softplus_function, softplus_conjugate, {}},
        {"saturated_sin",
         -1,
         1,
         [](double x) { return x * std::asin(x) + std::sqrt(1 - x * x); },
         [](double u) {
             const double turn = std::numbers::pi / 2;
             return std::abs(u) < turn ? -std::cos(u) : std::abs(u) - turn;
         },
         {}},
        {"sign",
         -1,
         1,
         [](double) { return 0.0; },
         [](double u) { return std::abs(u); },
         {0},
         false},
    };
}

}  // namespace hoist
