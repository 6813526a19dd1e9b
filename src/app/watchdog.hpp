#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace hoist {

/// Watches this process from a thread of its own, which uses no MPI: where it makes no step forward
/// (see activity.hpp) for `seconds`, says what it waits for on standard error, and a moment later,
/// so that the other ranks can say so too, ends it with ExitStatus::system, on which a launcher ends
/// the others. 0 seconds: does nothing.
class Watchdog {
  public:
    Watchdog(double seconds, int rank);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

  private:
    void watch(double seconds, int rank);

    std::mutex mutex_;
    std::condition_variable over_;
    bool is_over_ = false;
    std::thread thread_;
};

}  // namespace hoist
