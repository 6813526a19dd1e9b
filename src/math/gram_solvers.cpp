#include "gram_solvers.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

// The factor of scale gram + shift I in double; only the lower triangle of `gram` is read.
template <typename Scalar>
Eigen::LLT<Matrix<double>> factor(const ConstMatrixRef<Scalar>& gram, double scale, double shift) {
    Matrix<double> damped = scale * gram.template cast<double>();
    damped.diagonal().array() += shift;
    Eigen::LLT<Matrix<double>> result(damped);
    // The factorization itself goes on with NaNs.
    if (result.info() != Eigen::Success || !result.matrixLLT().diagonal().allFinite()) {
        throw NumericalError("a Gram matrix of a mini-batch cannot be factored",
                             "it is not finite, or too far from definite",
                             "use a larger weights.damping, or a smaller weights.step");
    }
    return result;
}

// (gram + damping mean(diag) I)^{-1}
template <typename Scalar>
void invert(const Matrix<Scalar>& gram, double damping, Matrix<Scalar>& inverse) {
    const double mean = gram.diagonal().template cast<double>().mean();
    const auto llt = factor<Scalar>(gram, 1.0, std::max(damping * mean, 1e-30));
    inverse = llt.solve(Matrix<double>::Identity(gram.rows(), gram.cols())).template cast<Scalar>();
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
        invert(state[2], options.damping, state[3]);
        if (both) {
            invert(state[4], options.damping, state[5]);
        }
    }
    steps += Scalar{1};
    Matrix<Scalar> gradient = equations.gradient;
    gradient.leftCols(matrix.cols()) += static_cast<Scalar>(2.0 * options.ridge) * matrix;
    Matrix<Scalar> direction(gradient.rows(), gradient.cols());
    direction.noalias() = gradient * state[3];
    if (both) {
        // Times the size of the signals: without it steps would grow as the loss falls.
        const auto size =
            static_cast<Scalar>(std::sqrt(state[4].diagonal().template cast<double>().mean()));
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
    center_.resize(matrix.rows(), matrix.cols() + 1);
    center_ << matrix, bias;
}

// With w the curvature above and A the mean of [X;1][X;1]': the minimizer over D of
// <G, D> + w/2 tr(D A D') + |W + D - W_k|^2 / (2 rate).
template <typename Scalar>
void ImplicitSolver<Scalar>::move(const BatchEquations<Scalar>& equations, double rate,
                                  Matrix<Scalar>& matrix, Vector<Scalar>& bias) {
    const WeightSolverOptions& options = this->options();
    Matrix<double> slope = equations.gradient.template cast<double>();
    slope.leftCols(matrix.cols()) += 2.0 * options.ridge * matrix.template cast<double>();
    Matrix<double> present(matrix.rows(), matrix.cols() + 1);
    present << matrix.template cast<double>(), bias.template cast<double>();
    slope += (present - center_.template cast<double>()) / rate;
    const auto llt = factor<Scalar>(equations.input_gram, options.curvature, 1.0 / rate);
    present -= llt.solve(slope.transpose()).transpose();
    matrix = present.leftCols(matrix.cols()).template cast<Scalar>();
    bias = present.col(matrix.cols()).template cast<Scalar>();
}

template class GramSolver<float>;
template class GramSolver<double>;
template class ImplicitSolver<float>;
template class ImplicitSolver<double>;

}  // namespace hoist
