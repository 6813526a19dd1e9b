#include "hoist/formulation/mac.hpp"

#include <cmath>

#include "activation_setting.hpp"
#include "hoist/base/error.hpp"
#include "residual.hpp"
#include "smooth_part.hpp"

namespace hoist {

void check_mac(const NetworkSpec& spec, const std::string& formulation) {
    for (const auto& activation : spec.activations) {
        if (std::isinf(activation->traits().lipschitz)) {
            throw UsageError(
                "formulation.name = " + formulation + " cannot carry " + setting_of(*activation),
                "its penalty moves by the derivative of the activation, which is zero "
                "wherever it does not jump",
                "use hard_tanh or tanh");
        }
    }
}

template <typename Scalar>
Mac<Scalar>::Mac(const NetworkSpec& spec, const FormulationOptions& options)
    : spec_(spec), options_(options), lengths_(spec.activations.size()) {
    check_mac(spec, options.name);
}

template <typename Scalar>
Vector<double> Mac<Scalar>::penalty(Index layer, const ConstMatrixRef<Scalar>& x,
                                    const ConstMatrixRef<Scalar>& u) const {
    Matrix<Scalar> phi(x.rows(), x.cols());
    spec_.activation(layer).apply(u, phi);
    return 0.5 * options_.lambda_of(layer) *
           (x - phi).template cast<double>().colwise().squaredNorm().transpose();
}

template <typename Scalar>
void Mac<Scalar>::signal(Index layer, const ConstMatrixRef<Scalar>& x,
                         const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) const {
    Matrix<Scalar> distance(x.rows(), x.cols());
    spec_.activation(layer).apply(u, distance);
    distance = static_cast<Scalar>(options_.lambda_of(layer)) * (distance - x);
    spec_.activation(layer).pull_back(u, distance, s);
}

template <typename Scalar>
double Mac<Scalar>::pull_weight(Index layer) const {
    const double lipschitz = spec_.activation(layer).traits().lipschitz;
    return options_.lambda_of(layer) * lipschitz * lipschitz;
}

template <typename Scalar>
void Mac<Scalar>::prepare(Index layer, const LinearMap<Scalar>& map, double weight_above) {
    lengths_[static_cast<std::size_t>(layer - 1)] = step_length(map, weight_above, lambda(layer));
}

template <typename Scalar>
void Mac<Scalar>::update_activations(Index layer, const LinearMap<Scalar>& map,
                                     const ConstMatrixRef<Scalar>& u, const Above<Scalar>& above,
                                     MatrixRef<Scalar> x) {
    const double own = options_.lambda_of(layer);
    Matrix<Scalar> phi(x.rows(), x.cols());
    spec_.activation(layer).apply(u, phi);
    ProximalProblem<Scalar> problem;
    problem.length = lengths_[static_cast<std::size_t>(layer - 1)];
    set_smooth_part(problem, map, above);
    problem.step = [&](Range columns, const Matrix<Scalar>& y, const Matrix<Scalar>& g, double t,
                       Matrix<Scalar>& next) {
        const auto scale = static_cast<Scalar>(1.0 / (own + 1.0 / t));
        part(next, columns) =
            scale * (static_cast<Scalar>(own) * part(phi, columns) - part(g, columns) +
                     static_cast<Scalar>(1.0 / t) * part(y, columns));
    };
    proximal_gradient<Scalar>(problem, BlockMethod::adaptive, options_.iterations, x);
}

// The same steps of d = x - phi(u), and W d stands for the change above.
template <typename Scalar>
void Mac<Scalar>::minimize(Index layer, const LinearMap<Scalar>& map, const ConstMatrixRef<Scalar>&,
                           const ConstMatrixRef<Scalar>&, const ChangeAbove<Scalar>& above,
                           MatrixRef<Scalar> r) {
    const double own = options_.lambda_of(layer);
    ProximalProblem<Scalar> problem;
    problem.length = lengths_[static_cast<std::size_t>(layer - 1)];
    set_smooth_part(problem, map, above);
    problem.step = [&](Range columns, const Matrix<Scalar>& d, const Matrix<Scalar>& g, double t,
                       Matrix<Scalar>& next) {
        part(next, columns) = static_cast<Scalar>(1.0 / (own * t + 1.0)) * part(d, columns) -
                              static_cast<Scalar>(1.0 / (own + 1.0 / t)) * part(g, columns);
    };
    r.setZero();
    proximal_gradient<Scalar>(problem, BlockMethod::adaptive, options_.iterations, r);
    r *= static_cast<Scalar>(-own);
}

template <typename Scalar>
void Mac<Scalar>::residual_signal(Index layer, const ConstMatrixRef<Scalar>& r,
                                  const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) const {
    spec_.activation(layer).pull_back(u, r, s);
}

template <typename Scalar>
void Mac<Scalar>::residual_after(Index layer, const ConstMatrixRef<Scalar>& r,
                                 const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& x,
                                 const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar> after) const {
    move_residual(spec_.activation(layer), options_.lambda_of(layer), r, u, x, v, after);
}

template <typename Scalar>
Vector<double> Mac<Scalar>::penalty_after(Index layer, const ConstMatrixRef<Scalar>& r,
                                          const ConstMatrixRef<Scalar>& u,
                                          const ConstMatrixRef<Scalar>& x,
                                          const ConstMatrixRef<Scalar>& v) const {
    Matrix<Scalar> after(x.rows(), x.cols());
    residual_after(layer, r, u, x, v, after);
    return square_of_residual<Scalar>(options_.lambda_of(layer), after);
}

template <typename Scalar>
void Mac<Scalar>::respond(Index layer, const ConstMatrixRef<Scalar>& u,
                          const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>&,
                          MatrixRef<Scalar> s) const {
    spec_.activation(layer).pull_back(u, g, s);
}

template <typename Scalar>
void Mac<Scalar>::minimizer(Index layer, const ConstMatrixRef<Scalar>& u,
                            const ConstMatrixRef<Scalar>& g, MatrixRef<Scalar> x) const {
    spec_.activation(layer).apply(u, x);
    x -= static_cast<Scalar>(1.0 / options_.lambda_of(layer)) * g;
}

template <typename Scalar>
Vector<double> Mac<Scalar>::coefficient_slopes(Index layer, const ConstMatrixRef<Scalar>& u,
                                               const ConstMatrixRef<Scalar>& g) const {
    return spec_.activation(layer).coefficient_slopes(u, g);
}

template class Mac<float>;
template class Mac<double>;

}  // namespace hoist
