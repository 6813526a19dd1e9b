#pragma once

namespace hoist {

/// Where standard input, output or error are closed, files that are opened later would take their
/// numbers, and what is printed would go into these: from now on printing fails instead.
void occupy_closed_streams();

/// From now on a run goes on when the reader of what it prints goes away; otherwise SIGPIPE ends the
/// program.
void outlive_readers();

/// Sends what a run has printed. Where its reader has gone, nothing is printed from then on; any
/// other failure is told once on standard error: the files of the run say the same.
void send_output();

/// Sends what a command has printed. @throws OutputError where that is not all of it.
void finish_output();

}  // namespace hoist
