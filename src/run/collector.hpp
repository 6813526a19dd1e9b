#pragma once

#include <functional>
#include <optional>

#include "hoist/base/error.hpp"
#include "hoist/comm/communicator.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

/// Brings what other ranks own to rank 0, piece by piece in the order of the calls. Where taking a
/// piece fails there, the rest still arrives, so that nobody is left waiting; the error is told to
/// all at the end.
class Collector {
  public:
    explicit Collector(const Communicator& world) : ranks_(world.split(0)) {}

    bool collects() const { return ranks_.rank() == 0; }

    /// `own` is what the owner has; on rank 0 `take` gets it, or a copy of the right shape.
    template <typename Scalar>
    void piece(int owner, Index rows, Index columns, const std::function<Matrix<Scalar>()>& own,
               const std::function<void(const Matrix<Scalar>&)>& take);

    /// Runs `work` on rank 0, unless something failed before.
    void attempt(const std::function<void()>& work);

    /// Collective. @throws the error of rank 0, on every rank.
    void agree_on_success();

  private:
    Communicator ranks_;
    std::optional<Error> error_;
};

}  // namespace hoist
