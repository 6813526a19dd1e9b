#include "gram_solvers.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

// The Cholesky factor of a damped Gram matrix, of which only the lower triangle is read.
// @param rounding of the entries, relative to the diagonal: pivots below it say nothing.
Eigen::LLT<Matrix<double>> factor(const Matrix<double>& damped, double rounding,
                                  const std::string& advice) {
    const std::string problem = "the weights cannot take a step";
    const auto lower = damped.template triangularView<Eigen::Lower>();
    if (!Matrix<double>(lower).allFinite()) {  // the factorization itself goes on with NaNs
        throw NumericalError(problem, "the Gram matrix of a mini-batch is not finite",
                             "use a smaller weights.step, or set data.standardize = true");
    }
    Eigen::LLT<Matrix<double>> result(damped);
    const double least =
        rounding * static_cast<double>(damped.rows()) * damped.diagonal().maxCoeff();
    if (result.info() != Eigen::Success ||
        result.matrixLLT().diagonal().cwiseAbs2().minCoeff() <= least) {
        throw NumericalError(
            problem, "the Gram matrix of a mini-batch is singular to its precision", advice);
    }
    return result;
}

// (gram + damping mean(diag) I + ridge I_0)^{-1}, where I_0 leaves out the last `biases`.
template <typename Scalar>
void invert(const Matrix<Scalar>& gram, double damping, double ridge, Index biases,
            Matrix<Scalar>& inverse) {
    const Index n = gram.rows();
    Matrix<double> damped = gram.template cast<double>();
    damped.diagonal().array() += std::max(damping * damped.diagonal().mean(), 1e-30);
    damped.diagonal().head(n - biases).array() += ridge;
    const auto llt = factor(damped, std::numeric_limits<Scalar>::epsilon(),
                            "use a larger weights.damping, or train.precision = double");
    inverse = llt.solve(Matrix<double>::Identity(n, n)).template cast<Scalar>();
}

// The root mean square of the signals.
template <typename Scalar>
double size_of(const Matrix<Scalar>& signal_gram) {
    return std::sqrt(signal_gram.diagonal().template cast<double>().mean());
}

// A bound on the largest eigenvalue of size (S S' + damping mean(diag) I)^{-1}, by which the matrix on
// the left enlarges a step along the slope of the ridge: the curvature of the ridge times it, beside
// that of the inputs, keeps such a step from overshooting.
template <typename Scalar>
double largest_factor(const Matrix<Scalar>& signal_gram, double damping,
                      const Matrix<Scalar>& inverse) {
    const double size = size_of(signal_gram);
    const double by_rows =
        size * inverse.template cast<double>().cwiseAbs().rowwise().sum().maxCoeff();
    return damping > 0.0 && size > 0.0 ? std::min(by_rows, 1.0 / (damping * size)) : by_rows;
}

const std::string implicit_advice =
    "use a smaller weights.step, standardized inputs, or train.precision = double";

// The columns of slope times (diag + weight Z Z'/B)^{-1}, Z = [X;1] with B columns, by a system of their
// number (Woodbury): with q = weight / B and T = diag^{-1} that is
//     slope T - q (slope T Z) (I + q Z'T Z)^{-1} Z'T.
// The products, with all of X, are in Scalar; the system is factored in double.
template <typename Scalar>
Matrix<Scalar> solve_in_batch(Matrix<Scalar> slope, const Vector<Scalar>& diagonal, double weight,
                              const ConstMatrixRef<Scalar>& x) {
    const Index n = x.rows();
    const Index columns = x.cols();
    const double q = weight / static_cast<double>(columns);
    const Vector<Scalar> root = diagonal.cwiseInverse().cwiseSqrt();
    Matrix<Scalar> z(n + 1, columns);
    z.topRows(n) = root.head(n).asDiagonal() * x;
    z.row(n).setConstant(root[n]);
    slope = slope * root.asDiagonal();
    Matrix<Scalar> gram = Matrix<Scalar>::Zero(columns, columns);
    gram.template selfadjointView<Eigen::Lower>().rankUpdate(z.transpose(), static_cast<Scalar>(q));
    Matrix<double> system = gram.template cast<double>();
    system.diagonal().array() += 1.0;
    Matrix<Scalar> projected(columns, slope.rows());
    projected.noalias() = z.transpose() * slope.transpose();
    const Matrix<Scalar> solved = factor(system, 0.0, implicit_advice)
                                      .solve(q * projected.template cast<double>())
                                      .template cast<Scalar>();
    slope.noalias() -= solved.transpose() * z.transpose();
    return slope * root.asDiagonal();
}

}  // namespace

template <typename Scalar>
void GramSolver<Scalar>::move(const BatchEquations<Scalar>& equations, double rate,
                              Matrix<Scalar>& matrix, Vector<Scalar>& bias) {
    const WeightSolverOptions& options = this->options();
    auto& state = this->state();
    Matrix<Scalar>& velocity = state[0];
    Scalar& steps = state[1](0, 0);
    const bool both = options.sides == GramSides::both;
    // A running mean that begins as the plain mean of the first batches.
    const auto newest =
        static_cast<Scalar>(std::max(options.memory, 1.0 / (static_cast<double>(steps) + 1.0)));
    state[2] += newest * (equations.input_gram - state[2]);
    if (both) {
        state[4] += newest * (equations.signal_gram - state[4]);
    }
    if (static_cast<Index>(steps) % options.refresh == 0 || steps < Scalar{4}) {
        double ridge = 2.0 * options.ridge;
        if (both) {
            invert(state[4], options.damping, 0.0, 0, state[5]);
            ridge *= largest_factor(state[4], options.damping, state[5]);
        } else {
            ridge /= options.curvature;
        }
        invert(state[2], options.damping, ridge, 1, state[3]);
    }
    steps += Scalar{1};
    Matrix<Scalar> gradient = equations.gradient;
    gradient.leftCols(matrix.cols()) += static_cast<Scalar>(2.0 * options.ridge) * matrix;
    Matrix<Scalar> direction(gradient.rows(), gradient.cols());
    direction.noalias() = gradient * state[3];
    if (both) {
        // Times the size of the signals: without it steps would grow as the loss falls.
        const auto size = static_cast<Scalar>(size_of(state[4]));
        gradient.noalias() = size * state[5] * direction;
        direction.swap(gradient);
    } else {
        direction *= static_cast<Scalar>(1.0 / options.curvature);
    }
    velocity = static_cast<Scalar>(options.momentum) * velocity + direction;
    const auto eta = static_cast<Scalar>(rate);
    matrix *= static_cast<Scalar>(1.0 - rate * options.decay);
    matrix -= eta * velocity.leftCols(matrix.cols());
    bias -= eta * velocity.col(matrix.cols());
}

template <typename Scalar>
void ImplicitSolver<Scalar>::depart(const Matrix<Scalar>& matrix, const Vector<Scalar>& bias) {
    Matrix<Scalar>& previous = this->state()[0];
    Scalar& batches = this->state()[1](0, 0);
    Matrix<Scalar> present(matrix.rows(), matrix.cols() + 1);
    present << matrix, bias;
    center_ = present;
    if (batches > Scalar{0}) {
        center_ += static_cast<Scalar>(this->options().momentum) * (present - previous);
    }
    previous = present;
    batches += Scalar{1};
}

// With h the curvature above, A the mean of [X;1][X;1]' and V the center: the minimizer over D of
//     <G + decay [W 0], D> + h/2 tr(D A D') + ridge |W + D|^2 + |[W b] + D - V|^2 / (2 rate),
// which solves D (I + 2 rate ridge I_0 + rate h A) = V - [W b] - rate (G + (2 ridge + decay) [W 0]).
template <typename Scalar>
void ImplicitSolver<Scalar>::move(const BatchEquations<Scalar>& equations, double rate,
                                  Matrix<Scalar>& matrix, Vector<Scalar>& bias) {
    const WeightSolverOptions& options = this->options();
    const Index n = matrix.cols();
    const auto eta = static_cast<Scalar>(rate);
    const auto shrink = static_cast<Scalar>(2.0 * options.ridge + options.decay);
    Matrix<Scalar> slope = eta * equations.gradient - center_;
    slope.leftCols(n) += (Scalar{1} + eta * shrink) * matrix;
    slope.col(n) += bias;
    Vector<Scalar> diagonal =
        Vector<Scalar>::Constant(n + 1, static_cast<Scalar>(1.0 + 2.0 * rate * options.ridge));
    diagonal[n] = Scalar{1};
    if (this->wants_inputs()) {
        slope = solve_in_batch<Scalar>(std::move(slope), diagonal, rate * options.curvature,
                                       equations.inputs);
    } else {
        Matrix<double> system =
            rate * options.curvature * equations.input_gram.template cast<double>();
        system.diagonal() += diagonal.template cast<double>();
        slope = factor(system, 0.0, implicit_advice)
                    .solve(slope.transpose().template cast<double>())
                    .transpose()
                    .template cast<Scalar>();
    }
    matrix -= slope.leftCols(n);
    bias -= slope.col(n);
}

template class GramSolver<float>;
template class GramSolver<double>;
template class ImplicitSolver<float>;
template class ImplicitSolver<double>;

}  // namespace hoist
