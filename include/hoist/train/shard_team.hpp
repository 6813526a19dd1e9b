#pragma once

#include "hoist/base/error.hpp"
#include "hoist/comm/communicator.hpp"
#include "hoist/math/team.hpp"
#include "hoist/train/shard_sum.hpp"

namespace hoist {

/// The shards of a stage.
template <typename Scalar>
class ShardTeam final : public Team<Scalar> {
  public:
    /// Both must outlive it.
    ShardTeam(const Communicator& peers, PhaseTimes& times) : peers_(peers), times_(times) {}

    Index size() const override { return peers_.size(); }
    Range part(Index count) const override { return peers_.part(count); }
    void sum(std::span<Scalar> values) const override { sum_over_shards(peers_, values, times_); }
    void gather(MatrixRef<Scalar> columns) const override {
        require(columns.outerStride() == columns.rows(), "columns lie one after another");
        meet_shards(peers_, times_);
        const PhaseClock clock(times_.exchange);
        peers_.gather_parts(std::span(columns.data(), static_cast<std::size_t>(columns.size())),
                            columns.rows());
    }

  private:
    const Communicator& peers_;
    PhaseTimes& times_;
};

}  // namespace hoist
