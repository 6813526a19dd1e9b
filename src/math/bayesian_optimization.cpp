#include "hoist/math/bayesian_optimization.hpp"

#include <algorithm>
#include <cmath>
#include <nlopt.hpp>
#include <numbers>
#include <numeric>
#include <random>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/base/random.hpp"
#include "hoist/math/gaussian_process.hpp"
#include "hoist/math/quasi_random.hpp"

namespace hoist {

namespace {

constexpr Index spread_candidates = 1024;
// Around the best point, at distances of 1e-3 to 0.3.
constexpr Index near_candidates = 256;
constexpr std::size_t refined_candidates = 4;
// Nearer points count as the same.
constexpr double resolution = 1e-7;

std::uint64_t item(Index number) { return static_cast<std::uint64_t>(number); }

/// Expected improvement over the unit cube.
struct Improvement {
    const GaussianProcess& process;
    double best;

    Vector<double> at(const ConstMatrixRef<double>& points) const {
        const auto [mean, deviation] = process.predict(points);
        return mean.binaryExpr(
            deviation, [&](double m, double s) { return expected_improvement(m, s, best); });
    }

    /// A local maximum near `start`. The logarithm rises from afar, where the improvement itself is
    /// flat.
    Vector<double> climb(const Vector<double>& start) const {
        nlopt::opt search(nlopt::LN_SBPLX, static_cast<unsigned>(start.size()));
        search.set_lower_bounds(0.0);
        search.set_upper_bounds(1.0);
        search.set_initial_step(0.05);
        search.set_xtol_abs(1e-4);
        search.set_maxeval(60 * static_cast<int>(start.size()));
        search.set_max_objective(
            [](const std::vector<double>& x, std::vector<double>&, void* improvement) {
                const Eigen::Map<const Vector<double>> point(x.data(), std::ssize(x));
                const double value = static_cast<Improvement*>(improvement)->at(point)[0];
                return std::log(std::max(value, 1e-300));
            },
            const_cast<Improvement*>(this));
        std::vector<double> x(start.begin(), start.end());
        try {
            double reached = 0.0;
            search.optimize(x, reached);
        } catch (const nlopt::roundoff_limited&) {  // x is as near as rounding allows
        }
        return Eigen::Map<const Vector<double>>(x.data(), start.size());
    }
};

bool is_known(const Matrix<double>& known, const Vector<double>& point) {
    return (known.colwise() - point).cwiseAbs().colwise().maxCoeff().minCoeff() < resolution;
}

}  // namespace

double expected_improvement(double mean, double deviation, double best) {
    require(deviation >= 0.0, "a deviation is not negative");
    const double gain = best - mean;
    if (deviation == 0.0) {
        return std::max(gain, 0.0);
    }
    const double z = gain / deviation;
    const double density = std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::numbers::pi);
    const double below = 0.5 * std::erfc(-z / std::numbers::sqrt2);
    return std::max(gain * below + deviation * density, 0.0);
}

BayesianOptimizer::BayesianOptimizer(Index dimensions, std::uint64_t seed,
                                     std::function<Vector<double>(const Vector<double>&)> snap)
    : dimensions_(dimensions), seed_(seed), snap_(std::move(snap)) {
    require(dimensions >= 1, "there is something to choose");
}

Vector<double> BayesianOptimizer::spread_point(Index number) const {
    std::mt19937_64 engine = random_engine(seed_, Purpose::tuning);
    std::uniform_real_distribution<double> uniform;
    Vector<double> point = quasi_random_points(dimensions_, 1, number).col(0);
    for (double& coordinate : point) {
        coordinate += uniform(engine);
        coordinate -= std::floor(coordinate);
    }
    return snap_(point);
}

Matrix<double> BayesianOptimizer::candidates(const Matrix<double>& known,
                                             const Vector<double>& best) const {
    std::mt19937_64 engine = random_engine(seed_, Purpose::tuning, item(known.cols()));
    std::uniform_real_distribution<double> uniform;
    std::normal_distribution<double> normal;
    Matrix<double> points(dimensions_, spread_candidates + near_candidates);
    const Vector<double> shift =
        Vector<double>::NullaryExpr(dimensions_, [&] { return uniform(engine); });
    auto spread = points.leftCols(spread_candidates);
    spread = quasi_random_points(dimensions_, spread_candidates).colwise() + shift;
    spread = spread.array() - spread.array().floor();
    for (Index j = spread_candidates; j < points.cols(); ++j) {
        const double distance = std::pow(10.0, -3.0 + 2.5 * uniform(engine));
        for (Index i = 0; i < dimensions_; ++i) {
            points(i, j) = std::clamp(best[i] + distance * normal(engine), 0.0, 1.0);
        }
    }
    for (Index j = 0; j < points.cols(); ++j) {
        points.col(j) = snap_(points.col(j));
    }
    return points;
}

Vector<double> BayesianOptimizer::propose(std::span<const Evaluated> evaluated,
                                          std::span<const Vector<double>> pending) const {
    const Index done = std::ssize(evaluated);
    const Index started = done + std::ssize(pending);
    if (started < first_evaluations() || done < 2) {
        return spread_point(started);
    }
    Matrix<double> known(dimensions_, started);
    Vector<double> values(started);
    for (Index i = 0; i < done; ++i) {
        known.col(i) = evaluated[static_cast<std::size_t>(i)].point;
        values[i] = evaluated[static_cast<std::size_t>(i)].value;
    }
    for (Index i = done; i < started; ++i) {
        known.col(i) = pending[static_cast<std::size_t>(i - done)];
    }
    const GaussianPrior prior = most_likely_prior(known.leftCols(done), values.head(done));
    const GaussianProcess of_values(prior, known.leftCols(done), values.head(done));
    if (!pending.empty()) {
        values.tail(started - done) = of_values.predict(known.rightCols(started - done)).mean;
    }
    const GaussianProcess process(prior, known, values);

    // Values may be noisy: what is to be improved on is the least mean, not the luckiest value.
    Index least = 0;
    const double best = process.predict(known).mean.minCoeff(&least);
    const Improvement improvement{process, best};
    const Matrix<double> points = candidates(known, known.col(least));
    const Vector<double> gains = improvement.at(points);
    std::vector<Index> order(static_cast<std::size_t>(points.cols()));
    std::iota(order.begin(), order.end(), Index{0});
    std::ranges::stable_sort(order, std::greater<>(), [&](Index j) { return gains[j]; });

    Vector<double> chosen = points.col(order.front());
    double most = -1.0;
    std::size_t climbed = 0;
    for (const Index j : order) {
        if (climbed == refined_candidates) {
            break;
        }
        if (is_known(known, points.col(j))) {
            continue;
        }
        ++climbed;
        for (const Vector<double>& point :
             {Vector<double>(points.col(j)), snap_(improvement.climb(points.col(j)))}) {
            const double gain = improvement.at(point)[0];
            if (gain > most && !is_known(known, point)) {
                most = gain;
                chosen = point;
            }
        }
    }
    return chosen;
}

}  // namespace hoist
