#pragma once

namespace hoist {

/// From now on SIGTERM, SIGINT and SIGUSR1 ask for an orderly stop; a second SIGINT ends the
/// program at once.
void catch_stop_signals();

/// Whether such a signal has come to this rank.
bool stop_signal_came();

}  // namespace hoist
