#include "tune_report.hpp"

#include <algorithm>
#include <cstdio>

#include "hoist/io/whole_file.hpp"
#include "standard_streams.hpp"

namespace hoist {

namespace {

constexpr std::size_t best_shown = 5;

int width(const SearchRange& range) {
    return static_cast<int>(std::max<std::size_t>(range.key.size(), 9));
}

}  // namespace

void TuneReport::ended(const Trial& trial) const {
    std::string line = "trial " + std::to_string(trial.number) + "/" + std::to_string(trials_);
    for (std::size_t i = 0; i < trial.values.size(); ++i) {
        line += "  " + space_.ranges()[i].key + " " + trial.values[i];
    }
    line += "  " + (trial.judged() ? "validation " + figure(trial) : "diverged");
    if (trial.state == Trial::State::stopped) {
        line += ", given up after " + config_.unit() + " " + std::to_string(trial.figures.size());
    }
    std::printf("%s  %.1f s\n", line.c_str(), trial.seconds);
    send_output();
}

void TuneReport::closed(const std::vector<const Trial*>& best) const {
    const std::string file = directory_.best().string();
    const std::string advice = "hoist train " + file + " --data.validation=0" +
                               (config_.limit > 0 ? " --data.limit=0" : "");
    write_whole_file(directory_.best(), "# trial " + std::to_string(best.front()->number) + " of " +
                                            std::to_string(trials_) + ": validation " +
                                            figure(*best.front()) + "\n# " + advice +
                                            " trains it on all data\n" +
                                            resolved_ini(space_.settings(best.front()->values)));
    std::printf("\n  trial");
    for (const SearchRange& range : space_.ranges()) {
        std::printf("  %*s", width(range), range.key.c_str());
    }
    std::printf("  validation\n");
    for (std::size_t i = 0; i < std::min(best.size(), best_shown); ++i) {
        std::printf("  %5td", best[i]->number);
        for (std::size_t j = 0; j < best[i]->values.size(); ++j) {
            std::printf("  %*s", width(space_.ranges()[j]), best[i]->values[j].c_str());
        }
        std::printf("  %10s\n", figure(*best[i]).c_str());
    }
    std::printf("\n  %-20s %s\n  %-20s %s\n  %-20s %s\n", "best configuration", file.c_str(),
                "all trials", directory_.trials().c_str(), "on all data", advice.c_str());
    send_output();
}

std::string TuneReport::figure(const Trial& trial) const {
    return shown(figure_of(config_.network), trial.figure());
}

}  // namespace hoist
