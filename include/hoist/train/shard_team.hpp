#pragma once

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
    void gather(Matrix<Scalar>& columns) const override {
        gather_over_shards<Scalar>(peers_,
                                   {columns.data(), static_cast<std::size_t>(columns.size())},
                                   columns.rows(), times_);
    }

  private:
    const Communicator& peers_;
    PhaseTimes& times_;
};

}  // namespace hoist
