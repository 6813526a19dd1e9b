#pragma once

#include <algorithm>
#include <coroutine>
#include <queue>
#include <utility>
#include <vector>

#include "hoist/math/kernel_work.hpp"
#include "hoist/plan/cost_model.hpp"

namespace hoist {

/// The time that a schedule takes on ranks that work, send and wait. What a rank does is written
/// as a Script, a coroutine with the loops of the code that it stands for:
///     co_await timeline.work(rank, ...);  timeline.send(rank, ...);  co_await timeline.wait(rank, ...);
/// The rank whose clock is behind goes on first, so that has_arrived() knows. A message follows those
/// before it out of its sender and into its receiver, and is under way while both sides go on.
class Timeline {
  public:
    /// Seconds of a rank.
    struct Times {
        double compute = 0.0;
        /// Copies of messages where ranks share memory, and sums over shards.
        double exchange = 0.0;
        double end = 0.0;
    };

    /// Of the rank that ends last.
    static double last_end(const std::vector<Times>& all) {
        return std::ranges::max(all, {}, &Times::end).end;
    }

    class Script {
      public:
        struct promise_type {
            Script get_return_object() {
                return Script(std::coroutine_handle<promise_type>::from_promise(*this));
            }
            std::suspend_always initial_suspend() { return {}; }
            std::suspend_always final_suspend() noexcept { return {}; }
            void return_void() {}
            void unhandled_exception() { throw; }
        };
        explicit Script(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
        ~Script() {
            if (handle_) {
                handle_.destroy();
            }
        }
        Script(Script&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
        Script& operator=(Script&&) = delete;

        void resume() { handle_.resume(); }
        bool done() const { return handle_.done(); }

      private:
        std::coroutine_handle<promise_type> handle_;
    };

    /// What a script awaits; the timeline goes on with it when the time has come.
    using Pause = std::suspend_always;

    /// @param messages their number; each has a number below it.
    Timeline(int ranks, Index messages, const MachineRates& rates);

    [[nodiscard]] Pause work(int rank, Work work);
    /// @param bytes of the message.
    [[nodiscard]] Pause wait(int rank, Index message, double bytes);
    /// Until one of two messages has arrived, so that wait() takes no time.
    [[nodiscard]] Pause wait_for_either(int rank, Index one, Index other);
    /// Sums `bytes` over the `size` ranks from `first` on, each of which must say so.
    [[nodiscard]] Pause sum(int rank, int first, int size, double bytes);
    void send(int rank, int receiver, Index message, double bytes);
    bool has_arrived(int rank, Index message) const {
        const double arrival = arrival_[static_cast<std::size_t>(message)];
        return arrival >= 0.0 && arrival <= at(rank).clock;
    }

    /// Plays one script for each rank. @pre every message that a rank waits for is sent.
    std::vector<Times> run(std::vector<Script> scripts);

  private:
    struct Rank {
        double clock = 0.0;
        /// When its last message has left, and when the last one for it has come in.
        double sent = 0.0;
        double received = 0.0;
        /// Of the message that it waits for.
        double bytes = 0.0;
        /// The messages of which it waits for either.
        std::pair<Index, Index> either{-1, -1};
        Times times;
    };
    struct Sum {
        std::vector<int> ranks;
        double start = 0.0;
    };

    Rank& at(int rank) { return ranks_[static_cast<std::size_t>(rank)]; }
    const Rank& at(int rank) const { return ranks_[static_cast<std::size_t>(rank)]; }
    bool shares_memory() const { return rates_.network == 0.0; }
    double sum_seconds(double bytes, int size) const;
    void go_on(int rank, double clock);
    void receive(int rank, Index message);

    MachineRates rates_;
    std::vector<Rank> ranks_;
    /// Of each message; negative before it is sent.
    std::vector<double> arrival_;
    /// Of each message, the rank that waits for it, or -1.
    std::vector<int> waiting_;
    /// By the first rank of their groups.
    std::vector<Sum> sums_;
    using Turn = std::pair<double, int>;
    std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns_;
};

}  // namespace hoist
