#pragma once

#include <memory>
#include <vector>

#include "hoist/formulation/lrrn.hpp"
#include "hoist/problem/stage.hpp"
#include "hoist/problem/variables.hpp"

namespace hoist {

/// The blocks of a stage of a lifted regression/reconstruction network (see lrrn.hpp) on columns of samples: their
/// states z_k and adjoints w_k, what pulls at them from below and above, and the step of each.
template <typename Scalar>
class LrrnLayers {
  public:
    /// Which of the two is moved.
    enum class Phase { free, adjoint, over };

    /// All references must outlive it.
    LrrnLayers(const FormulationOptions& options, const Stage<Scalar>& stage);

    /// The blocks k that move in this stage.
    Range moved() const { return moved_; }
    /// The topmost block of all stages, and whether that is the output.
    Index top() const { return top_; }
    bool output_moves() const { return top_ == stage_.network.layers(); }
    /// The term of map k of the stage.
    const RegressionReconstruction<Scalar>& term(Index map) const {
        return terms_[static_cast<std::size_t>(map - stage_.layers.begin)];
    }

    /// Takes the terms of the weights as they are now.
    void take_weights();
    /// Makes the solvers of the blocks. @param below the curvature in the lowest block that the map below this
    /// stage makes; nothing on the first.
    void prepare(const Matrix<Scalar>& below);
    /// @throws NumericalError where weights were not finite in any prepare(), so that states mean nothing.
    void require_success() const;
    /// Makes room for so many columns, with an adjoint or without; z keeps its values where it has the size.
    void resize(Index columns, bool with_adjoint);
    /// Sets all z to 0.
    void restart();

    /// z_k and w_k, n_k x columns: k of moved(), and the block above this stage.
    Matrix<Scalar>& z(Index block) { return z_.x(block); }
    Matrix<Scalar>& w(Index block) { return w_.x(block); }
    Matrix<Scalar>& of(Phase phase, Index block) {
        return phase == Phase::free ? z(block) : w(block);
    }
    /// What pulls at a block from below, in the present phase: at those that move here, and at the one above.
    Matrix<Scalar>& below(Index block) { return below_.x(block); }

    // Of some columns c, in a phase:

    /// What pulls at every block from above as the states are.
    void begin(Range c);
    /// Sets w to 0, and what pulls from below.
    void begin_adjoint(Range c);
    /// What block k sends up: to p, which pulls at the block above.
    void pull_above(Phase phase, Index k, Range c, MatrixRef<Scalar> p);
    /// What block k meets from the block above. @pre k below the topmost.
    void pull_from_above(Phase phase, Index k, Range c);
    /// The outputs of the states, and how a slope in them pulls at the topmost block. @pre the last stage.
    Matrix<Scalar> outputs(Range c);
    void pull_at_top(const ConstMatrixRef<Scalar>& slope, Range c);
    /// A sweep of coordinate descent over the coordinates of block k; how far it moved them, as
    /// NnlsReport::change.
    double lower(Phase phase, Index k, Range c);

  private:
    const FormulationOptions& options_;
    const Stage<Scalar>& stage_;
    bool last_;
    Index top_;
    Range moved_;
    /// A block whose curvature is not finite; 0: none.
    Index unrelaxed_ = 0;
    std::vector<RegressionReconstruction<Scalar>> terms_;
    std::vector<Bounds<Scalar>> bounds_;
    std::vector<std::unique_ptr<CoordinateSolver<Scalar>>> solvers_;
    Variables<Scalar> z_;
    Variables<Scalar> w_;
    Variables<Scalar> below_;
    Variables<Scalar> above_;
};

}  // namespace hoist
