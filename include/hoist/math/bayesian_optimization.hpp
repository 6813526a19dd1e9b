#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// How far a normal variable is below `best` on average, counted as 0 where it is above. @pre the
/// deviation is not negative.
double expected_improvement(double mean, double deviation, double best);

/// A point of the unit cube and the value of the function there.
struct Evaluated {
    Vector<double> point;
    double value;
};

/// Chooses where to evaluate an expensive function next so that few evaluations find its minimum
/// over the unit cube: first at spread points, then where a Gaussian process of the values expects
/// most improvement (Jones, Schonlau and Welch 1998). The same history gives the same choice.
class BayesianOptimizer {
  public:
    /// @param snap moves a point to the nearest one that can be evaluated; it changes nothing there.
    BayesianOptimizer(Index dimensions, std::uint64_t seed,
                      std::function<Vector<double>(const Vector<double>&)> snap = std::identity());

    /// @param pending points whose values are not known yet: the process is given its own mean
    /// there, so that the next one is elsewhere.
    Vector<double> propose(std::span<const Evaluated> evaluated,
                           std::span<const Vector<double>> pending = {}) const;

    /// The spread points: a Sobol sequence, shifted by the seed.
    Vector<double> spread_point(Index number) const;
    /// Evaluations before the first use of the process.
    Index first_evaluations() const { return 2 * dimensions_ + 1; }

  private:
    Matrix<double> candidates(const Matrix<double>& known, const Vector<double>& best) const;

    Index dimensions_;
    std::uint64_t seed_;
    std::function<Vector<double>(const Vector<double>&)> snap_;
};

}  // namespace hoist
