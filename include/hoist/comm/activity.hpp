#pragma once

#include <cstdint>
#include <string>

#include "hoist/base/types.hpp"

// What this process is doing: told by the one thread that talks to MPI, and read by any other, as
// by one that watches whether there is progress.

namespace hoist {

/// What a message is, for people: "block 3", and from where to where it goes: "from above". The
/// texts last as long as the program.
struct MessageName {
    const char* what = "a message";
    Index number = -1;
    const char* way = "";
};

/// Counts a step forward of this process.
void mark_progress();

/// How many steps forward this process has made.
std::uint64_t progress_marks();

/// From now on this process does `what`, which lasts as long as the program; with a `number`, as in
/// "sweep 3". Counts as a step forward.
void begin_activity(const char* what, Index number = -1);

/// A wait for other ranks, from construction to destruction; both count as steps forward.
class WaitMark {
  public:
    enum class For { message, receiver };

    /// Until a message of rank `peer` has come, or `peer` has taken one.
    WaitMark(For what, const MessageName& message, int peer);
    /// Until all of so many ranks have come to `operation`, as in "a sum".
    WaitMark(const char* operation, int ranks);
    ~WaitMark();
    WaitMark(const WaitMark&) = delete;
    WaitMark& operator=(const WaitMark&) = delete;
};

/// What this process waits for and does: "waits for block 3 from rank 1 (from below) in sweep 4".
std::string describe_activity();

}  // namespace hoist
