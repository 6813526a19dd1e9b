#pragma once

#include <memory>
#include <vector>

#include "hoist/formulation/lrrn.hpp"
#include "hoist/problem/stage.hpp"
#include "hoist/problem/variables.hpp"

namespace hoist {

/// What follows the free phase of a relaxation (see LrrnPhase).
enum class After { nothing, adjoint, nudged, clamped };

/// The blocks of a stage of a lifted regression/reconstruction network (see lrrn.hpp) on columns of samples: their
/// states z_k, the adjoints w_k or further states, what pulls at them from below and above, and the step of each.
template <typename Scalar>
class LrrnLayers {
  public:
    /// What is moved. The nudged phases go along the slope of the loss at the output: down, and up.
    enum class Phase { free, adjoint, nudged_down, nudged_up, clamped, over };

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
    /// Makes room for so many columns, and for what follows; z keeps its values where it has the size.
    void resize(Index columns, After after);
    /// The phase that comes after this one.
    Phase following(Phase phase) const;
    /// Sets all z to 0.
    void restart();

    /// z_k and w_k, n_k x columns: k of moved(), and the block above this stage; where the output is clamped that
    /// too, on the last stage.
    Matrix<Scalar>& z(Index block) { return z_.x(block); }
    Matrix<Scalar>& w(Index block) { return w_.x(block); }
    /// What a phase moves: z, w, or against the slope of the loss a third.
    Matrix<Scalar>& of(Phase phase, Index block) {
        return phase == Phase::free        ? z(block)
               : phase == Phase::nudged_up ? raised_.x(block)
                                           : w(block);
    }
    /// Makes of the nudged or clamped states the w that stands for their difference, and z their mean.
    void take_contrast();
    /// What pulls at a block from below, in the present phase: at those that move here, and at the one above.
    Matrix<Scalar>& below(Index block) { return below_.x(block); }

    // Of some columns c, in a phase:

    /// What pulls at every block from above as the states are.
    void begin(Range c);
    /// The first state of a later phase: 0 of the adjoint, otherwise the free one.
    void begin(Phase phase, Range c);
    /// What block k sends up: to p, which pulls at the block above.
    void pull_above(Phase phase, Index k, Range c, MatrixRef<Scalar> p);
    /// What block k meets from the block above. @pre k below the topmost.
    void pull_from_above(Phase phase, Index k, Range c);
    /// The outputs of the free states. @pre the last stage.
    Matrix<Scalar> outputs(Range c);
    /// How a later phase begins at the topmost block: by the slope of the loss in the outputs, or by the outputs to
    /// hold. @pre the last stage.
    void meet_at_top(Phase phase, const ConstMatrixRef<Scalar>& given, Range c);
    /// A sweep of coordinate descent over the coordinates of block k; how far it moved them, as
    /// NnlsReport::change.
    double lower(Phase phase, Index k, Range c);

  private:
    /// The end of the blocks that have states here.
    Index end() const {
        return last_ ? (after_ == After::clamped ? stage_.network.layers() + 1 : moved_.end)
                     : stage_.layers.end + 1;
    }

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
    /// Of the topmost block where the output that follows it is held.
    std::unique_ptr<CoordinateSolver<Scalar>> held_solver_;
    After after_ = After::nothing;
    Variables<Scalar> z_;
    Variables<Scalar> w_;
    Variables<Scalar> raised_;
    Variables<Scalar> below_;
    /// That of the free states.
    Variables<Scalar> below_free_;
    Variables<Scalar> above_;
};

}  // namespace hoist
