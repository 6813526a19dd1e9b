#include "run_trial.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "hoist/base/error.hpp"
#include "hoist/run/median_rule.hpp"
#include "hoist/run/trainer.hpp"
#include "kernels.hpp"
#include "watchdog.hpp"

namespace hoist {

namespace {

std::vector<double> errors(const std::vector<double>& values, Figure figure) {
    std::vector<double> result;
    std::ranges::transform(values, std::back_inserter(result),
                           [&](double value) { return error_of(figure, value); });
    return result;
}

/// Follows a trial and gives it up where others did better.
class TrialObserver final : public TrainObserver {
  public:
    TrialObserver(Trial& trial, const Config& config,
                  const std::vector<std::vector<double>>& earlier)
        : trial_(trial), config_(config) {
        for (const std::vector<double>& figures : earlier) {
            earlier_.push_back(errors(figures, figure_of(config.network)));
        }
    }

    void started(const Placement&, Index, Index first) override {
        trial_.figures.resize(std::min(trial_.figures.size(), static_cast<std::size_t>(first)));
        judge();
    }
    void swept(const SweepRecord& record) override {
        if (hopeless_) {
            return;  // since before the search was interrupted
        }
        trial_.figures.push_back(as_written(record.validation->value(figure_of(config_.network))));
        judge();
    }
    void noted(const std::string& text) override {
        std::fprintf(stderr, "hoist: trial %td: %s\n", trial_.number, text.c_str());
    }

    bool hopeless() const { return hopeless_; }

  private:
    void judge() {
        hopeless_ = is_hopeless(errors(trial_.figures, figure_of(config_.network)), earlier_,
                                config_.length());
    }

    Trial& trial_;
    const Config& config_;
    std::vector<std::vector<double>> earlier_;
    bool hopeless_ = false;
};

template <typename Scalar>
Trial::State train(const Config& config, const Communicator& group, const RunOptions& options,
                   TrialObserver& observer) {
    Trainer<Scalar> trainer(config, group, options, observer);
    const Outcome outcome = trainer();
    if (outcome == Outcome::complete || outcome == Outcome::already_complete) {
        return Trial::State::complete;
    }
    // The first rank of the group alone has judged.
    return group.max(observer.hopeless() ? 1.0 : 0.0) > 0.0 ? Trial::State::stopped
                                                            : Trial::State::running;
}

}  // namespace

void run_trial(Trial& trial, const ConfigText& settings, const RunDirectory& directory,
               const Communicator& group, const std::vector<std::vector<double>>& earlier,
               const std::function<bool()>& interrupted) {
    Config config = parse_config(settings);
    config.test_part = TestPart::unread;
    // The limit is that of the whole search, and figures at an accuracy to stop at tell nothing.
    config.time_limit = 0.0;
    config.target_accuracy = 0.0;
    TrialObserver observer(trial, config, earlier);
    const Watchdog watchdog(config.watchdog, group.rank());
    const RunOptions options{directory, trial.resumable ? Existing::resume : Existing::overwrite,
                             resolved_ini(settings),
                             [&] { return interrupted() || observer.hopeless(); }, kernels_text()};
    const double begun = wall_time();
    try {
        trial.state = config.precision == Precision::single
                          ? train<float>(config, group, options, observer)
                          : train<double>(config, group, options, observer);
    } catch (const Error& error) {
        // Where the ranks of the group have not agreed on it, some still wait for this one.
        const bool over_everywhere = error.agreed() || group.size() == 1;
        if (error.status() != ExitStatus::numerical || !over_everywhere) {
            throw;
        }
        trial.state = Trial::State::diverged;
    }
    trial.seconds = wall_time() - begun;
    if (trial.state == Trial::State::complete && group.rank() == 0 &&
        !std::isfinite(trial.figure())) {
        trial.state = Trial::State::diverged;
    }
    if (trial.state != Trial::State::running && group.rank() == 0) {
        directory.remove_old_checkpoints(0);
    }
}

}  // namespace hoist
