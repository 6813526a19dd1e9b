#pragma once

#include <span>
#include <vector>

#include "hoist/comm/communicator.hpp"
#include "hoist/train/stage_terms.hpp"

namespace hoist {

/// Accelerated proximal gradient over all activations at once with W fixed (Beck and Teboulle 2009),
/// restarted where the momentum points uphill (O'Donoghue and Candes 2015), each column block by
/// itself: the blocks are problems of their own. The variables hold the extrapolated points y; the
/// points x are kept here.
template <typename Scalar>
class JointStep {
  public:
    /// All references must outlive it.
    JointStep(const Config& config, const Communicator& world, const Communicator& peers,
              const Stage<Scalar>& stage, Variables<Scalar>& variables,
              const Samples<Scalar>& samples, StageTerms<Scalar>& terms);

    /// Collective over the world: finds the lengths of the steps, and starts at the variables.
    void begin();
    void begin_iteration();
    /// A step from y to x for every layer of the stage, and the extrapolation of the block to the next y.
    /// @param above W_l y_l + b_l of each layer.
    void move(Index block, const std::vector<MatrixRef<Scalar>>& above);
    /// Collective over the world, after all blocks have moved: drops the momentum of the blocks in which
    /// it points uphill.
    void restart(const std::vector<Index>& order);
    /// Sets the variables of a block to x.
    void take_iterate(Index block);

  private:
    const Config& config_;
    const Communicator& world_;
    const Communicator& peers_;
    const Stage<Scalar>& stage_;
    Variables<Scalar>& variables_;
    const Samples<Scalar>& samples_;
    StageTerms<Scalar>& terms_;
    /// Of each layer of the stage; 0 for the input.
    std::vector<double> lengths_;
    Variables<Scalar> iterates_;
    Eigen::ArrayXd momentum_;
    Eigen::ArrayXd extrapolation_;
    /// For each block (row) and layer the inner product of (y - x) / t and x - x_before, zero where it
    /// is not this rank's.
    Matrix<double> uphill_;
    Matrix<Scalar> pull_;
    Matrix<Scalar> next_;
};

}  // namespace hoist
