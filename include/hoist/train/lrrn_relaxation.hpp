#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "hoist/train/lrrn_layers.hpp"
#include "hoist/train/lrrn_messages.hpp"

namespace hoist {

/// When a relaxation of a column block ends: after so many sweeps, or when in a whole sweep no coordinate
/// moved its gradient by more than `tolerance` times the largest right-hand side of its sample.
struct RelaxationEnd {
    int sweeps = 8;
    double tolerance = 0.0;
};

/// What relaxations came to, since it was last cleared.
struct RelaxationFigures {
    /// The largest change in the last sweep of a block, as RelaxationEnd measures it, of the free phase and of
    /// what follows.
    double change = 0.0;
    double later_change = 0.0;
    /// Sweeps of the free phase, over all blocks, and how many blocks there were.
    double sweeps = 0.0;
    double blocks = 0.0;
};

/// Finds the free states of a lifted regression/reconstruction network (see lrrn.hpp) and, where targets want it,
/// their adjoint w or further states, on column blocks that go through the stages one after another.
///
/// A block goes up and down the stages: on the way up each of its layers minimizes against what the layer below
/// has just found, on the way down against what the one above has: one sweep of coordinate descent over the
/// coordinates of a layer each time. Up and down is one sweep of the relaxation. The topmost stage decides when
/// the phase of a block is over, and says so on the way down. Columns are independent of one another, so that
/// stages work on different blocks at the same time: a stage takes whichever block has come, from below or from
/// above, and waits only where none has. No block overtakes another, so that one that has not come is always on
/// its way to a stage that takes it next.
template <typename Scalar>
class LrrnRelaxation {
  public:
    /// Where the columns of an own block are in the matrices; by position of the block.
    using Layout = std::vector<Range>;
    /// Makes u = W_0 x + b_0 of those columns of the input. On the first stage.
    using FirstMap = std::function<void(Index block, MatrixRef<Scalar> u)>;
    /// Takes the outputs u of a block, and fills what they meet in the phases that follow: the slope of a loss in
    /// them, or the outputs to hold. Where it returns false none follows. On the last stage.
    using Answer =
        std::function<bool(Index block, const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> given)>;

    /// All references must outlive it. @param blocks of all ranks. @param own those of this rank.
    LrrnRelaxation(const FormulationOptions& options, const Communicator& world,
                   const Placement& placement, const Stage<Scalar>& stage, Index blocks, Range own,
                   PhaseTimes& times, Exchange::Channel channel);

    LrrnLayers<Scalar>& layers() { return layers_; }
    const LrrnLayers<Scalar>& layers() const { return layers_; }

    /// Takes note of new weights. Collective over the world.
    void prepare();
    /// Makes room for the columns of `layout` and what follows; as LrrnLayers::resize(). Blocks without columns,
    /// the same on every stage, are not relaxed.
    void resize(const Layout& layout, After after);
    /// Relaxes own blocks, from their states as they are. Collective over the world. @pre at least two sweeps where
    /// nudged states follow.
    void operator()(const RelaxationEnd& end, const FirstMap& first_map, const Answer& answer);

    Range columns(Index block) const { return layout_[position(block)]; }
    /// What the answers filled. On the last stage.
    const Matrix<Scalar>& given() const { return given_; }

    const RelaxationFigures& figures() const { return figures_; }
    void clear_figures() { figures_ = {}; }

  private:
    using Phase = typename LrrnLayers<Scalar>::Phase;
    using Word = typename LrrnMessages<Scalar>::Word;
    struct Progress {
        Phase phase = Phase::free;
        int sweeps = 0;
        double change = 0.0;
    };

    bool first() const { return stage_.layers.begin == 0; }
    bool last() const { return stage_.layers.end == stage_.network.layers(); }
    /// Whether the lowest block of all moves in this stage, or none does.
    bool turns_at_bottom() const { return !passive() && layers_.moved().begin == 1; }
    bool passive() const { return layers_.moved().size() == 0; }
    std::size_t position(Index block) const { return static_cast<std::size_t>(block - own_.begin); }
    Progress& progress(Index block) { return progress_[position(block)]; }
    bool is_over(Index block) { return progress(block).phase == Phase::over; }
    /// Whether a block on its way up needs nothing more from below.
    bool rises_by_itself(Index block);
    /// Whether the next step of this stage is that of a block on its way up. Waits for a block.
    bool next_rises();

    void up(Index block);
    void down(Index block);
    void come_down(Index block);
    void turn_at_top(Index block);
    Word begin_next_at_top(Index block);
    bool answer(Index block);
    void lower(Index block, Index k);
    void send_up(Index block);
    void send_down(Index block, Word word);
    Word receive_from_above(Index block);
    void receive_from_below(Index block);

    const Stage<Scalar>& stage_;
    Range own_;
    std::vector<Index> order_;
    PhaseTimes& times_;
    LrrnMessages<Scalar> messages_;
    LrrnLayers<Scalar> layers_;
    Layout layout_;
    Matrix<Scalar> given_;

    std::vector<Progress> progress_;
    /// The blocks that go up through this stage next, and those that come down, in the order of their arrival.
    std::deque<Index> rising_, falling_;
    RelaxationEnd end_;
    const FirstMap* first_map_ = nullptr;
    const Answer* answer_ = nullptr;
    RelaxationFigures figures_;
};

}  // namespace hoist
