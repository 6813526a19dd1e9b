#include "hoist/formulation/classical.hpp"

#include <cmath>

#include "activation_setting.hpp"
#include "hoist/base/error.hpp"
#include "residual.hpp"
#include "smooth_part.hpp"

namespace hoist {

void check_classical(const NetworkSpec& spec) {
    for (Index l = 0; l < spec.hidden(); ++l) {
        if (spec.map(l).leading > 0) {
            throw UsageError("formulation.name = classical does not go with network.layers = " +
                                 spec.layers_text(),
                             "its penalty |x - u|^2 knows an activation only by the values it can "
                             "take, and not beside what is handed on as it is",
                             "use formulation.name = contrastive or mac");
        }
    }
    for (const auto& activation : spec.activations) {
        const ActivationTraits traits = activation->traits();
        if (!traits.projection) {
            const bool unbounded = std::isinf(traits.lower) && std::isinf(traits.upper);
            throw UsageError("formulation.name = classical cannot carry " + setting_of(*activation),
                             "its penalty |x - u|^2 knows an activation only by the values it can "
                             "take, and would train a " +
                                 std::string(unbounded ? "linear" : "merely boxed") + " network",
                             activation->windows() ? "use avgpool in its place"
                                                   : "use relu, hard_tanh, hard_sigmoid or "
                                                     "identity");
        }
    }
}

template <typename Scalar>
Classical<Scalar>::Classical(const NetworkSpec& spec, const FormulationOptions& options)
    : options_(options), blocks_(spec.activations.size()) {
    check_classical(spec);
    for (const auto& activation : spec.activations) {
        const ActivationTraits traits = activation->traits();
        bounds_.push_back({static_cast<Scalar>(traits.lower), static_cast<Scalar>(traits.upper)});
    }
}

template <typename Scalar>
Vector<double> Classical<Scalar>::penalty(Index layer, const ConstMatrixRef<Scalar>& x,
                                          const ConstMatrixRef<Scalar>& u) const {
    return 0.5 * options_.lambda_of(layer) *
           (x - u).colwise().squaredNorm().transpose().template cast<double>();
}

template <typename Scalar>
void Classical<Scalar>::prepare(Index layer, const LinearMap<Scalar>& map, double weight_above) {
    const auto position = static_cast<std::size_t>(layer - 1);
    const auto mu = static_cast<Scalar>(weight_above);
    if (!map.spec().plain()) {
        blocks_[position].length = step_length(map, weight_above, options_.lambda_of(layer));
        return;
    }
    Matrix<Scalar> a = map.gram(mu);
    a.diagonal().array() += static_cast<Scalar>(options_.lambda_of(layer));
    const Bounds<Scalar> bounds = bounds_[position];
    const bool bounded = std::isfinite(bounds.lower) || std::isfinite(bounds.upper);
    Block& block = blocks_[position];
    block.weight_above = weight_above;
    block.offset = map.pulled_bias(mu);
    // Without bounds the problem is one linear system, which block pivoting solves by its first
    // Cholesky factor.
    const bool descend = bounded && options_.nnls.method == NnlsOptions::Method::coordinate_descent;
    block.solver = descend
                       ? coordinate_descent<Scalar>(a, bounds, options_.nnls.sweeps,
                                                    static_cast<Scalar>(options_.nnls.tolerance))
                       : block_pivoting<Scalar>(a, bounds);
}

template <typename Scalar>
void Classical<Scalar>::update_activations(Index layer, const LinearMap<Scalar>& map,
                                           const ConstMatrixRef<Scalar>& u,
                                           const Above<Scalar>& above, MatrixRef<Scalar> x) {
    const Block& block = blocks_[static_cast<std::size_t>(layer - 1)];
    if (!block.solver) {
        ProximalProblem<Scalar> problem;
        set_smooth_part(problem, map, above);
        descend(layer, problem, u, Matrix<Scalar>::Zero(x.rows(), x.cols()), x);
        return;
    }
    // c = lambda u + mu W'(T - b)
    right_hand_side_ = static_cast<Scalar>(options_.lambda_of(layer)) * u;
    map.add_pull_back(static_cast<Scalar>(block.weight_above), above.target(), right_hand_side_);
    right_hand_side_.colwise() -= block.offset;
    block.solver->solve(right_hand_side_, x);
}

// The clamped (lambda u - g + y/t) / (lambda + 1/t).
template <typename Scalar>
void Classical<Scalar>::descend(Index layer, ProximalProblem<Scalar>& problem,
                                const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& from,
                                MatrixRef<Scalar> change) const {
    const auto position = static_cast<std::size_t>(layer - 1);
    const double own = options_.lambda_of(layer);
    const Bounds<Scalar> bounds = bounds_[position];
    problem.length = blocks_[position].length;
    problem.step = [&](Range columns, const Matrix<Scalar>& d, const Matrix<Scalar>& g, double t,
                       Matrix<Scalar>& next) {
        const auto scale = static_cast<Scalar>(1.0 / (own + 1.0 / t));
        part(next, columns) =
            (scale * (static_cast<Scalar>(own) * part(u, columns) - part(g, columns) +
                      static_cast<Scalar>(1.0 / t) * (part(from, columns) + part(d, columns))))
                .cwiseMax(bounds.lower)
                .cwiseMin(bounds.upper) -
            part(from, columns);
    };
    proximal_gradient<Scalar>(problem, BlockMethod::accelerated, options_.nnls.sweeps, change);
}

template <typename Scalar>
void Classical<Scalar>::minimize(Index layer, const LinearMap<Scalar>& map,
                                 const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& x,
                                 const ChangeAbove<Scalar>& above, MatrixRef<Scalar> r) {
    const Block& block = blocks_[static_cast<std::size_t>(layer - 1)];
    const auto lambda = static_cast<Scalar>(options_.lambda_of(layer));
    if (!block.solver) {
        ProximalProblem<Scalar> problem;
        set_smooth_part(problem, map, above);
        Matrix<Scalar> change = Matrix<Scalar>::Zero(x.rows(), x.cols());
        descend(layer, problem, u, x, change);
        r = lambda * (u - x - change);
        return;
    }
    // c = lambda u + W'(mu W x - s), s the slope at x
    Matrix<Scalar> s(map.outputs(), u.cols());
    above.slope(Matrix<Scalar>::Zero(s.rows(), s.cols()), s);
    s = -s;
    map.add_product(static_cast<Scalar>(block.weight_above), x, s);
    right_hand_side_ = lambda * u;
    map.add_pull_back(Scalar{1}, s, right_hand_side_);
    Matrix<Scalar> moved = x;
    block.solver->solve(right_hand_side_, moved);
    r = lambda * (u - moved);
}

template <typename Scalar>
void Classical<Scalar>::residual_after(Index layer, const ConstMatrixRef<Scalar>& r,
                                       const ConstMatrixRef<Scalar>&, const ConstMatrixRef<Scalar>&,
                                       const ConstMatrixRef<Scalar>& v,
                                       MatrixRef<Scalar> after) const {
    after = r + static_cast<Scalar>(options_.lambda_of(layer)) * v;
}

template <typename Scalar>
Vector<double> Classical<Scalar>::penalty_after(Index layer, const ConstMatrixRef<Scalar>& r,
                                                const ConstMatrixRef<Scalar>& u,
                                                const ConstMatrixRef<Scalar>& x,
                                                const ConstMatrixRef<Scalar>& v) const {
    Matrix<Scalar> after(x.rows(), x.cols());
    residual_after(layer, r, u, x, v, after);
    return square_of_residual<Scalar>(options_.lambda_of(layer), after);
}

template <typename Scalar>
void Classical<Scalar>::respond(Index layer, const ConstMatrixRef<Scalar>& u,
                                const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>&,
                                MatrixRef<Scalar> s) const {
    const auto lambda = static_cast<Scalar>(options_.lambda_of(layer));
    const Bounds<Scalar> bounds = bounds_[static_cast<std::size_t>(layer - 1)];
    // lambda (u - x_new) without its cancellation.
    const auto signal = [lambda, bounds](Scalar at, Scalar pull) {
        const Scalar low = lambda * (at - bounds.upper);
        const Scalar high = lambda * (at - bounds.lower);
        const Scalar raised = pull < low ? low : pull;  // a NaN stays
        return high < raised ? high : raised;
    };
    s = u.binaryExpr(g, signal);
}

template <typename Scalar>
void Classical<Scalar>::gradient_step(Index layer, const LinearMap<Scalar>& map,
                                      const ConstMatrixRef<Scalar>& u,
                                      const ConstMatrixRef<Scalar>& slope, double step,
                                      const ConstMatrixRef<Scalar>& y, MatrixRef<Scalar> x) const {
    const auto t = static_cast<Scalar>(step);
    const auto own = static_cast<Scalar>(step * options_.lambda_of(layer));
    const Bounds<Scalar> bounds = bounds_[static_cast<std::size_t>(layer - 1)];
    x = y - own * (y - u);
    map.add_pull_back(-t, slope, x);
    x = x.cwiseMax(bounds.lower).cwiseMin(bounds.upper);
}

template class Classical<float>;
template class Classical<double>;

}  // namespace hoist
