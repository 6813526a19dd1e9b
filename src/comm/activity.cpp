#include "hoist/comm/activity.hpp"

#include <atomic>

namespace hoist {

namespace {

enum class Awaited : int { nothing, message, receiver, ranks };

/// Written by one thread only. The reader looks at it when `marks` has not changed for long, and so
/// sees what belongs together; each member by itself is never torn.
struct Told {
    std::atomic<std::uint64_t> marks{0};
    std::atomic<const char*> activity{"the start"};
    std::atomic<Index> activity_number{-1};
    std::atomic<Awaited> awaited{Awaited::nothing};
    std::atomic<const char*> what{""};
    std::atomic<Index> number{-1};
    std::atomic<const char*> way{""};
    /// The rank at the other end, or how many ranks come together.
    std::atomic<int> ranks{0};
};

Told told;

constexpr auto relaxed = std::memory_order_relaxed;

std::string numbered(const char* what, Index number) {
    return number < 0 ? what : std::string(what) + " " + std::to_string(number);
}

}  // namespace

void mark_progress() { told.marks.store(told.marks.load(relaxed) + 1, std::memory_order_release); }

std::uint64_t progress_marks() { return told.marks.load(std::memory_order_acquire); }

void begin_activity(const char* what, Index number) {
    told.activity.store(what, relaxed);
    told.activity_number.store(number, relaxed);
    mark_progress();
}

WaitMark::WaitMark(For what, const MessageName& message, int peer) {
    told.what.store(message.what, relaxed);
    told.number.store(message.number, relaxed);
    told.way.store(message.way, relaxed);
    told.ranks.store(peer, relaxed);
    told.awaited.store(what == For::message ? Awaited::message : Awaited::receiver, relaxed);
    mark_progress();
}

WaitMark::WaitMark(const char* operation, int ranks) {
    told.what.store(operation, relaxed);
    told.ranks.store(ranks, relaxed);
    told.awaited.store(Awaited::ranks, relaxed);
    mark_progress();
}

WaitMark::~WaitMark() {
    told.awaited.store(Awaited::nothing, relaxed);
    mark_progress();
}

std::string describe_activity() {
    const std::string during =
        " in " + numbered(told.activity.load(relaxed), told.activity_number.load(relaxed));
    const char* what = told.what.load(relaxed);
    const std::string ranks = std::to_string(told.ranks.load(relaxed));
    if (told.awaited.load(relaxed) == Awaited::ranks) {
        return "waits for the others in " + std::string(what) + " of " + ranks + " ranks" + during;
    }
    const std::string message = numbered(what, told.number.load(relaxed));
    std::string way = told.way.load(relaxed);
    if (!way.empty()) {
        way = " (" + way + ")";
    }
    switch (told.awaited.load(relaxed)) {
        case Awaited::message:
            return "waits for " + message + " from rank " + ranks + way + during;
        case Awaited::receiver:
            return "waits for rank " + ranks + " to take " + message + way + during;
        default:
            return "computes or uses a file, and waits for no rank," + during;
    }
}

}  // namespace hoist
