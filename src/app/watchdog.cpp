#include "watchdog.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/activity.hpp"

namespace hoist {

namespace {

using Clock = std::chrono::steady_clock;

/// Ranks that wait for one another came to a halt within about a block's work.
constexpr auto time_for_others = std::chrono::seconds(1);

}  // namespace

Watchdog::Watchdog(double seconds, int rank) {
    if (seconds > 0.0) {
        mark_progress();
        thread_ = std::thread([this, seconds, rank] { watch(seconds, rank); });
    }
}

Watchdog::~Watchdog() {
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
    }
    over_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Watchdog::watch(double seconds, int rank) {
    // A process that was itself stopped finds its clock advanced, and its marks unchanged, when it
    // goes on: time counts in looks that were made.
    constexpr int looks = 20;
    const auto interval = std::chrono::duration<double>(seconds / looks);
    std::uint64_t seen = progress_marks();
    std::unique_lock lock(mutex_);
    for (int unchanged = 0; unchanged < looks;) {
        if (over_.wait_for(lock, interval, [this] { return is_over_; })) {
            return;
        }
        const std::uint64_t now = progress_marks();
        unchanged = now == seen ? unchanged + 1 : 0;
        seen = now;
    }
    std::fprintf(
        stderr,
        "hoist: rank %d has made no progress for %s s (it %s); look at the rank that others "
        "wait for and that says nothing, or raise train.watchdog\n",
        rank, to_text(seconds).c_str(), describe_activity().c_str());
    if (!over_.wait_for(lock, time_for_others, [this] { return is_over_; })) {
        std::_Exit(static_cast<int>(ExitStatus::system));
    }
}

}  // namespace hoist
