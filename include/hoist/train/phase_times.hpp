#pragma once

#include "hoist/comm/communicator.hpp"

namespace hoist {

/// Seconds since the start of a run, by what they were spent on.
struct PhaseTimes {
    double activations = 0.0;
    double weights = 0.0;
    /// Starting messages and sums over shards.
    double exchange = 0.0;
    /// Until a neighbor's block had arrived or a slower shard had come to the sum.
    double wait = 0.0;

    double total() const { return activations + weights + exchange + wait; }
};

/// Adds the time between construction and destruction to one phase; nested clocks do not count
/// twice. Each begin counts as a step forward of the process.
class PhaseClock {
  public:
    explicit PhaseClock(double& phase) : phase_(phase), outer_(current_), start_(wall_time()) {
        if (outer_ != nullptr) {
            outer_->phase_ += start_ - outer_->start_;
        }
        current_ = this;
        mark_progress();
    }
    ~PhaseClock() {
        const double now = wall_time();
        phase_ += now - start_;
        if (outer_ != nullptr) {
            outer_->start_ = now;
        }
        current_ = outer_;
    }
    PhaseClock(const PhaseClock&) = delete;
    PhaseClock& operator=(const PhaseClock&) = delete;

  private:
    static inline thread_local PhaseClock* current_ = nullptr;
    double& phase_;
    PhaseClock* outer_;
    double start_;
};

}  // namespace hoist
