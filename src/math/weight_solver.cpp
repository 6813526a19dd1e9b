#include "hoist/math/weight_solver.hpp"

#include <algorithm>
#include <cmath>

#include "gram_solvers.hpp"
#include "hoist/base/error.hpp"
#include "hoist/math/orthogonal.hpp"

namespace hoist {

namespace {

/// state: velocity.
template <typename Scalar>
class Sgd final : public WeightSolver<Scalar> {
  public:
    using WeightSolver<Scalar>::WeightSolver;

  private:
    void move(const BatchEquations<Scalar>& equations, double rate, Matrix<Scalar>& matrix,
              Vector<Scalar>& bias) override {
        const WeightSolverOptions& options = this->options();
        const auto momentum = static_cast<Scalar>(options.momentum);
        const auto eta = static_cast<Scalar>(rate);
        const Range own = this->columns();
        auto w = part(matrix, own);
        auto velocity = part(this->state()[0], own);
        velocity = momentum * velocity + part(equations.gradient, own);
        velocity += static_cast<Scalar>(2.0 * options.ridge) * w;
        w *= static_cast<Scalar>(1.0 - rate * options.decay);
        w -= eta * velocity;
        auto of_bias = this->state()[0].col(matrix.cols());
        of_bias = momentum * of_bias + equations.gradient.col(matrix.cols());
        bias -= eta * of_bias;
    }
};

/// state: first and second moment, and the number of steps.
template <typename Scalar>
class Adam final : public WeightSolver<Scalar> {
  public:
    using WeightSolver<Scalar>::WeightSolver;

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
        const Scalar* gradient = equations.gradient.data();
        const Range own = this->columns();
        const Index m = matrix.rows();
        advance(gradient, own.begin * m, own.size() * m, matrix.data() + own.begin * m, eta,
                epsilon, keep, ridge);
        advance(gradient, matrix.size(), m, bias.data(), eta, epsilon, Scalar{1}, Scalar{0});
    }

    // So many numbers of [W b], from `offset`.
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

/// state: velocity, second moment of the bias, and the number of steps.
template <typename Scalar>
class Muon final : public WeightSolver<Scalar> {
  public:
    using WeightSolver<Scalar>::WeightSolver;

  private:
    void move(const BatchEquations<Scalar>& equations, double rate, Matrix<Scalar>& matrix,
              Vector<Scalar>& bias) override {
        const WeightSolverOptions& options = this->options();
        Scalar& steps = this->state()[2](0, 0);
        steps += Scalar{1};
        const Range own = this->columns();
        const Index n = matrix.cols();
        auto w = part(matrix, own);
        Matrix<Scalar> direction = ahead(equations.gradient, own, w);
        orthogonalize(direction);
        const double size = 0.2 * std::sqrt(static_cast<double>(std::max(matrix.rows(), n)));
        w *= static_cast<Scalar>(1.0 - rate * options.decay);
        w -= static_cast<Scalar>(rate * size) * direction;

        const auto momentum = static_cast<Scalar>(options.momentum);
        const auto keep = static_cast<Scalar>(options.second_momentum);
        const auto gradient = equations.gradient.col(n);
        auto velocity = this->state()[0].col(n);
        auto second = this->state()[1].col(0);
        velocity = momentum * velocity + (Scalar{1} - momentum) * gradient;
        second = keep * second + (Scalar{1} - keep) * gradient.cwiseAbs2();
        const auto count = static_cast<double>(steps);
        const double first_mean = 1.0 - std::pow(options.momentum, count);
        const double second_mean = 1.0 - std::pow(options.second_momentum, count);
        const auto eta = static_cast<Scalar>(rate * std::sqrt(second_mean) / first_mean);
        const auto epsilon = static_cast<Scalar>(1e-8 * std::sqrt(second_mean));
        bias.array() -= eta * velocity.array() / (second.array().sqrt() + epsilon);
    }

    // Nesterov's momentum of some columns of W, w.
    Matrix<Scalar> ahead(const ConstMatrixRef<Scalar>& of_batch, Range columns,
                         const ConstMatrixRef<Scalar>& w) {
        const auto momentum = static_cast<Scalar>(this->options().momentum);
        auto velocity = part(this->state()[0], columns);
        Matrix<Scalar> gradient = part(of_batch, columns);
        gradient += static_cast<Scalar>(2.0 * this->options().ridge) * w;
        velocity = momentum * velocity + (Scalar{1} - momentum) * gradient;
        return momentum * velocity + (Scalar{1} - momentum) * gradient;
    }

    // Of a tall matrix, which each member has whole, the rows are shared.
    void orthogonalize(Matrix<Scalar>& direction) const {
        const Team<Scalar>& team = this->team();
        if (this->inputs() >= this->outputs()) {
            make_nearly_orthogonal(direction, this->divided() ? team : alone<Scalar>());
            return;
        }
        Matrix<Scalar> transposed = direction.transpose();
        const Range own = team.part(transposed.cols());
        Matrix<Scalar> rows = part(transposed, own);
        make_nearly_orthogonal(rows, team);
        part(transposed, own) = rows;
        team.gather(transposed);
        direction = transposed.transpose();
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
WeightSolver<Scalar>::WeightSolver(const WeightSolverOptions& options, Index inputs, Index outputs,
                                   const Team<Scalar>& team)
    : options_(options), inputs_(inputs), outputs_(outputs), team_(team) {
    require(team.size() == 1 || !options.orthogonal, "each process makes its own W orthogonal");
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
    if (divided()) {
        team_.gather(matrix);
    }
    if (options_.orthogonal) {
        make_orthogonal<Scalar>(matrix);
    }
}

template <typename Scalar>
std::unique_ptr<WeightSolver<Scalar>> make_weight_solver(const WeightSolverOptions& options,
                                                         Index inputs, Index outputs,
                                                         const Team<Scalar>& team) {
    switch (options.kind) {
        case WeightSolverOptions::Kind::sgd:
            return std::make_unique<Sgd<Scalar>>(options, inputs, outputs, team);
        case WeightSolverOptions::Kind::gram:
            return std::make_unique<GramSolver<Scalar>>(options, inputs, outputs, team);
        case WeightSolverOptions::Kind::implicit:
            return std::make_unique<ImplicitSolver<Scalar>>(options, inputs, outputs, team);
        case WeightSolverOptions::Kind::muon:
            return std::make_unique<Muon<Scalar>>(options, inputs, outputs, team);
        case WeightSolverOptions::Kind::adam:
            break;
    }
    return std::make_unique<Adam<Scalar>>(options, inputs, outputs, team);
}

template class WeightSolver<float>;
template class WeightSolver<double>;
template std::unique_ptr<WeightSolver<float>> make_weight_solver(const WeightSolverOptions&, Index,
                                                                 Index, const Team<float>&);
template std::unique_ptr<WeightSolver<double>> make_weight_solver(const WeightSolverOptions&, Index,
                                                                  Index, const Team<double>&);

}  // namespace hoist
