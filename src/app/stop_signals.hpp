#pragma once

namespace hoist {

/// From now on SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP (unless it was ignored until now) and SIGXCPU
/// ask for an orderly stop. The same signal again, at least a second later, ends the program at once,
/// but for SIGHUP and SIGXCPU, which come more than once by themselves; sooner it is the same
/// request, delivered twice, and another signal is one request with the first: a scheduler's USR1
/// and then TERM must not cut off the checkpoint.
void catch_stop_signals();

/// Whether such a signal has come to this rank.
bool stop_signal_came();

/// From now on a file that outgrows a limit of the shell or the batch system is an error of the
/// write to it, as a full disk is; otherwise SIGXFSZ ends the program.
void report_file_limits_as_errors();

}  // namespace hoist
