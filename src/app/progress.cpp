#include "progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "kernels.hpp"
#include "standard_streams.hpp"

namespace hoist {

namespace {

std::string figures(const SweepRecord& record, Figure figure) {
    char text[200];
    std::string line;
    std::snprintf(text, sizeof text, "objective %.6f  loss %.6f", record.energy.objective(),
                  record.energy.loss);
    line = text;
    const auto add = [&](const char* name, const std::optional<Evaluation>& evaluation) {
        if (evaluation) {
            line += std::string("  ") + name + " " + shown(figure, evaluation->value(figure));
        }
    };
    add("train", record.train);
    add("validation", record.validation);
    add("test", record.test);
    return line;
}

std::string duration(double seconds) {
    char text[32];
    const long whole = static_cast<long>(seconds + 0.5);
    if (whole >= 3600) {
        std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60,
                      whole % 60);
    } else {
        std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
    }
    return text;
}

int terminal_width() {
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

// Open MPI gives rank 0 a pseudo-terminal whatever mpirun itself writes to; then mpirun's own
// output decides.
bool writes_to_terminal() {
    if (isatty(STDOUT_FILENO) == 0 || std::getenv("OMPI_COMM_WORLD_RANK") == nullptr) {
        return isatty(STDOUT_FILENO) != 0;
    }
    std::error_code error;
    const std::filesystem::path launcher = "/proc/" + std::to_string(getppid()) + "/fd/1";
    const std::string target = std::filesystem::read_symlink(launcher, error).string();
    return target.starts_with("/dev/pts/") || target.starts_with("/dev/tty");
}

// How lifted the activations were, where that was measured.
void show_lift(const SweepRecord& record, bool relaxed) {
    const Lift& lift = record.lift;
    std::string line;
    const auto add = [&](const std::string& name, std::optional<double> value,
                         const std::string& meaning = "") {
        if (value) {
            char text[40];
            std::snprintf(text, sizeof text, " %.3g", *value);
            line += (line.empty() ? "" : ", ") + name + text + meaning;
        }
    };
    add("lambda", lift.lambda);
    add("residual", lift.residual,
        relaxed ? " (the change in the last sweep of a relaxation)"
                : " (1: feed-forward, 0: at the joint minimum)");
    add("violation", lift.violation);
    add("energy", lift.energy, " of the feed-forward one");
    add("left out", lift.rejected, " of the samples");
    add("cosine to back-propagation", lift.cosine);
    if (!line.empty()) {
        std::printf("  %-20s %s\n", "activations", line.c_str());
    }
    if (record.train) {
        std::printf("  %-20s always on %.1f %%, always off %.1f %%\n", "hidden units",
                    record.train->always_on, record.train->always_off);
    }
}

}  // namespace

ProgressPrinter::ProgressPrinter(const Config& config, int threads, bool quiet)
    : config_(config),
      threads_(threads),
      quiet_(quiet),
      terminal_(writes_to_terminal()),
      started_(wall_time()) {}

void ProgressPrinter::started(const Placement& placement, Index samples, Index first) {
    first_ = first;
    started_ = wall_time();
    if (quiet_) {
        return;
    }
    std::printf("hoist %s: %s, %s, %s, %td samples\n", HOIST_VERSION,
                config_.network.layers_text().c_str(), config_.formulation.name.c_str(),
                to_text(config_.network.output).c_str(), samples);
    std::printf("%d %s with %d BLAS %s each: %s\n", placement.grid.ranks(),
                placement.grid.ranks() == 1 ? "rank" : "ranks", threads_,
                threads_ == 1 ? "thread" : "threads", placement.text().c_str());
    std::printf("%s\n", kernels_text().c_str());
    if (first > 0) {
        std::printf("resumed after %s %td\n", config_.unit().c_str(), first);
    }
    send_output();
}

void ProgressPrinter::swept(const SweepRecord& record) {
    if (quiet_) {
        return;
    }
    if (terminal_) {
        show_bar(record);
        return;
    }
    std::printf("%s %td/%td  %s  %.2f s\n", config_.unit().c_str(), record.sweep, config_.length(),
                figures(record, figure_of(config_.network)).c_str(), record.seconds);
    send_output();
}

void ProgressPrinter::show_bar(const SweepRecord& record) {
    constexpr int cells = 20;
    const double elapsed = wall_time() - started_;
    const double done = static_cast<double>(record.sweep - first_);
    const double rate = done / elapsed;
    const double remaining = static_cast<double>(config_.length() - record.sweep) / rate;
    const auto filled = static_cast<int>(cells * record.sweep / config_.length());
    char tail[64];
    std::snprintf(tail, sizeof tail, "  %.2f %ss/s  %s left", rate, config_.unit().c_str(),
                  duration(remaining).c_str());
    std::string line = "[" + std::string(static_cast<std::size_t>(filled), '#') +
                       std::string(static_cast<std::size_t>(cells - filled), '.') + "] " +
                       std::to_string(record.sweep) + "/" + std::to_string(config_.length()) +
                       "  " + figures(record, figure_of(config_.network)) + tail;
    line.resize(std::min<std::size_t>(line.size(), static_cast<std::size_t>(terminal_width() - 1)));
    std::printf("\r\033[K%s", line.c_str());
    send_output();
    bar_shown_ = true;
}

void ProgressPrinter::clear_bar() {
    if (bar_shown_) {
        std::printf("\n");
        bar_shown_ = false;
    }
}

void ProgressPrinter::noted(const std::string& text) {
    clear_bar();
    send_output();
    std::fprintf(stderr, "hoist: %s\n", text.c_str());
}

void ProgressPrinter::closed(const RunSummary& summary, const RunDirectory& directory,
                             Outcome outcome) {
    clear_bar();
    const Figure judged = figure_of(config_.network);
    const auto row = [&](const char* name, const std::optional<Evaluation>& evaluation) {
        if (evaluation) {
            std::printf("  %-20s %s\n", name, shown(judged, evaluation->value(judged)).c_str());
        }
    };
    const std::string figure = judged == Figure::accuracy ? " accuracy" : "";
    std::printf("\n");
    row(("test" + figure).c_str(), summary.last.test);
    row(("validation" + figure).c_str(), summary.last.validation);
    row(("train" + figure).c_str(), summary.last.train);
    std::printf("  %-20s %.6f (loss %.6f, penalty %.6f)\n", "objective",
                summary.last.energy.objective(), summary.last.energy.loss,
                summary.last.energy.penalty);
    show_lift(summary.last, config_.formulation.is_lrrn());
    if (summary.lipschitz) {
        std::printf("  %-20s Lipschitz constant at most %.4f", "certificate", *summary.lipschitz);
        if (summary.median_radius) {
            std::printf(", median radius %.3f", *summary.median_radius);
        }
        std::printf("\n");
    }
    std::printf("  %-20s %.2f s in %td %ss (%.2f s in all, %.1f %% of it waiting)\n", "training",
                summary.seconds_training, summary.last.sweep, config_.unit().c_str(),
                summary.seconds_total, 100.0 * summary.idle_fraction);
    if (summary.target_set) {
        if (summary.seconds_to_target) {
            std::printf("  %-20s %s after %.2f s\n", "target",
                        shown(judged, config_.target_accuracy).c_str(), *summary.seconds_to_target);
        } else {
            std::printf("  %-20s %s not reached\n", "target",
                        shown(judged, config_.target_accuracy).c_str());
        }
    }
    if (summary.ranks > 1) {
        const auto [least, most] = std::ranges::minmax(summary.times, {}, &PhaseTimes::wait);
        std::printf("  %-20s %.2f to %.2f s per rank\n", "waiting", least.wait, most.wait);
    }
    std::printf("  %-20s %.0f MB at most per rank\n", "memory", summary.peak_memory / 1e6);
    if (outcome == Outcome::complete) {
        std::printf("  %-20s %s\n  %-20s %s\n  %-20s %s\n", "model", directory.model().c_str(),
                    "metrics", directory.metrics().c_str(), "summary", directory.summary().c_str());
    }
    send_output();
}

}  // namespace hoist
