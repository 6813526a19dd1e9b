#include "timeline.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "hoist/base/error.hpp"

namespace hoist {

Timeline::Timeline(int ranks, Index messages, const MachineRates& rates)
    : rates_(rates),
      ranks_(static_cast<std::size_t>(ranks)),
      arrival_(static_cast<std::size_t>(messages), -1.0),
      waiting_(static_cast<std::size_t>(messages), -1),
      sums_(static_cast<std::size_t>(ranks)) {}

std::vector<Timeline::Times> Timeline::run(std::vector<Script> scripts) {
    for (int rank = 0; rank < static_cast<int>(ranks_.size()); ++rank) {
        go_on(rank, 0.0);
    }
    while (!turns_.empty()) {
        const auto rank = static_cast<std::size_t>(turns_.top().second);
        turns_.pop();
        scripts[rank].resume();
    }
    std::vector<Times> all;
    for (std::size_t i = 0; i < ranks_.size(); ++i) {
        require(scripts[i].done(), "every message that is waited for is sent");
        ranks_[i].times.end = ranks_[i].clock;
        all.push_back(ranks_[i].times);
    }
    return all;
}

void Timeline::go_on(int rank, double clock) {
    at(rank).clock = clock;
    turns_.emplace(clock, rank);
}

Timeline::Pause Timeline::work(int rank, Work work) {
    const double seconds = work.flops / rates_.flops + work.bytes / rates_.bandwidth;
    at(rank).times.compute += seconds;
    go_on(rank, at(rank).clock + seconds);
    return {};
}

void Timeline::send(int rank, int receiver, Index message, double bytes) {
    const auto number = static_cast<std::size_t>(message);
    arrival_[number] = at(rank).clock + rates_.latency;
    if (!shares_memory()) {
        const double end = std::max({at(rank).clock, at(rank).sent, at(receiver).received}) +
                           bytes / rates_.network;
        at(rank).sent = end;
        at(receiver).received = end;
        arrival_[number] = end + rates_.latency;
    }
    if (const int waiter = std::exchange(waiting_[number], -1); waiter >= 0) {
        const auto [one, other] = std::exchange(at(waiter).either, {-1, -1});
        if (one < 0) {
            receive(waiter, message);
            return;
        }
        waiting_[static_cast<std::size_t>(message == one ? other : one)] = -1;
        go_on(waiter, std::max(at(waiter).clock, arrival_[number]));
    }
}

Timeline::Pause Timeline::wait_for_either(int rank, Index one, Index other) {
    double first = std::numeric_limits<double>::infinity();
    for (const Index message : {one, other}) {
        if (const double arrival = arrival_[static_cast<std::size_t>(message)]; arrival >= 0.0) {
            first = std::min(first, arrival);
        }
    }
    if (std::isfinite(first)) {
        go_on(rank, std::max(at(rank).clock, first));
        return {};
    }
    at(rank).either = {one, other};
    waiting_[static_cast<std::size_t>(one)] = rank;
    waiting_[static_cast<std::size_t>(other)] = rank;
    return {};
}

Timeline::Pause Timeline::wait(int rank, Index message, double bytes) {
    at(rank).bytes = bytes;
    if (arrival_[static_cast<std::size_t>(message)] >= 0.0) {
        receive(rank, message);
    } else {
        waiting_[static_cast<std::size_t>(message)] = rank;
    }
    return {};
}

void Timeline::receive(int rank, Index message) {
    const double copying = shares_memory() ? at(rank).bytes / rates_.bandwidth : 0.0;
    at(rank).times.exchange += copying;
    go_on(rank, std::max(at(rank).clock, arrival_[static_cast<std::size_t>(message)]) + copying);
}

Timeline::Pause Timeline::sum(int rank, int first, int size, double bytes) {
    Sum& sum = sums_[static_cast<std::size_t>(first)];
    sum.ranks.push_back(rank);
    sum.start = std::max(sum.start, at(rank).clock);
    if (static_cast<int>(sum.ranks.size()) == size) {
        const double seconds = sum_seconds(bytes, size);
        for (const int member : sum.ranks) {
            at(member).times.exchange += seconds;
            go_on(member, sum.start + seconds);
        }
        sum = {};
    }
    return {};
}

// A ring: each rank sends its part of the sum and then of the result to the next.
double Timeline::sum_seconds(double bytes, int size) const {
    const double others = size - 1.0;
    const double rate = shares_memory() ? rates_.bandwidth : rates_.network;
    return 2.0 * others * (bytes / size / rate + rates_.latency);
}

}  // namespace hoist
