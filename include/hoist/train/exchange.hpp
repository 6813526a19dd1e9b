#pragma once

#include "hoist/comm/communicator.hpp"
#include "hoist/math/matrix.hpp"
#include "hoist/problem/placement.hpp"

namespace hoist {

/// Messages of column blocks between a rank and the owners of the same block in the stages below
/// and above. A block is sent from where it lies and received to where it belongs. Between the same
/// two ranks messages of one block and one `channel` arrive in the order in which they were sent.
class Exchange {
  public:
    /// Kinds of messages that may be under way at the same time.
    enum class Channel : int { training, verdicts, evaluation };

    /// `world` and `placement` must outlive the exchange.
    Exchange(const Communicator& world, const Placement& placement, Index blocks, Channel channel)
        : world_(&world),
          placement_(&placement),
          stage_(placement.grid.stage_of(world.rank())),
          blocks_(blocks),
          channel_(channel) {}

    template <typename Scalar>
    Request send_above(Index block, Eigen::Ref<const Matrix<Scalar>> columns) const {
        return world_->send(view(columns), owner(stage_ + 1, block), tag(block),
                            {"block", block, "send above"});
    }
    template <typename Scalar>
    Request send_below(Index block, Eigen::Ref<const Matrix<Scalar>> columns) const {
        return world_->send(view(columns), owner(stage_ - 1, block), tag(block),
                            {"block", block, "send below"});
    }
    template <typename Scalar>
    Request receive_from_above(Index block, Eigen::Ref<Matrix<Scalar>> columns) const {
        return world_->receive(view(columns), owner(stage_ + 1, block), tag(block),
                               {"block", block, "receive from above"});
    }
    template <typename Scalar>
    Request receive_from_below(Index block, Eigen::Ref<Matrix<Scalar>> columns) const {
        return world_->receive(view(columns), owner(stage_ - 1, block), tag(block),
                               {"block", block, "receive from below"});
    }

  private:
    int owner(int stage, Index block) const {
        return placement_->grid.owner(stage, block, blocks_);
    }
    // Below 32,768, which every MPI allows. Two blocks may share a tag: between the same two ranks they are sent and
    // received in the same order, that of ProcessGrid::order().
    int tag(Index block) const {
        return static_cast<int>(3 * (block % 10922)) + static_cast<int>(channel_);
    }

    template <typename Scalar>
    static std::span<const Scalar> view(const Eigen::Ref<const Matrix<Scalar>>& columns) {
        return {columns.data(), static_cast<std::size_t>(columns.size())};
    }
    template <typename Scalar>
    static std::span<Scalar> view(Eigen::Ref<Matrix<Scalar>>& columns) {
        return {columns.data(), static_cast<std::size_t>(columns.size())};
    }

    const Communicator* world_;
    const Placement* placement_;
    int stage_;
    Index blocks_;
    Channel channel_;
};

}  // namespace hoist
