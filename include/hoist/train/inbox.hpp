#pragma once

#include <utility>
#include <vector>

#include "hoist/train/passage.hpp"

namespace hoist {

/// Room for what comes from below of the mini-batch after the ones under way: a stage that runs ahead sends it before
/// this one begins with it, and a large message only goes on its way to a receiver that expects it.
template <typename Scalar>
class Inbox {
  public:
    /// @param rows of what comes. @param own blocks. @param messages of this inbox alone.
    Inbox(Index rows, const Batches& batches, Range own, Halo<Scalar> messages)
        : own_(own), u_(rows, batches.most_columns(own)), halo_(std::move(messages)) {}

    /// Expects the blocks of a batch, in the order in which they are sent. @pre empty().
    void expect(const Batches& batches, Index batch, const std::vector<Index>& order) {
        const std::vector<Range> columns = batches.own_columns(batch, own_);
        for (const Index block : order) {
            halo_.expect_below(block,
                               part(u_, columns[static_cast<std::size_t>(block - own_.begin)]));
        }
        empty_ = false;
    }
    bool empty() const { return empty_; }
    /// Makes the batch that is expected one of a passage: what has come, and what is still to come.
    void hand_over(Passage<Scalar>& passage) {
        passage.up.u(passage.up.layers().begin).swap(u_);
        passage.halo.take_below(halo_);
        empty_ = true;
    }

  private:
    Range own_;
    Matrix<Scalar> u_;
    Halo<Scalar> halo_;
    bool empty_ = true;
};

}  // namespace hoist
