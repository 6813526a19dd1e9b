#include "hoist/math/weight_solver.hpp"

#include <algorithm>
#include <cmath>

#include "gram_solvers.hpp"
#include "hoist/math/orthogonal.hpp"

namespace hoist {

namespace {

/// state: velocity.
template <typename Scalar>
class Sgd final : public WeightSolver<Scalar> {
  public:
    using WeightSolver<Scalar>::WeightSolver;
    Sgd(const WeightSolverOptions& options, Index inputs, Index outputs)
        : WeightSolver<Scalar>(options, inputs, outputs) {}

  private:
    void move(const BatchEquations<Scalar>& equations, double rate, Matrix<Scalar>& matrix,
              Vector<Scalar>& bias) override {
        const WeightSolverOptions& options = this->options();
        Matrix<Scalar>& velocity = this->state()[0];
        velocity = static_cast<Scalar>(options.momentum) * velocity + equations.gradient;
        velocity.leftCols(matrix.cols()) += static_cast<Scalar>(2.0 * options.ridge) * matrix;
        const auto eta = static_cast<Scalar>(rate);
        matrix *= static_cast<Scalar>(1.0 - rate * options.decay);
        matrix -= eta * velocity.leftCols(matrix.cols());
        bias -= eta * velocity.col(matrix.cols());
    }
};

/// state: first and second moment, and the number of steps.
template <typename Scalar>
class Adam final : public WeightSolver<Scalar> {
  public:
    Adam(const WeightSolverOptions& options, Index inputs, Index outputs)
        : WeightSolver<Scalar>(options, inputs, outputs) {}

  private:
    void move(const BatchEquations<Scalar>& equations, double rate, Matrix<Scalar>& matrix,
              Vector<Scalar>& bias) override {
        const WeightSolverOptions& options = this->options();
        Scalar& steps = this->state()[2](0, 0);
        steps += Scalar{1};
        const double first_mean = 1.0 - std::pow(options.momentum, static_cast<double>(steps));
        const double second_mean =
            1.0 - std::pow(options.second_momentum, static_cast<double>(steps));
        // rate m / (1-b1^t) / (sqrt(v / (1-b2^t)) + eps), with the constants drawn together
        const auto eta = static_cast<Scalar>(rate * std::sqrt(second_mean) / first_mean);
        const auto epsilon = static_cast<Scalar>(1e-8 * std::sqrt(second_mean));
        const auto keep = static_cast<Scalar>(1.0 - rate * options.decay);
        const auto ridge = static_cast<Scalar>(2.0 * options.ridge);
        const auto weights = matrix.size();
        const Scalar* gradient = equations.gradient.data();
        advance(gradient, 0, weights, matrix.data(), eta, epsilon, keep, ridge);
        advance(gradient, weights, bias.size(), bias.data(), eta, epsilon, Scalar{1}, Scalar{0});
    }

    void advance(const Scalar* gradient, Index offset, Index count, Scalar* w, Scalar eta,
                 Scalar epsilon, Scalar keep, Scalar ridge) {
        const auto b1 = static_cast<Scalar>(this->options().momentum);
        const auto b2 = static_cast<Scalar>(this->options().second_momentum);
        gradient += offset;
        Scalar* __restrict first = this->state()[0].data() + offset;
        Scalar* __restrict second = this->state()[1].data() + offset;
#pragma GCC ivdep
        for (Index i = 0; i < count; ++i) {
            const Scalar g = gradient[i] + ridge * w[i];
            first[i] = b1 * first[i] + (Scalar{1} - b1) * g;
            second[i] = b2 * second[i] + (Scalar{1} - b2) * g * g;
            w[i] = keep * w[i] - eta * first[i] / (std::sqrt(second[i]) + epsilon);
        }
    }
};

// Five steps of the quintic iteration that takes all singular values close to one.
template <typename Scalar>
Matrix<Scalar> nearly_orthogonal(const Matrix<Scalar>& matrix) {
    const bool tall = matrix.rows() > matrix.cols();
    Matrix<Scalar> x = tall ? Matrix<Scalar>(matrix.transpose()) : matrix;
    x /= x.norm() + static_cast<Scalar>(1e-20);
    Matrix<Scalar> a(x.rows(), x.rows());
    Matrix<Scalar> b(x.rows(), x.rows());
    Matrix<Scalar> next(x.rows(), x.cols());
    for (int step = 0; step < 5; ++step) {
        a.noalias() = x * x.transpose();
        b = static_cast<Scalar>(-4.7750) * a;
        b.noalias() += static_cast<Scalar>(2.0315) * a * a;
        next = static_cast<Scalar>(3.4445) * x;
        next.noalias() += b * x;
        x.swap(next);
    }
    return tall ? Matrix<Scalar>(x.transpose()) : x;
}

/// state: velocity, second moment of the bias, and the number of steps.
template <typename Scalar>
class Muon final : public WeightSolver<Scalar> {
  public:
    Muon(const WeightSolverOptions& options, Index inputs, Index outputs)
        : WeightSolver<Scalar>(options, inputs, outputs) {}

  private:
    void move(const BatchEquations<Scalar>& equations, double rate, Matrix<Scalar>& matrix,
              Vector<Scalar>& bias) override {
        const WeightSolverOptions& options = this->options();
        const Index n = matrix.cols();
        Matrix<Scalar>& velocity = this->state()[0];
        Matrix<Scalar>& second = this->state()[1];
        Scalar& steps = this->state()[2](0, 0);
        steps += Scalar{1};
        const auto momentum = static_cast<Scalar>(options.momentum);
        Matrix<Scalar> gradient = equations.gradient;
        gradient.leftCols(n) += static_cast<Scalar>(2.0 * options.ridge) * matrix;
        velocity = momentum * velocity + (Scalar{1} - momentum) * gradient;
        const Matrix<Scalar> ahead =  // Nesterov's
            momentum * velocity.leftCols(n) + (Scalar{1} - momentum) * gradient.leftCols(n);
        const double size = 0.2 * std::sqrt(static_cast<double>(std::max(matrix.rows(), n)));
        matrix *= static_cast<Scalar>(1.0 - rate * options.decay);
        matrix -= static_cast<Scalar>(rate * size) * nearly_orthogonal(ahead);

        const auto keep = static_cast<Scalar>(options.second_momentum);
        second = keep * second + (Scalar{1} - keep) * gradient.col(n).cwiseAbs2();
        const auto count = static_cast<double>(steps);
        const double first_mean = 1.0 - std::pow(options.momentum, count);
        const double second_mean = 1.0 - std::pow(options.second_momentum, count);
        const auto eta = static_cast<Scalar>(rate * std::sqrt(second_mean) / first_mean);
        const auto epsilon = static_cast<Scalar>(1e-8 * std::sqrt(second_mean));
        bias.array() -= eta * velocity.col(n).array() / (second.col(0).array().sqrt() + epsilon);
    }
};

}  // namespace

std::vector<SolverState> solver_states(const WeightSolverOptions& options, Index inputs,
                                       Index outputs) {
    const Index n = inputs + 1;
    switch (options.kind) {
        case WeightSolverOptions::Kind::sgd:
            return {{"velocity", outputs, n}};
        case WeightSolverOptions::Kind::adam:
            return {{"first_moment", outputs, n}, {"second_moment", outputs, n}, {"steps", 1, 1}};
        case WeightSolverOptions::Kind::implicit:
            return {{"previous", outputs, n}, {"batches", 1, 1}};
        case WeightSolverOptions::Kind::muon:
            return {{"velocity", outputs, n}, {"second_moment", outputs, 1}, {"steps", 1, 1}};
        case WeightSolverOptions::Kind::gram:
            break;
    }
    std::vector<SolverState> states{
        {"velocity", outputs, n}, {"steps", 1, 1}, {"input_gram", n, n}, {"input_inverse", n, n}};
    if (options.sides == GramSides::both) {
        states.push_back({"signal_gram", outputs, outputs});
        states.push_back({"signal_inverse", outputs, outputs});
    }
    return states;
}

template <typename Scalar>
WeightSolver<Scalar>::WeightSolver(const WeightSolverOptions& options, Index inputs, Index outputs)
    : options_(options), inputs_(inputs) {
    for (const SolverState& state : solver_states(options, inputs, outputs)) {
        state_.push_back(Matrix<Scalar>::Zero(state.rows, state.columns));
    }
}

template <typename Scalar>
void WeightSolver<Scalar>::begin(const Matrix<Scalar>& matrix, const Vector<Scalar>& bias) {
    depart(matrix, bias);
}

template <typename Scalar>
void WeightSolver<Scalar>::step(const BatchEquations<Scalar>& equations, double rate,
                                Matrix<Scalar>& matrix, Vector<Scalar>& bias) {
    move(equations, rate, matrix, bias);
    if (options_.orthogonal) {
        make_orthogonal<Scalar>(matrix);
    }
}

template <typename Scalar>
std::unique_ptr<WeightSolver<Scalar>> make_weight_solver(const WeightSolverOptions& options,
                                                         Index inputs, Index outputs) {
    switch (options.kind) {
        case WeightSolverOptions::Kind::sgd:
            return std::make_unique<Sgd<Scalar>>(options, inputs, outputs);
        case WeightSolverOptions::Kind::gram:
            return std::make_unique<GramSolver<Scalar>>(options, inputs, outputs);
        case WeightSolverOptions::Kind::implicit:
            return std::make_unique<ImplicitSolver<Scalar>>(options, inputs, outputs);
        case WeightSolverOptions::Kind::muon:
            return std::make_unique<Muon<Scalar>>(options, inputs, outputs);
        case WeightSolverOptions::Kind::adam:
            break;
    }
    return std::make_unique<Adam<Scalar>>(options, inputs, outputs);
}

template class WeightSolver<float>;
template class WeightSolver<double>;
template std::unique_ptr<WeightSolver<float>> make_weight_solver(const WeightSolverOptions&, Index,
                                                                 Index);
template std::unique_ptr<WeightSolver<double>> make_weight_solver(const WeightSolverOptions&, Index,
                                                                  Index);

}  // namespace hoist
