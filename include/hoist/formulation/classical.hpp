#pragma once

#include <memory>
#include <vector>

#include "hoist/formulation/formulation.hpp"
#include "hoist/formulation/proximal_gradient.hpp"
#include "hoist/math/nnls.hpp"

namespace hoist {

/// The penalty of the report (Askari et al., eq. 5): D(x, u) = 1/2 |x - u|^2 with x in the domain
/// of F. Its x-step is eq. 13, min over lower <= x <= upper of 1/2 x'Ax - c'x with A = lambda_l I +
/// mu W_l'W_l and c = lambda_l u_l + mu W_l'(T - b_l), where mu, T are the weight and target above:
/// one matrix for all columns. Below a map that is not plain, whose W_l'W_l is not small, x takes
/// accelerated projected gradient steps instead, as many as coordinate descent would take sweeps.
template <typename Scalar>
class Classical final : public Formulation<Scalar> {
  public:
    /// @throws UsageError for an activation that is not a projection: the penalty would not know
    /// it.
    Classical(const NetworkSpec& spec, const FormulationOptions& options);

    Vector<double> penalty(Index layer, const ConstMatrixRef<Scalar>& x,
                           const ConstMatrixRef<Scalar>& u) const override;
    void signal(Index layer, const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& u,
                MatrixRef<Scalar> s) const override {
        s = static_cast<Scalar>(options_.lambda_of(layer)) * (u - x);
    }
    double pull_weight(Index layer) const override { return options_.lambda_of(layer); }
    bool quadratic() const override { return true; }
    void prepare(Index layer, const LinearMap<Scalar>& map, double weight_above) override;
    void update_activations(Index layer, const LinearMap<Scalar>& map,
                            const ConstMatrixRef<Scalar>& u, const Above<Scalar>& above,
                            MatrixRef<Scalar> x) override;
    void minimize(Index layer, const LinearMap<Scalar>& map, const ConstMatrixRef<Scalar>& u,
                  const ConstMatrixRef<Scalar>& x, const ChangeAbove<Scalar>& above,
                  MatrixRef<Scalar> r) override;
    void residual_after(Index layer, const ConstMatrixRef<Scalar>& r,
                        const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& x,
                        const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar> after) const override;
    Vector<double> penalty_after(Index layer, const ConstMatrixRef<Scalar>& r,
                                 const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& x,
                                 const ConstMatrixRef<Scalar>& v) const override;
    /// x_new = u - g/lambda, in the domain of F.
    void respond(Index layer, const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& g,
                 const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> s) const override;
    void weigh(const std::vector<double>& lambda) override { options_.lambda = lambda; }
    bool jointly_convex() const override { return true; }
    void gradient_step(Index layer, const LinearMap<Scalar>& map, const ConstMatrixRef<Scalar>& u,
                       const ConstMatrixRef<Scalar>& slope, double step,
                       const ConstMatrixRef<Scalar>& y, MatrixRef<Scalar> x) const override;

  private:
    /// Moves x from `from` to it plus `change` by steps against f, a function of the change.
    void descend(Index layer, ProximalProblem<Scalar>& problem, const ConstMatrixRef<Scalar>& u,
                 const ConstMatrixRef<Scalar>& from, MatrixRef<Scalar> change) const;

    struct Block {
        double weight_above = 0.0;
        /// Of a step where there is no solver.
        double length = 0.0;
        /// mu W'b.
        Vector<Scalar> offset;
        std::unique_ptr<NnlsSolver<Scalar>> solver;
    };
    FormulationOptions options_;
    std::vector<Bounds<Scalar>> bounds_;
    std::vector<Block> blocks_;
    Matrix<Scalar> right_hand_side_;
};

/// @throws UsageError unless every activation is a projection onto an interval.
void check_classical(const NetworkSpec& spec);

}  // namespace hoist
