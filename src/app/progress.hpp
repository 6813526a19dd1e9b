#pragma once

#include "hoist/run/trainer.hpp"

namespace hoist {

/// Shows a run as it goes on: a bar on a terminal, plain lines otherwise, and a closing table. Used
/// on rank 0.
class ProgressPrinter final : public TrainObserver {
  public:
    ProgressPrinter(const Config& config, int threads, bool quiet);

    void started(const Placement& placement, Index samples, Index first) override;
    void swept(const SweepRecord& record) override;
    void noted(const std::string& text) override;
    void closed(const RunSummary& summary, const RunDirectory& directory, Outcome outcome);

  private:
    void show_bar(const SweepRecord& record);
    void clear_bar();

    const Config& config_;
    int threads_;
    bool quiet_;
    bool terminal_;
    bool bar_shown_ = false;
    Index first_ = 0;
    double started_;
};

}  // namespace hoist
