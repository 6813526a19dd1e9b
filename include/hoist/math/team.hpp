#pragma once

#include <span>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// The processes that take the same step, and may each do a part of it: those that hold the weights of a map. This class
/// is a process alone. What is collective must be called by every member in the same order.
template <typename Scalar>
class Team {
  public:
    Team() = default;
    virtual ~Team() = default;
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    virtual Index size() const { return 1; }
    /// This member's part of `count` things that are shared evenly.
    virtual Range part(Index count) const { return {0, count}; }
    /// Collective. Replaces values by their sum over the team, the same bits for every member.
    virtual void sum(std::span<Scalar>) const {}
    /// Collective. Every member gets the part of the columns that each has. @pre they lie one after another.
    virtual void gather(MatrixRef<Scalar>) const {}
};

/// A process alone.
template <typename Scalar>
const Team<Scalar>& alone() {
    static const Team<Scalar> team;
    return team;
}

}  // namespace hoist
