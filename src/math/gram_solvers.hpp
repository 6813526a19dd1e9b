#pragma once

#include "hoist/math/weight_solver.hpp"

// The weight solvers that divide by Gram matrices.

namespace hoist {

/// state: velocity, steps, and of each side the running mean and the inverse in use.
template <typename Scalar>
class GramSolver final : public WeightSolver<Scalar> {
  public:
    using WeightSolver<Scalar>::WeightSolver;

  private:
    void move(const BatchEquations<Scalar>& equations, double rate, Matrix<Scalar>& matrix,
              Vector<Scalar>& bias) override;
};

/// state: the weights from which the steps on the batch before departed, and how many batches there were.
template <typename Scalar>
class ImplicitSolver final : public WeightSolver<Scalar> {
  public:
    using WeightSolver<Scalar>::WeightSolver;

  private:
    void depart(const Matrix<Scalar>& matrix, const Vector<Scalar>& bias) override;
    void move(const BatchEquations<Scalar>& equations, double rate, Matrix<Scalar>& matrix,
              Vector<Scalar>& bias) override;

    /// The center of the proximal term.
    Matrix<Scalar> center_;
};

}  // namespace hoist
