#pragma once

#include <span>

#include "hoist/run/method.hpp"
#include "hoist/run/run_directory.hpp"

namespace hoist {

/// Takes the figures of a run between its sweeps or epochs.
template <typename Scalar>
class Measurement {
  public:
    /// All references must outlive it.
    Measurement(const Config& config, const Communicator& world, const Problem<Scalar>& problem,
                Method<Scalar>& method);

    /// Collective over the world: what happened up to sweep or epoch `index`, the same on every rank.
    /// @throws NumericalError, on every rank, where the objective is not finite.
    SweepRecord operator()(Index index);
    /// Collective over the world: what is proven of the weights as they are, and for the test part, or else the
    /// validation part. @pre a lifted regression/reconstruction network.
    void certify(RunSummary& summary) const;

    /// Of the last call, for each layer: RidgeFactor::shift(), 0 where there is none.
    std::span<const double> shifts() const { return shifts_; }
    /// Of this rank, up to the last call.
    const PhaseTimes& times() const { return times_before_; }

  private:
    const Config& config_;
    const Communicator& world_;
    const Problem<Scalar>& problem_;
    Method<Scalar>& method_;
    PhaseTimes times_before_;
    std::vector<double> shifts_;
};

}  // namespace hoist
