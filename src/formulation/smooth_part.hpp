#pragma once

#include "hoist/formulation/proximal_gradient.hpp"

namespace hoist {

/// Some columns of a matrix.
template <typename AnyMatrix>
auto part(AnyMatrix&& matrix, Range columns) {
    return matrix.middleCols(columns.begin, columns.size());
}

/// Sets f(x) = above(map(x)), where map is linear with the matrix w up to a constant. All
/// references must outlive the problem.
/// @param map map(x, u) sets u. @param above has energy(u) and slope(u, s).
template <typename Scalar, typename Map, typename What>
void set_smooth_part(ProximalProblem<Scalar>& problem, const Matrix<Scalar>& w, Map map,
                     const What& above) {
    problem.gradient = [&w, map, &above, u = Matrix<Scalar>(), s = Matrix<Scalar>()](
                           const Matrix<Scalar>& x, Matrix<Scalar>& g) mutable {
        u.resize(w.rows(), x.cols());
        s.resize(w.rows(), x.cols());
        map(x, u);
        above.slope(u, s);
        g.noalias() = w.transpose() * s;
    };
    problem.value = [&w, map, &above, u = Matrix<Scalar>()](const Matrix<Scalar>& x) mutable {
        u.resize(w.rows(), x.cols());
        map(x, u);
        return above.energy(u);
    };
}

}  // namespace hoist
