#pragma once

#include <optional>
#include <vector>

#include "hoist/model/network_spec.hpp"
#include "hoist/problem/batch_inputs.hpp"
#include "hoist/problem/batches.hpp"
#include "hoist/problem/variables.hpp"
#include "hoist/train/block_moments.hpp"
#include "hoist/train/damped_pull.hpp"
#include "hoist/train/halo.hpp"
#include "hoist/train/output_signal.hpp"
#include "hoist/train/safeguard.hpp"

namespace hoist {

/// A mini-batch on its way through a stage: what the stage holds of it, in own blocks that lie side by
/// side in the order of the data.
template <typename Scalar>
struct Passage {
    /// What goes down: the signals s_l, or the residuals of moved x_l.
    enum class Down { signals, residuals };

    /// Room for the most columns that `batches` have in the blocks `own`. @param passes of each batch.
    Passage(const NetworkSpec& network, Range layers, const Batches& batches, Range own, Down what,
            int passes, Halo<Scalar> messages, Halo<Scalar> verdicts);

    /// Begins with a batch: cuts its columns, and expects what is to come from the neighbors.
    /// @param order to treat the blocks in. @param comes_below whether what comes from below is expected already.
    void start(const Batches& batches, Index next, const std::vector<Index>& order,
               bool comes_below);

    /// Expects what is to come of a block from the neighbors, in this pass or the next.
    void expect(Index block);
    void expect_below(Index block);
    void expect_above(Index block);

    /// The columns of an own block.
    Range columns(Index block) const { return blocks[position(block)]; }
    std::size_t position(Index block) const { return static_cast<std::size_t>(block - own.begin); }
    /// Of the blocks of map l; empty where it is not normalized.
    std::vector<BlockMoments<Scalar>>& moments_of(Index layer) {
        return moments[static_cast<std::size_t>(layer - up.layers().begin)];
    }
    /// Where map l is normalized: makes u_{l+1} of W F(x) + b in its place.
    void normalize(Index block, Index layer, const LinearMap<Scalar>& map);
    /// Makes of the signal s_{l+1} that of what was normalized, in its place.
    void pull_back(Index block, Index layer);
    /// What goes down of layer l.
    Matrix<Scalar>& answer(Index layer) {
        return going_down == Down::residuals ? down.x(layer) : down.u(layer);
    }

    /// On x_l. @pre more than one pass.
    DampedPull<Scalar>& pull(Index layer) {
        return pulls[static_cast<std::size_t>(layer - up.layers().begin)];
    }

    Index batch = 0;
    int round = 0;
    /// Of the step of the weights; none: only its gradient is wanted.
    std::optional<double> rate;
    Range own;
    Down going_down;
    /// Of each own block, its columns in the matrices below.
    std::vector<Range> blocks;
    std::vector<InputBlock<Scalar>> inputs;
    Matrix<Scalar> targets;
    /// phi(u_l) and u_l.
    Variables<Scalar> up;
    /// In their places: the residual of the moved x_l, where blocks are minimized, and the signal s_l.
    Variables<Scalar> down;
    std::vector<DampedPull<Scalar>> pulls;
    OutputSignal<Scalar> output;
    Halo<Scalar> halo;
    Safeguard<Scalar> safeguard;
    /// Of each map of the stage, block by block.
    std::vector<std::vector<BlockMoments<Scalar>>> moments;
};

}  // namespace hoist
