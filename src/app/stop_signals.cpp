#include "stop_signals.hpp"

#include <array>
#include <csignal>
#include <ctime>

namespace hoist {

namespace {

constexpr std::array stop_signals{SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP, SIGXCPU};
constexpr double apart = 1.0;

volatile std::sig_atomic_t came = 0;
// When each came first, in seconds; 0: not yet. Touched by the handler alone, during which all of
// them are held back.
std::array<double, stop_signals.size()> first_came{};

// The kernel repeats SIGXCPU every second, and shell and kernel may both send SIGHUP.
constexpr bool is_repeated_by_itself(int signal) { return signal == SIGXCPU || signal == SIGHUP; }

bool is_ignored(int signal) {
    struct sigaction now = {};
    return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

// clock_gettime, signal and raise may be called from a handler.
void on_signal(int signal) {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    const double now = static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    for (std::size_t i = 0; i < stop_signals.size(); ++i) {
        if (stop_signals[i] != signal) {
            continue;
        }
        if (first_came[i] == 0.0) {
            first_came[i] = now;
        } else if (now - first_came[i] >= apart && !is_repeated_by_itself(signal)) {
            std::signal(signal, SIG_DFL);
            std::raise(signal);
        }
    }
    came = 1;
}

}  // namespace

void catch_stop_signals() {
    struct sigaction action = {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (const int signal : stop_signals) {
        sigaddset(&action.sa_mask, signal);
    }
    for (const int signal : stop_signals) {
        if (signal != SIGHUP || !is_ignored(signal)) {  // nohup lets a run outlive its terminal
            sigaction(signal, &action, nullptr);
        }
    }
}

bool stop_signal_came() { return came != 0; }

void report_file_limits_as_errors() { std::signal(SIGXFSZ, SIG_IGN); }

}  // namespace hoist
