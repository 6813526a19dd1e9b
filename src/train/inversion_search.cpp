#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"
#include "hoist/train/inversion.hpp"

namespace hoist {

namespace {

constexpr double alpha_factor = 4.0;
/// From the first alpha down to a 250-millionth of it.
constexpr int most_falls = 14;
constexpr int most_rises = 6;
/// A factor of 4 between two alpha becomes one of 1.19.
constexpr int bisections = 3;
/// Momentum takes some sweeps to build up, in which the energy hardly changes.
constexpr int quiet_sweeps = 3;
/// How well the energy of an alpha on the way settles.
constexpr double search_tolerance = 3e-4;

/// What is known of the alpha of one column.
struct Bracket {
    /// The largest that was tried with a residual that is small enough, and the smallest with one that is not.
    double small_enough = 0.0;
    double too_large = 0.0;

    bool closed() const { return small_enough > 0.0 && too_large > 0.0; }
    void tell(double alpha, bool fits) {
        if (fits) {
            small_enough = std::max(small_enough, alpha);
        } else {
            too_large = too_large > 0.0 ? std::min(too_large, alpha) : alpha;
        }
    }
    double next(double alpha) const {
        if (closed()) {
            return std::sqrt(small_enough * too_large);
        }
        return small_enough > 0.0 ? alpha * alpha_factor : alpha / alpha_factor;
    }
};

}  // namespace

// x + momentum (x - before) in each column, within the domains of F, and what the maps make of it.
void Inversion::extrapolate(const State& before, const Vector<double>& momentum,
                            State& state) const {
    constexpr double none = 1e-12;  // a proximal map of hardly any weight projects onto the domain
    for (std::size_t l = 0; l < state.x.size(); ++l) {
        state.x[l] += (state.x[l] - before.x[l]) * momentum.asDiagonal();
        if (l > 0 && method_ != BlockMethod::adaptive) {
            network_.activation(static_cast<Index>(l)).prox(none, state.x[l], state.x[l]);
        }
    }
    propagate(state);
}

// Sweeps from points extrapolated as Nesterov's are; a column whose energy rises takes the sweep back and begins anew
// without momentum, so that no energy rises.
std::vector<int> Inversion::settle(State& state, const Matrix<double>& y, Prior& prior,
                                   const Vector<double>& alpha, double tolerance) const {
    const Index columns = y.cols();
    std::vector<int> sweeps(static_cast<std::size_t>(columns), options_.sweeps + 1);
    std::vector<int> quiet(static_cast<std::size_t>(columns), 0);
    Vector<double> least = energy(state, y, prior, alpha);
    State before = state;
    Eigen::ArrayXd pace = Eigen::ArrayXd::Ones(columns);
    for (int i = 1; i <= options_.sweeps; ++i) {
        const State last = state;
        const Eigen::ArrayXd faster = 0.5 * (1.0 + (1.0 + 4.0 * pace.square()).sqrt());
        extrapolate(before, ((pace - 1.0) / faster).matrix(), state);
        sweep(state, y, prior, alpha);
        const Vector<double> now = energy(state, y, prior, alpha);
        if (!now.allFinite()) {
            throw NumericalError("the inversion failed", "its energy is not finite",
                                 "choose a larger --alpha, or check the model's weights");
        }
        before = last;
        bool all = true;
        for (Index j = 0; j < columns; ++j) {
            int& settled = sweeps[static_cast<std::size_t>(j)];
            const bool momentum = pace[j] > 1.0;
            if (now[j] > least[j] && momentum) {
                take_column(last, j, state);
                pace[j] = 1.0;
            } else {
                pace[j] = faster[j];
                int& still = quiet[static_cast<std::size_t>(j)];
                still = std::abs(least[j] - now[j]) <= tolerance * std::abs(now[j]) ? still + 1 : 0;
                if (still >= quiet_sweeps) {
                    settled = std::min(settled, i);
                }
                least[j] = now[j];
            }
            all = all && settled <= i;
        }
        if (all) {
            break;
        }
    }
    return sweeps;
}

void Inversion::take_column(const State& from, Index column, State& to) {
    for (std::size_t l = 0; l < to.x.size(); ++l) {
        to.x[l].col(column) = from.x[l].col(column);
        to.u[l + 1].col(column) = from.u[l + 1].col(column);
    }
}

FoundInputs Inversion::find(const GivenValues& given, Prior& prior,
                            const Vector<double>& alpha) const {
    const Matrix<double> held = held_values(given);
    State state = start(held.cols());
    const std::vector<int> sweeps = settle(state, held, prior, alpha, options_.tolerance);
    FoundInputs result = found(state, held, given.y, prior, alpha);
    for (std::size_t j = 0; j < sweeps.size(); ++j) {
        result.sweeps[j] = std::min(sweeps[j], options_.sweeps);
        result.ending[j] = sweeps[j] > options_.sweeps ? Ending::most_sweeps : Ending::settled;
    }
    return result;
}

FoundInputs Inversion::find_within(const GivenValues& given, Prior& prior,
                                   const Vector<double>& residual) const {
    const double coarse = std::max(options_.tolerance, search_tolerance);
    const Matrix<double>& y = given.y;
    const Matrix<double> held = held_values(given);
    State state = start(y.cols());
    const auto columns = static_cast<std::size_t>(y.cols());
    std::vector<Bracket> brackets(columns);
    std::vector<int> spent(columns, 0);
    Vector<double> alpha = Vector<double>::Constant(y.cols(), large_alpha());
    const auto look = [&](double tolerance) {
        const std::vector<int> sweeps = settle(state, held, prior, alpha, tolerance);
        for (std::size_t j = 0; j < columns; ++j) {
            spent[j] += std::min(sweeps[j], options_.sweeps);
        }
        return sweeps;
    };
    const auto all_closed = [&] { return std::ranges::all_of(brackets, &Bracket::closed); };
    // All columns take part in every step, each with its own alpha.
    const auto step = [&] {
        look(coarse);
        const Vector<double> left = residuals(state, y);
        for (Index j = 0; j < y.cols(); ++j) {
            Bracket& bracket = brackets[static_cast<std::size_t>(j)];
            bracket.tell(alpha[j], left[j] <= residual[j]);
            alpha[j] = bracket.next(alpha[j]);
        }
    };
    // A column that never fits has come to the smallest alpha, and one that always does to the largest.
    const double largest = large_alpha() * std::pow(alpha_factor, most_rises);
    for (int i = 0; i < most_falls && !all_closed(); ++i) {
        step();
        alpha = alpha.cwiseMin(largest);
    }
    for (int i = 0; i < bisections; ++i) {
        step();
        alpha = alpha.cwiseMin(largest);
    }
    for (Index j = 0; j < y.cols(); ++j) {
        const Bracket& bracket = brackets[static_cast<std::size_t>(j)];
        alpha[j] = bracket.small_enough > 0.0 ? bracket.small_enough : bracket.too_large;
    }
    const std::vector<int> sweeps = look(options_.tolerance);
    FoundInputs result = found(state, held, y, prior, alpha);
    result.sweeps = spent;
    for (std::size_t j = 0; j < columns; ++j) {
        result.ending[j] = brackets[j].small_enough == 0.0 ? Ending::unreached
                           : sweeps[j] > options_.sweeps   ? Ending::most_sweeps
                                                           : Ending::settled;
    }
    return result;
}

}  // namespace hoist
