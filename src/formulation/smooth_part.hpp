#pragma once

#include <algorithm>
#include <type_traits>

#include "hoist/formulation/above.hpp"
#include "hoist/formulation/proximal_gradient.hpp"
#include "hoist/model/linear_map.hpp"

namespace hoist {

/// The step length 1 / (mu |W|^2) against what is above a map, whose curvature is at most mu; no
/// longer than 1e12 / lambda, and no shorter than 1e-60 / lambda: also where weights are not finite,
/// which is found out afterwards.
template <typename Scalar>
double step_length(const LinearMap<Scalar>& map, double mu, double lambda) {
    const double norm = map.norm_bound();
    const double bound = mu * norm * norm;
    const double most = 1e60 * lambda;
    return 1.0 / (bound < most ? std::max(bound, 1e-12 * lambda) : most);
}

/// Sets f to what is above a map, as a function of x, or of the change of x where that is known of
/// the change of u. All references must outlive the problem.
/// @param above Above or ChangeAbove.
template <typename Scalar, typename What>
void set_smooth_part(ProximalProblem<Scalar>& problem, const LinearMap<Scalar>& map,
                     const What& above) {
    const auto of = [&map](const Matrix<Scalar>& x, Matrix<Scalar>& u) {
        if constexpr (std::is_base_of_v<ChangeAbove<Scalar>, What>) {
            u.setZero(map.outputs(), x.cols());
            map.add_product(Scalar{1}, x, u);
        } else {
            u.resize(map.outputs(), x.cols());
            map.apply(x, u);
        }
    };
    problem.gradient = [of, &map, &above, u = Matrix<Scalar>(), s = Matrix<Scalar>()](
                           const Matrix<Scalar>& x, Matrix<Scalar>& g) mutable {
        of(x, u);
        s.resize(u.rows(), u.cols());
        above.slope(u, s);
        map.pull_back(s, g);
    };
    problem.value = [of, &above, u = Matrix<Scalar>()](const Matrix<Scalar>& x) mutable {
        of(x, u);
        return above.energy(u);
    };
}

}  // namespace hoist
