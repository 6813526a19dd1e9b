#pragma once

#include <functional>

#include "hoist/base/types.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

/// How the block of one layer is minimized where it has no closed form: proximal-gradient steps of
/// fixed length, with Nesterov's acceleration, or accelerated with the length found by backtracking.
enum class BlockMethod { plain, accelerated, adaptive };

/// f(x) + h(x) for each column of a block, f smooth and h with a proximal map.
template <typename Scalar>
struct ProximalProblem {
    /// g = the gradient of f at x.
    std::function<void(const Matrix<Scalar>& x, Matrix<Scalar>& g)> gradient;
    /// In some of the columns, next = the minimizer of h + <g, .> + |. - x|^2 / (2 t).
    std::function<void(Range columns, const Matrix<Scalar>& x, const Matrix<Scalar>& g, double t,
                       Matrix<Scalar>& next)>
        step;
    /// f of each column; called by the adaptive method only.
    std::function<Vector<double>(const Matrix<Scalar>& x)> value;
    /// A step length that is safe for every column, the inverse of the curvature of f.
    double length = 0.0;
};

/// `iterations` proximal-gradient steps from x, in place: of fixed length; accelerated (Beck and
/// Teboulle 2009) and restarted where the momentum points uphill (O'Donoghue and Candes 2015); or
/// so with lengths found by backtracking, beginning at four times the safe one. Restarts and
/// lengths are decided for each column by itself, so that no column depends on which others are
/// there.
template <typename Scalar>
void proximal_gradient(const ProximalProblem<Scalar>& problem, BlockMethod method, int iterations,
                       MatrixRef<Scalar> x);

}  // namespace hoist
