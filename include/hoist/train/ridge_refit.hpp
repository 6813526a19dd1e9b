#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hoist/comm/communicator.hpp"
#include "hoist/config/config.hpp"
#include "hoist/math/normal_equations.hpp"
#include "hoist/math/ridge.hpp"
#include "hoist/problem/stage.hpp"
#include "hoist/train/phase_times.hpp"

namespace hoist {

/// Refits the weights of a stage by ridge regression of the target above each layer on its
/// activations: with weight mu and target T above, kappa = 2 N rho / mu, and [W b] solves [W b]
/// ([X;1][X;1]' + kappa I_0) = T [X;1]'. Normal equations are added block by block and summed over
/// the shards; every shard solves them, or its part of the outputs where that is much. The input's
/// Gram matrix never changes and is factored once, or whenever kappa has changed.
template <typename Scalar>
class RidgeRefit {
  public:
    /// @param samples N. @param weights_above mu of each layer of the stage. All references must
    /// outlive it.
    RidgeRefit(const Config& config, const Communicator& peers, Index samples, Stage<Scalar>& stage,
               std::vector<double> weights_above, PhaseTimes& times);

    /// Other mu from here on.
    void weigh(std::vector<double> weights_above);

    /// Adds a block of the input to its Gram matrix; after all blocks, factor_inputs().
    void add_inputs(const ConstMatrixRef<Scalar>& x);
    /// Collective over the stage's ranks.
    void factor_inputs();

    /// Adds a block of X_l and of the target above it.
    void add(Index layer, const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& t);
    /// The same to other equations of that layer.
    void add(NormalEquations& equations, Index layer, const ConstMatrixRef<Scalar>& x,
             const ConstMatrixRef<Scalar>& t) const;
    /// Collective over the stage's ranks: solves what has been added, and sets the weights of all
    /// layers.
    void solve();
    /// Collective over the stage's ranks: `steps` further majorization steps of the highest layer
    /// under a loss that is not quadratic. The Gram matrix stays; `add_moments` adds the moments of
    /// all blocks with targets at the present weights.
    void improve_output(int steps, const std::function<void(NormalEquations&)>& add_moments);

    /// RidgeFactor::shift() of each layer of the stage, the largest so far.
    const std::vector<double>& shifts() const { return shifts_; }

  private:
    RidgeFactor factor(Index layer, const NormalEquations& equations);
    /// Collective over the stage's ranks.
    Matrix<double> solution(const RidgeFactor& factor, const NormalEquations& equations) const;
    std::size_t position(Index layer) const {
        return static_cast<std::size_t>(layer - stage_.layers.begin);
    }
    std::string advice(Index layer) const;
    Shard shard() const { return {peers_.rank(), peers_.size()}; }
    void assign(Index layer, const Matrix<double>& solution);
    double kappa(Index layer) const;

    const Config& config_;
    const Communicator& peers_;
    double samples_;
    Stage<Scalar>& stage_;
    std::vector<double> weights_above_;
    PhaseTimes& times_;
    /// Those of the input have no Gram matrix once it has been factored.
    std::vector<NormalEquations> equations_;
    std::vector<double> shifts_;
    /// Of the input, summed over the shards; kept where kappa changes.
    std::optional<NormalEquations> input_equations_;
    std::optional<RidgeFactor> input_factor_;
    std::optional<RidgeFactor> output_factor_;
};

}  // namespace hoist
