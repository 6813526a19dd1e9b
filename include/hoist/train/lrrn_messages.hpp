#pragma once

#include <vector>

#include "hoist/problem/stage.hpp"
#include "hoist/train/halo.hpp"

namespace hoist {

/// What goes between the stages while a lifted regression/reconstruction network is relaxed: column blocks, each
/// with one more number, and after a step of the weights the one matrix made of them that travels. Where there
/// is no such stage, nothing is sent or expected.
template <typename Scalar>
class LrrnMessages {
  public:
    /// What goes along with a block on its way down: the phase goes on, its end is followed by another's
    /// beginning, or this was the last of it.
    enum class Word { go_on, another, last };
    using Columns = Eigen::Map<Matrix<Scalar>>;

    /// As LrrnRelaxation.
    LrrnMessages(const Communicator& world, const Placement& placement, const Stage<Scalar>& stage,
                 Index blocks, Range own, PhaseTimes& times, Exchange::Channel channel);

    /// Makes room for so many columns of each own block, in one phase or in more.
    void resize(const std::vector<Index>& columns, bool more_phases);

    /// Collective over the world: hands `upward` to all ranks of the stage above, and returns what the stage
    /// below has handed up, rows x rows; nothing on the first.
    Matrix<Scalar> hand_up(const Matrix<Scalar>& upward, Index rows) const;

    void expect_below(Index block) { halo_.expect_below(block, from_below_[slot(block)]); }
    void expect_above(Index block) { halo_.expect_above(block, from_above_[slot(block)]); }
    bool arrived_from_below(Index block) { return halo_.arrived_below(block); }
    bool arrived_from_above(Index block) { return halo_.arrived_above(block); }
    /// Returns when one block has come from below or the other from above.
    void await_either(Index below, Index above) {
        Halo<Scalar>::await_either(halo_, below, halo_, above);
    }
    /// Returns when it has come; where its columns lie, and what came along.
    Columns receive_from_below(Index block, double& change);
    Columns receive_from_above(Index block, Word& word);

    void send_up(Index block, const ConstMatrixRef<Scalar>& columns, double change);
    /// Phases use one of two buffers by turns, so that the end of one is on its way while the next one begins.
    enum class Turn { odd, even };
    void send_down(Index block, Turn turn, const ConstMatrixRef<Scalar>& columns, Word word);

    void finish_sends() { halo_.finish_sends(); }

  private:
    std::size_t slot(Index block) const { return static_cast<std::size_t>(block - own_.begin); }
    Index rows_below() const { return stage_.network.block(stage_.layers.begin).size(); }
    Index rows_above() const { return stage_.network.block(stage_.layers.end).size(); }
    static Columns columns_of(Matrix<Scalar>& message, Index rows);

    const Communicator& world_;
    const Placement& placement_;
    const Stage<Scalar>& stage_;
    Range own_;
    Halo<Scalar> halo_;
    /// Each a column of numbers; the last of them goes along.
    std::vector<Matrix<Scalar>> from_below_, from_above_, going_up_, odd_down_, even_down_;
};

}  // namespace hoist
