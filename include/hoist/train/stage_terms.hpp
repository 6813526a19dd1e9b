#pragma once

#include <memory>
#include <vector>

#include "hoist/config/config.hpp"
#include "hoist/formulation/output_block.hpp"
#include "hoist/problem/samples.hpp"
#include "hoist/problem/stage.hpp"
#include "hoist/problem/variables.hpp"
#include "hoist/train/lift.hpp"

namespace hoist {

/// The parts of the objective E (the mean over samples of loss and penalties, plus
/// sum_l rho_l |W_l|^2) that a rank's layers and samples contribute; summed over all ranks they are E.
struct Energy {
    double loss = 0.0;
    double penalty = 0.0;
    double ridge = 0.0;

    double objective() const { return loss + penalty + ridge; }
};

/// One layer's step, for the layers l of a stage and the column blocks k of a rank: the map
/// u_{l+1} = W_l x_l + b_l, what stands above it (the penalty lambda_{l+1} D(x_{l+1}, u_{l+1}) or the
/// loss of the outputs), the move of x_l against both, and what W_l regresses onto.
/// Reads and writes the variables; knows nothing of other ranks.
template <typename Scalar>
class StageTerms {
  public:
    using Columns = Eigen::Block<Matrix<Scalar>, Eigen::Dynamic, Eigen::Dynamic, true>;

    /// All references must outlive it.
    StageTerms(const Config& config, const Samples<Scalar>& samples, Stage<Scalar>& stage,
               Variables<Scalar>& variables);

    const Formulation<Scalar>& formulation() const { return *formulation_; }
    const OutputBlock<Scalar>& output() const { return *output_; }
    /// Whether the outputs stand above the map of the layer.
    bool is_output(Index layer) const { return layer + 1 == network_.layers(); }
    /// The curvature of what stands above the map, or a bound of it.
    double weight_above(Index layer) const;

    /// lambda_l.
    double lambda(Index layer) const { return lambda_[static_cast<std::size_t>(layer - 1)]; }
    /// Other lambda from here on. @pre prepare() follows.
    void weigh(const std::vector<double>& lambda);
    /// Gives the formulation the weights as they are.
    void prepare();

    /// X_l of a block; that of the input belongs to the samples.
    ConstMatrixRef<Scalar> activations(Index layer, Index block) const;
    /// Y of a block. @pre the outputs belong to the stage.
    ConstMatrixRef<Scalar> targets(Index block) const {
        return part(samples_.targets, samples_.local(block));
    }
    /// X_l and U_l of a block, to be changed. @pre the variables hold them.
    Columns x(Index layer, Index block) { return part(variables_.x(layer), samples_.local(block)); }
    Columns u(Index layer, Index block) { return part(variables_.u(layer), samples_.local(block)); }

    /// x_l = phi(u_l).
    void activate(Index layer, Index block);
    /// The map of the layer's x, to where the variables hold u_{l+1}, or to `u`.
    void apply(Index layer, Index block) { apply(layer, block, u(layer + 1, block)); }
    void apply(Index layer, Index block, MatrixRef<Scalar> u) const {
        stage_.map(layer).apply(activations(layer, block), u);
    }
    /// Moves x_l of a block against x_{l+1} or the targets: one step of block-coordinate descent.
    /// Nothing where layer is 0. @pre prepare().
    void move(Index layer, Index block);
    /// What stands above the map at u_{l+1}, of each column.
    Vector<double> energy(Index layer, Index block, const ConstMatrixRef<Scalar>& u);
    /// Adds how far x_{l+1} is from phi(u_{l+1}). Ends the views of targets. @pre the outputs do not stand
    /// above the map.
    void add_violation(Index layer, Index block, const ConstMatrixRef<Scalar>& u, LiftSums& sums);
    /// x_{l+1}, or T of the output's majorizer at its present u. A view until the next call.
    ConstMatrixRef<Scalar> target_above(Index layer, Index block);
    /// T of the majorizer at the moved state, which the weights regress onto. A view until the next call.
    ConstMatrixRef<Scalar> regression_target(Index layer, Index block);

    /// gap(x_l, u_l) of the stage's hidden layers, over N, or the penalty over lambda_l where the
    /// formulation lets x_l leave the domain of F; zero for the others.
    std::vector<double> gaps() const;
    /// What gaps() holds, for people.
    std::string gap_formula() const;

  private:
    const NetworkSpec& network_;
    std::vector<double> lambda_;
    const Samples<Scalar>& samples_;
    Stage<Scalar>& stage_;
    Variables<Scalar>& variables_;
    std::unique_ptr<Formulation<Scalar>> formulation_;
    std::unique_ptr<OutputBlock<Scalar>> output_;
    /// T of the block at hand, or another matrix that is needed for a moment.
    Matrix<Scalar> target_;
};

}  // namespace hoist
