#include "recorder.hpp"

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/activity.hpp"
#include "hoist/comm/agree.hpp"

namespace hoist {

Recorder::Recorder(const Config& config, const Communicator& world, const RunOptions& options,
                   TrainObserver& observer)
    : config_(config),
      world_(world),
      options_(options),
      observer_(observer),
      last_checkpoint_(wall_time()) {}

bool Recorder::is_complete() const {
    bool complete = false;
    agree(world_, [&] {
        complete = reports() && options_.directory && options_.existing == Existing::resume &&
                   options_.directory->complete();
    });
    return world_.max(complete ? 1.0 : 0.0) > 0.0;
}

void Recorder::own(Directory directory) {
    if (!options_.directory) {
        return;
    }
    const std::filesystem::path& path = options_.directory->path();
    std::error_code none;
    const bool wanted = directory == Directory::made || is_directory(path, none);
    if (reports() && !lock_ && wanted) {
        lock_.emplace(path);
    }
}

void Recorder::own_if_there() {
    agree(world_, [&] { own(Directory::if_there); });
}

void Recorder::prepare() {
    agree(world_, [&] {
        if (reports() && options_.directory) {
            own(options_.existing == Existing::resume ? Directory::if_there : Directory::made);
            options_.directory->prepare(options_.existing);
        }
    });
}

void Recorder::start(const Placement& placement, Index samples, Index first,
                     const std::vector<std::string>& remarks) {
    const auto& directory = options_.directory;
    agree(world_, [&] {
        if (reports() && directory) {
            directory->write_config(options_.ini);
            directory->start_metrics(first, figure_of(config_.network));
            directory->add_log(time_stamp() + " hoist " HOIST_VERSION " on " +
                                   std::to_string(world_.size()) + " ranks, " + placement.text() +
                                   (options_.machine.empty() ? "" : ", " + options_.machine),
                               *lock_);
        }
    });
    if (!reports()) {
        return;
    }
    if (lock_ && !lock_->missing().empty()) {
        note("warning: " + directory->path().string() + " cannot be locked (" + lock_->missing() +
             "); see that no other process writes into it");
    }
    observer_.started(placement, samples, first);
    for (const std::string& remark : remarks) {
        note("warning: " + remark);
    }
}

void Recorder::log(const std::string& text) const {
    if (!options_.directory) {
        return;
    }
    try {
        options_.directory->add_log(time_stamp() + " " + text, *lock_);
    } catch (const OutputError&) {  // the log is not worth a run
    }
}

void Recorder::note(const std::string& text) const {
    observer_.noted(text);
    log(text);
}

void Recorder::write_metrics(Needed needed) {
    agree(world_, [&] {
        if (!reports() || !options_.directory) {
            unwritten_.clear();
            return;
        }
        lock_->renew();
        try {
            while (!unwritten_.empty()) {
                options_.directory->add_metrics(unwritten_.front(), figure_of(config_.network),
                                                *lock_);
                unwritten_.pop_front();
            }
        } catch (const OutputError& error) {
            if (config_.checkpoint.required || needed == Needed::always) {
                throw;
            }
            if (unwritten_.size() == 1) {
                note("warning: rows of metrics.csv wait in memory from " + config_.unit() + " " +
                     std::to_string(unwritten_.front().sweep) + " on: " + error.what());
            }
        }
    });
}

bool Recorder::checkpoint_overdue() const {
    if (!options_.directory || config_.checkpoint.every_seconds == 0.0) {
        return false;
    }
    const bool over = wall_time() - last_checkpoint_ >= config_.checkpoint.every_seconds;
    return world_.max(reports() && over ? 1.0 : 0.0) > 0.0;
}

bool Recorder::checkpoint_due(const Progress& progress) const {
    const Index every = config_.checkpoint.every_sweeps;
    const bool by_count = every > 0 && progress.batch == 0 && progress.sweep % every == 0;
    return options_.directory && (by_count || checkpoint_overdue());
}

template <typename Scalar>
void Recorder::write_checkpoint(const ModelHeader& header, const Placement& placement,
                                const Stage<Scalar>& stage, const CheckpointState<Scalar>& state,
                                Needed needed) {
    if (!options_.directory) {
        return;
    }
    const Index sweep = header.progress.sweep;
    begin_activity(
        config_.fit == Fit::sweeps ? "the checkpoint of sweep" : "the checkpoint of epoch", sweep);
    agree(world_, [&] {
        if (reports()) {
            lock_->renew();
            options_.directory->settle_metrics();
        }
    });
    try {
        write_model(options_.directory->checkpoint(sweep), header, world_, placement, stage, state);
        if (reports()) {
            options_.directory->remove_old_checkpoints(config_.checkpoint.keep);
        }
        saved_ = true;
    } catch (const Error& error) {
        if (config_.checkpoint.required || needed == Needed::always ||
            error.status() != ExitStatus::output) {
            throw;
        }
        if (reports()) {
            note("warning: no checkpoint after " + config_.unit() + " " + std::to_string(sweep) +
                 ": " + error.what());
        }
    }
    last_checkpoint_ = wall_time();
}

template <typename Scalar>
void Recorder::finish(const ModelHeader& header, const Placement& placement,
                      const Stage<Scalar>& stage, const RunSummary& summary) {
    if (!options_.directory) {
        return;
    }
    begin_activity("the writing of the model");
    write_metrics(Needed::always);
    if (reports()) {
        options_.directory->settle_metrics();
    }
    write_model<Scalar>(options_.directory->model(), header, world_, placement, stage);
    agree(world_, [&] {
        if (reports()) {
            options_.directory->write_summary(summary, figure_of(config_.network));
            log("complete after " + std::to_string(summary.last.sweep) + " " + config_.unit() +
                "s");
        }
    });
}

template void Recorder::write_checkpoint(const ModelHeader&, const Placement&, const Stage<float>&,
                                         const CheckpointState<float>&, Needed);
template void Recorder::write_checkpoint(const ModelHeader&, const Placement&, const Stage<double>&,
                                         const CheckpointState<double>&, Needed);
template void Recorder::finish(const ModelHeader&, const Placement&, const Stage<float>&,
                               const RunSummary&);
template void Recorder::finish(const ModelHeader&, const Placement&, const Stage<double>&,
                               const RunSummary&);

}  // namespace hoist
