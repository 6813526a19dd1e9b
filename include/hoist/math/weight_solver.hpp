#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hoist/math/team.hpp"

namespace hoist {

/// Whose Gram matrix preconditions (gram): that of the inputs of the map, or also that of the
/// signals above it.
enum class GramSides { input, both };

/// How weights move on a mini-batch.
struct WeightSolverOptions {
    enum class Kind { sgd, adam, gram, implicit, muon };
    Kind kind = Kind::adam;
    double momentum = 0.9;
    /// Of the second moment (adam).
    double second_momentum = 0.999;
    /// Share of W that is taken away at each step, times the rate (decoupled, as AdamW).
    double decay = 0.0;
    /// rho of this map.
    double ridge = 0.0;
    GramSides sides = GramSides::input;
    /// In units of the mean diagonal of the Gram matrix (gram).
    double damping = 1.0;
    /// Steps between two factorizations (gram).
    Index refresh = 10;
    /// The weight of the newest batch in the running mean of the Gram matrices (gram).
    double memory = 0.05;
    /// Of what stands above: that of the penalty (gram with `input`), or the one that steps suppose
    /// (implicit).
    double curvature = 1.0;
    /// The most samples of a mini-batch; 0 where that is not known (implicit).
    Index batch = 0;
    /// Whether W is kept with orthonormal rows or columns, whichever are fewer.
    bool orthogonal = false;
};

/// What a mini-batch says of one map of n inputs and m outputs, as means over its samples.
template <typename Scalar>
struct BatchEquations {
    /// [S X', S 1], m x (n + 1), S the derivatives by u.
    ConstMatrixRef<Scalar> gradient;
    /// [X;1][X;1]', the lower triangle; empty where not asked for.
    ConstMatrixRef<Scalar> input_gram;
    /// S S', the lower triangle; empty where not asked for.
    ConstMatrixRef<Scalar> signal_gram;
    /// X itself, n x the samples of the batch; empty where not asked for.
    ConstMatrixRef<Scalar> inputs;
};

/// Whether the system of an implicit step on a map of n inputs is solved in the size of the batch,
/// from X, and not in that of the inputs, from their Gram matrix: where the batch is narrower.
inline bool solves_in_batch(const WeightSolverOptions& options, Index inputs) {
    return options.kind == WeightSolverOptions::Kind::implicit && options.batch > 0 &&
           options.batch <= inputs;
}

/// Whether a team can divide a step by the columns of W, n inputs and m outputs: each member then needs only its part
/// of the gradient of W, moves only that of W, which it tells the others, and of what it remembers of W. Each does the
/// whole bias.
inline bool divides_by_columns(const WeightSolverOptions& options, Index inputs, Index outputs) {
    using Kind = WeightSolverOptions::Kind;
    const bool by_numbers = options.kind == Kind::sgd || options.kind == Kind::adam;
    const bool wide = options.kind == Kind::muon && outputs <= inputs;
    return by_numbers || wide;
}

/// The name and size of a matrix that a solver remembers from step to step.
struct SolverState {
    std::string name;
    Index rows;
    Index columns;
};

/// Moves the weights of one map by what a mini-batch says of it. Every matrix it remembers is in
/// state(), so that a run resumes exactly.
template <typename Scalar>
class WeightSolver {
  public:
    /// @param team must outlive it. @pre a process alone, where W is kept orthogonal.
    WeightSolver(const WeightSolverOptions& options, Index inputs, Index outputs,
                 const Team<Scalar>& team = alone<Scalar>());
    virtual ~WeightSolver() = default;
    WeightSolver(const WeightSolver&) = delete;
    WeightSolver& operator=(const WeightSolver&) = delete;

    bool wants_inputs() const { return solves_in_batch(options_, inputs_); }
    bool wants_input_gram() const {
        return options_.kind == WeightSolverOptions::Kind::gram ||
               (options_.kind == WeightSolverOptions::Kind::implicit && !wants_inputs());
    }
    bool wants_signal_gram() const {
        return options_.kind == WeightSolverOptions::Kind::gram &&
               options_.sides == GramSides::both;
    }

    /// Whether step() does the part of this process alone.
    bool divided() const {
        return team_.size() > 1 && divides_by_columns(options_, inputs_, outputs_);
    }

    /// Marks the weights from which the steps on a batch depart (implicit: the center of the
    /// proximal term).
    void begin(const Matrix<Scalar>& matrix, const Vector<Scalar>& bias);
    /// One step of length `rate` on W (m x n) and b (m). Collective over the team. @throws NumericalError where a system
    /// cannot be solved.
    void step(const BatchEquations<Scalar>& equations, double rate, Matrix<Scalar>& matrix,
              Vector<Scalar>& bias);

    /// In the order of solver_states().
    std::vector<Matrix<Scalar>>& state() { return state_; }
    /// Collective over the team. What each member remembers is whole until the next step.
    void gather_state() {
        for (Matrix<Scalar>& matrix : state_) {
            if (divided() && matrix.cols() > inputs_) {  // of W and b
                team_.gather(matrix.leftCols(inputs_));
            }
        }
    }

  protected:
    const WeightSolverOptions& options() const { return options_; }
    const Team<Scalar>& team() const { return team_; }
    Index inputs() const { return inputs_; }
    Index outputs() const { return outputs_; }
    /// The columns of W that this process moves.
    Range columns() const { return divided() ? team_.part(inputs_) : Range{0, inputs_}; }
    virtual void move(const BatchEquations<Scalar>& equations, double rate, Matrix<Scalar>& matrix,
                      Vector<Scalar>& bias) = 0;
    virtual void depart(const Matrix<Scalar>&, const Vector<Scalar>&) {}

  private:
    WeightSolverOptions options_;
    Index inputs_;
    Index outputs_;
    const Team<Scalar>& team_;
    std::vector<Matrix<Scalar>> state_;
};

/// What a solver remembers of a map.
std::vector<SolverState> solver_states(const WeightSolverOptions& options, Index inputs,
                                       Index outputs);

/// sgd: heavy-ball momentum. adam (Kingma and Ba 2015; decay as Loshchilov and Hutter 2019). gram:
/// the gradient times the inverse of the running mean of [X;1][X;1]', damped and with the curvature
/// of the ridge; with both sides also times that of S S' from the left (Martens and Grosse 2015) and
/// the root mean square of S, so that the length of a step does not depend on the scale of the loss;
/// with momentum. implicit (Wang and Benning 2022): the minimizer of a quadratic of the curvature
/// above on the batch, plus ridge |W|^2, plus |W - V|^2 / (2 rate), V = W_k + momentum (W_k - W_{k-1})
/// of the weights that begin() saw for this batch and the one before. muon (Jordan et al. 2024): the
/// momentum of W made orthogonal by Newton-Schulz steps and scaled to the size of Adam's (Liu et al.
/// 2025); the bias by adam.
/// @param team must outlive it. @pre a process alone, where W is kept orthogonal.
template <typename Scalar>
std::unique_ptr<WeightSolver<Scalar>> make_weight_solver(
    const WeightSolverOptions& options, Index inputs, Index outputs,
    const Team<Scalar>& team = alone<Scalar>());

}  // namespace hoist
