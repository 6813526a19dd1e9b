#pragma once

#include "hoist/comm/communicator.hpp"
#include "hoist/formulation/spline_loss.hpp"
#include "hoist/problem/stage.hpp"
#include "hoist/train/phase_times.hpp"

namespace hoist {

/// Fits the map of one output to lifted inputs z under a loss that need not be convex, by lifting the output, too (Ochs
/// et al. 2018, section 4): theta, a point of the unit simplex for each input, minimizes sum_i <l_i, theta z_i>, where
/// l_i holds the costs of all labels for the target of sample i. With c = sum_i l_i z_i' the minimizer has a 1 at the
/// least entry of each column of c (proposition 3), and the network predicts t' theta z: each weight is the label
/// of least cost, and the bias is 0.
template <typename Scalar>
class ChoiceFit {
  public:
    /// @param samples N. All references must outlive it.
    ChoiceFit(const SplineLoss& loss, const Communicator& peers, Index samples,
              Stage<Scalar>& stage, PhaseTimes& times);

    /// Adds a block: z, inputs x B, and y, 1 x B.
    void add(const ConstMatrixRef<Scalar>& z, const ConstMatrixRef<Scalar>& y);
    /// Collective over the stage's ranks: chooses by all that has been added, and begins anew. Of equal costs
    /// the one whose label costs all samples least, so that an input that is 0 in all of them gets the best
    /// constant.
    void solve();
    /// The least value of the convex problem, over N, that the last solve() found.
    double optimum() const { return optimum_; }

  private:
    const SplineLoss& loss_;
    const Communicator& peers_;
    double samples_;
    Weights<Scalar>& weights_;
    PhaseTimes& times_;
    /// c, labels x inputs, and beside it the costs of all samples.
    Matrix<double> costs_;
    double optimum_ = 0.0;
};

}  // namespace hoist
