#include "stop_signals.hpp"

#include <csignal>
#include <initializer_list>

namespace hoist {

namespace {

volatile std::sig_atomic_t stop_signals = 0;

// The first signal asks for an orderly stop after the sweep at hand; a second interrupt from the keyboard ends the program
// at once. Other signals may come in pairs (a scheduler's USR1, then TERM) and must not cut off the checkpoint.
void on_signal(int signal) {
    if (stop_signals != 0 && signal == SIGINT) {
        std::signal(signal, SIG_DFL);
        std::raise(signal);
    }
    stop_signals = 1;
}

}  // namespace

void catch_stop_signals() {
    for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
        std::signal(signal, on_signal);
    }
}

bool stop_signal_came() { return stop_signals != 0; }

}  // namespace hoist
