#pragma once

#include <vector>

#include "hoist/comm/activity.hpp"
#include "hoist/model/layer.hpp"
#include "hoist/train/samples.hpp"

namespace hoist {

/// What a rank holds to train its stage: consecutive layers, and of the neighbors one matrix from
/// each side. From below that is the lowest layer's `preactivations`, from above X_{e+1} (on the
/// last stage the targets stand there).
template <typename Scalar>
struct Stage {
    std::vector<Layer<Scalar>> layers;
    /// X_{e+1}, n_{e+1} x own columns, where e is the highest layer; empty on the last stage.
    Matrix<Scalar> above;
    /// U_{L+1}, n_{L+1} x own columns; empty but on the last stage.
    Matrix<Scalar> outputs;

    Layer<Scalar>& lowest() { return layers.front(); }
    Layer<Scalar>& highest() { return layers.back(); }
};

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
