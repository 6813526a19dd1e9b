#include "hoist/train/trainer.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"
#include "hoist/base/memory.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/activity.hpp"
#include "hoist/comm/agree.hpp"

namespace hoist {

namespace {

void begin_activity_of(const Config& config, const char* in_sweeps, const char* in_epochs,
                       Index number) {
    begin_activity(config.fit == Fit::sweeps ? in_sweeps : in_epochs, number);
}

// Agrees on what `work` threw, in which ranks wait for one another: an Error has come on all that do.
// Anything else, as a lack of memory on one rank, leaves at once, and ends the job for all.
void exchange_and_agree(const Communicator& world, const std::function<void()>& work) {
    std::optional<Error> error;
    try {
        work();
    } catch (const Error& own) {
        error = own;
    }
    agree(world, [&] {
        if (error) {
            throw Error(*error);
        }
    });
}

// A regression that is resumed from a checkpoint of an earlier version goes on in the unit of its
// targets. What is wrong with checkpoints is said when one is taken.
TargetUnit unit_of_targets(const Config& config, const Communicator& world,
                           const RunOptions& options) {
    bool own = false;
    agree(world, [&] {
        if (world.rank() != 0 || options.existing != Existing::resume ||
            !config.network.regression()) {
            return;
        }
        for (const auto& path : options.directory.checkpoints()) {
            try {
                own = read_model_header(path).targets.empty();
                return;
            } catch (const Error&) {
            }
        }
    });
    return world.max(own ? 1.0 : 0.0) > 0.0 ? TargetUnit::own : TargetUnit::standardized;
}

}  // namespace

template <typename Scalar>
Trainer<Scalar>::Trainer(const Config& config, const Communicator& world, const RunOptions& options,
                         TrainObserver& observer)
    : config_(config),
      world_(world),
      options_(options),
      observer_(observer),
      started_(wall_time()),
      last_checkpoint_(started_) {}

template <typename Scalar>
Outcome Trainer<Scalar>::operator()() {
    const RunDirectory& directory = options_.directory;
    const bool regression = config_.network.regression();
    if (is_complete()) {
        return Outcome::already_complete;
    }
    agree(world_, [&] { own(Directory::if_there); });
    if (is_complete()) {  // by a process that has owned it until now
        return Outcome::already_complete;
    }
    begin_activity("the reading of the data");
    Problem<Scalar> problem =
        make_problem<Scalar>(config_, world_, unit_of_targets(config_, world_, options_));
    agree(world_, [&] {
        if (reports()) {
            own(options_.existing == Existing::resume ? Directory::if_there : Directory::made);
            directory.prepare(options_.existing);
        }
    });
    if (options_.existing == Existing::resume) {
        begin_activity("the reading of the checkpoint");
        resume(problem);
        saved_ = true;
    }
    agree(world_, [&] {
        if (reports()) {
            directory.write_config(options_.ini);
            directory.start_metrics(progress_.sweep, regression);
            directory.add_log(time_stamp() + " hoist " HOIST_VERSION " on " +
                              std::to_string(world_.size()) + " ranks, " +
                              problem.placement.text() +
                              (options_.machine.empty() ? "" : ", " + options_.machine));
        }
    });
    if (reports()) {
        if (!lock_->missing().empty()) {
            note("warning: " + directory.path().string() + " cannot be locked (" +
                 lock_->missing() + "); see that no other process writes into it");
        }
        observer_.started(problem.placement, problem.train.blocks.samples(), progress_.sweep);
        for (const std::string& remark : problem.remarks) {
            note("warning: " + remark);
        }
    }

    begin_activity("the start");
    double begun = wall_time();
    std::unique_ptr<Method<Scalar>> method;
    exchange_and_agree(world_, [&] {
        // A failure is the same on every shard of a stage, and the stages do not wait for one
        // another.
        method = make_method<Scalar>(config_, world_, problem);
    });
    exchange_and_agree(world_, [&] { method->begin(resumed_from_, progress_); });
    progress_.seconds_training += world_.max(wall_time() - begun);
    SweepRecord last = record(problem, *method, progress_.sweep);
    if (config_.fit == Fit::batches) {
        last.energy.loss = last.train->loss;  // nothing has been trained yet
    }
    Outcome outcome = Outcome::complete;
    while (progress_.sweep < config_.length() && !stops_here(last)) {
        if (const std::optional<Outcome> stopping = stop()) {
            if (!saved_) {
                write_checkpoint(problem, *method, Needed::always);
            }
            write_metrics(Needed::if_required);
            outcome = *stopping;
            break;
        }
        saved_ = false;
        begin_activity_of(config_, "sweep", "epoch", progress_.sweep + 1);
        const double bytes_before =
            static_cast<double>(world_.bytes_sent() + problem.peers.bytes_sent());
        begun = wall_time();
        method->advance(progress_, [this] { return stop().has_value(); });
        const double seconds = wall_time() - begun;
        const double bytes =
            static_cast<double>(world_.bytes_sent() + problem.peers.bytes_sent()) - bytes_before;
        progress_.seconds_training += world_.max(seconds);
        const double all_bytes = world_.sum(bytes);
        bytes_of_record_ += all_bytes;
        progress_.bytes_sent += all_bytes;
        if (progress_.batch == 0) {
            last = record(problem, *method, progress_.sweep);
            method->note(last.validation ? *last.validation : *last.train, progress_);
            last.bytes_sent = bytes_of_record_;
            bytes_of_record_ = 0.0;
            note_best(last);
            unwritten_.push_back(last);
            write_metrics(Needed::if_required);
            if (reports()) {
                observer_.swept(last);
            }
        }
        if (world_.max(reports() && checkpoint_due() ? 1.0 : 0.0) > 0.0) {
            write_checkpoint(problem, *method, Needed::if_required);
        }
    }
    method->settle();
    fill_summary(problem, last);
    if (outcome == Outcome::complete) {
        method->swap_weights();
        finish(problem);
    }
    return outcome;
}

// Rank 0 looks for all: on a shared file system others may still see the directory as it was.
template <typename Scalar>
bool Trainer<Scalar>::is_complete() const {
    bool complete = false;
    agree(world_, [&] {
        complete =
            reports() && options_.existing == Existing::resume && options_.directory.complete();
    });
    return world_.max(complete ? 1.0 : 0.0) > 0.0;
}

template <typename Scalar>
void Trainer<Scalar>::own(Directory directory) {
    const std::filesystem::path& path = options_.directory.path();
    std::error_code none;
    const bool wanted = directory == Directory::made || is_directory(path, none);
    if (reports() && !lock_ && wanted) {
        lock_.emplace(path);
    }
}

// Whether to stop, and why: the same answer on every rank.
template <typename Scalar>
std::optional<Outcome> Trainer<Scalar>::stop() const {
    const bool out_of_time =
        config_.time_limit > 0.0 && reports() && wall_time() - started_ >= config_.time_limit;
    const double asked = options_.stop_requested() ? 2.0 : 0.0;
    const double reason = world_.max(std::max(asked, out_of_time ? 1.0 : 0.0));
    if (reason == 0.0) {
        return std::nullopt;
    }
    return reason > 1.0 ? Outcome::stopped_on_request : Outcome::out_of_time;
}

// The newest checkpoint that is whole; a damaged one is reported, and the one before it is taken.
template <typename Scalar>
void Trainer<Scalar>::resume(Problem<Scalar>& problem) {
    std::string chosen;
    agree(world_, [&] {
        if (!reports()) {
            return;
        }
        for (const auto& path : options_.directory.checkpoints()) {
            try {
                read_model_header(path);
                chosen = path.string();
                return;
            } catch (const DataError& error) {
                note(std::string(error.what()) + "; trying the one before it");
            }
        }
        throw DataError("no checkpoint in " + options_.directory.path().string() + " can be read",
                        "all are damaged", "start again with --overwrite");
    });
    resumed_from_ = world_.broadcast(chosen, 0);
    agree(world_, [&] {
        const ModelHeader saved = read_model_header(resumed_from_, true);
        const NetworkSpec& now = config_.network;
        if (saved.network.widths != now.widths ||
            (!config_.learn_slopes && saved.network.activation_text() != now.activation_text()) ||
            saved.network.output != now.output) {
            throw UsageError("the run cannot be resumed with another architecture",
                             resumed_from_.string() + " has " + saved.network.layers_text() + ", " +
                                 saved.network.activation_text() + ", " +
                                 to_text(saved.network.output),
                             "use the configuration of the run, or another --out");
        }
        require_same_samples(saved.config);
        progress_ = saved.progress;
        const int rank = world_.rank();
        const bool sweeps = config_.fit == Fit::sweeps;
        Matrix<Scalar> inputs = std::move(problem.stage.lowest().activations);
        problem.stage.layers =
            read_layers<Scalar>(resumed_from_, now, problem.placement.layers_of(rank));
        if (problem.placement.first(rank)) {
            problem.stage.lowest().activations = std::move(inputs);
        }
        if (sweeps) {
            read_activations(resumed_from_, problem.train, now, problem.placement.last(rank),
                             problem.stage);
        }
    });
}

// What the mini-batches and the steps of a run are made from.
bool decides_the_steps(const std::string& key) {
    return key == "train.batch" || key == "train.epochs" || key == "train.rounds" ||
           key == "train.seed" || key == "grid.block" || key == "weights.solver";
}

// The activations in a checkpoint belong to samples: the same ones must be there again, in the same order.
template <typename Scalar>
void Trainer<Scalar>::require_same_samples(const std::string& saved_ini) const {
    const ConfigText saved = read_resolved_ini(saved_ini);
    for (const auto& [key, value] : read_resolved_ini(options_.ini)) {
        const bool chooses = (key.starts_with("data.") && key != "data.path") ||
                             (key == "train.seed" && config_.validation > 0.0) ||
                             (config_.fit == Fit::batches && decides_the_steps(key));
        const auto before = saved.find(key);
        if (chooses && before != saved.end() && before->second != value) {
            throw UsageError(
                "the run cannot be resumed with " + key + " = " + value,
                "it was started with " + before->second + ", which makes it another run",
                "use the configuration of the run, or another --out");
        }
    }
}

// Where the file system has no room or is away for a while, rows wait in memory.
template <typename Scalar>
void Trainer<Scalar>::write_metrics(Needed needed) {
    agree(world_, [&] {
        if (!reports()) {
            unwritten_.clear();
            return;
        }
        lock_->renew();
        try {
            while (!unwritten_.empty()) {
                options_.directory.add_metrics(unwritten_.front(), config_.network.regression());
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

template <typename Scalar>
void Trainer<Scalar>::log(const std::string& text) const {
    try {
        options_.directory.add_log(time_stamp() + " " + text);
    } catch (const OutputError&) {  // the log is not worth a run
    }
}

template <typename Scalar>
void Trainer<Scalar>::note(const std::string& text) const {
    observer_.noted(text);
    log(text);
}

template <typename Scalar>
SweepRecord Trainer<Scalar>::record(Problem<Scalar>& problem, Method<Scalar>& method, Index index) {
    begin_activity_of(config_, "the evaluation after sweep", "the evaluation after epoch", index);
    method.settle();
    agree(world_, [&] { method.require_success(); });
    const PhaseTimes& now = method.times();
    const Energy own = method.energy();
    std::vector<double> sums{own.loss,
                             own.penalty,
                             own.ridge,
                             now.activations - times_before_.activations,
                             now.weights - times_before_.weights,
                             now.exchange - times_before_.exchange,
                             now.wait - times_before_.wait};
    times_before_ = now;
    const std::size_t first_shift = sums.size();
    sums.resize(first_shift + static_cast<std::size_t>(config_.network.layers()), 0.0);
    if (problem.peers.rank() == 0) {  // all shards of a stage say the same
        std::ranges::copy(method.shifts(), sums.begin() + static_cast<std::ptrdiff_t>(first_shift) +
                                               problem.stage.lowest().index);
    }
    world_.sum(std::span<double>(sums));
    log_shifts(std::span(sums).subspan(first_shift));
    const double ranks = world_.size();
    SweepRecord record;
    record.sweep = index;
    record.epochs = config_.fit == Fit::batches;
    record.seconds = progress_.seconds_training;
    record.energy = {sums[0], sums[1], sums[2]};
    record.times = {sums[3] / ranks, sums[4] / ranks, sums[5] / ranks, sums[6] / ranks};
    if (!std::isfinite(record.energy.objective())) {
        throw NumericalError(
            "the objective is not finite after " + config_.unit() + " " + std::to_string(index), "",
            config_.fit == Fit::sweeps
                ? std::string("the last checkpoint is good; use a larger weights.ridge") +
                      (config_.precision == Precision::single ? ", or train.precision = double"
                                                              : "")
                : std::string("the last checkpoint is good; use a smaller weights.step"))
            .as_agreed();
    }
    const ForwardPass<Scalar> forward(config_.network, world_, problem.placement, problem.stage);
    const auto output =
        make_output_block<Scalar>(config_.network.output, config_.formulation.output_lambda());
    method.swap_weights();
    record.train = method.evaluate_training(forward, *output);
    if (problem.validation.blocks.samples() > 0) {
        record.validation = evaluate(forward, config_.network, *output, world_, problem.validation);
    }
    if (problem.test.blocks.samples() > 0) {
        record.test = evaluate(forward, config_.network, *output, world_, problem.test);
    }
    method.swap_weights();
    return record;
}

// Once for each layer. The first sweeps' activations may be singular where later ones are not.
template <typename Scalar>
void Trainer<Scalar>::log_shifts(std::span<const double> shifts) {
    summary_.shifts.resize(shifts.size(), 0.0);
    for (std::size_t l = 0; l < shifts.size(); ++l) {
        if (reports() && shifts[l] > 0.0 && summary_.shifts[l] == 0.0) {
            log("the inputs of layer " + std::to_string(l) +
                " depend on one another to the precision of " +
                (config_.precision == Precision::single ? "float" : "double") +
                " (or are more than the samples): each diagonal entry of their Gram matrix is "
                "raised by " +
                to_text(shifts[l]) + " of itself, as a larger weights.ridge would");
        }
        summary_.shifts[l] = shifts[l];
    }
}

template <typename Scalar>
bool Trainer<Scalar>::stops_here(const SweepRecord& record) {
    const auto& judged = record.test ? record.test : record.validation;
    if (config_.target_accuracy <= 0.0 || config_.network.regression() || !judged ||
        judged->accuracy < config_.target_accuracy) {
        return false;
    }
    if (!progress_.seconds_to_target) {
        progress_.seconds_to_target = progress_.seconds_training;
    }
    return true;
}

template <typename Scalar>
void Trainer<Scalar>::note_best(const SweepRecord& record) {
    if (record.test) {
        const double best = progress_.best_test.value_or(
            config_.network.regression() ? record.test->rmse : record.test->accuracy);
        progress_.best_test = config_.network.regression() ? std::min(best, record.test->rmse)
                                                           : std::max(best, record.test->accuracy);
    }
}

template <typename Scalar>
bool Trainer<Scalar>::checkpoint_due() const {
    const CheckpointOptions& options = config_.checkpoint;
    const bool by_count = options.every_sweeps > 0 && progress_.sweep % options.every_sweeps == 0;
    const bool by_time =
        options.every_seconds > 0.0 && wall_time() - last_checkpoint_ >= options.every_seconds;
    return by_count || by_time;
}

template <typename Scalar>
void Trainer<Scalar>::write_checkpoint(const Problem<Scalar>& problem, Method<Scalar>& method,
                                       Needed needed) {
    begin_activity_of(config_, "the checkpoint of sweep", "the checkpoint of epoch",
                      progress_.sweep);
    ModelHeader saved = header(problem);
    saved.checkpoint = true;
    saved.progress = progress_;
    const CheckpointState<Scalar> state = method.state();
    agree(world_, [&] {
        if (reports()) {
            lock_->renew();
            options_.directory.settle_metrics();
        }
    });
    try {
        write_model(options_.directory.checkpoint(progress_.sweep), saved, world_,
                    problem.placement, problem.stage, &state);
        if (reports()) {
            options_.directory.remove_old_checkpoints(config_.checkpoint.keep);
        }
        saved_ = true;
    } catch (const Error& error) {
        if (config_.checkpoint.required || needed == Needed::always ||
            error.status() != ExitStatus::output) {
            throw;
        }
        if (reports()) {
            note("warning: no checkpoint after " + config_.unit() + " " +
                 std::to_string(progress_.sweep) + ": " + error.what());
        }
    }
    last_checkpoint_ = wall_time();
}

template <typename Scalar>
void Trainer<Scalar>::fill_summary(const Problem<Scalar>& problem, const SweepRecord& last) {
    summary_.last = last;
    summary_.best_test = progress_.best_test;
    summary_.seconds_training = progress_.seconds_training;
    summary_.seconds_total = world_.max(wall_time() - started_);
    summary_.target_set = config_.target_accuracy > 0.0;
    summary_.seconds_to_target = progress_.seconds_to_target;
    summary_.ranks = world_.size();
    for (int stage = 0; stage < problem.placement.grid.stages(); ++stage) {
        summary_.shards.push_back(problem.placement.grid.shards(stage));
    }
    summary_.layers = problem.placement.layers;
    summary_.bytes_sent = progress_.bytes_sent;
    const PhaseTimes& own = times_before_;
    const auto activations = world_.gather_all(own.activations);
    const auto weights = world_.gather_all(own.weights);
    const auto exchange = world_.gather_all(own.exchange);
    const auto wait = world_.gather_all(own.wait);
    double waited = 0.0;
    double all = 0.0;
    for (std::size_t rank = 0; rank < wait.size(); ++rank) {
        summary_.times.push_back({activations[rank], weights[rank], exchange[rank], wait[rank]});
        waited += summary_.times.back().wait;
        all += summary_.times.back().total();
    }
    summary_.idle_fraction = all > 0.0 ? waited / all : 0.0;
    summary_.peak_memory = world_.max(peak_resident_memory());
    summary_.seed = config_.seed;
}

template <typename Scalar>
void Trainer<Scalar>::finish(const Problem<Scalar>& problem) {
    begin_activity("the writing of the model");
    write_metrics(Needed::always);
    if (reports()) {
        options_.directory.settle_metrics();
    }
    write_model<Scalar>(options_.directory.model(), header(problem), world_, problem.placement,
                        problem.stage, nullptr);
    agree(world_, [&] {
        if (reports()) {
            options_.directory.write_summary(summary_, config_.network.regression());
            log("complete after " + std::to_string(progress_.sweep) + " " + config_.unit() + "s");
        }
    });
}

template <typename Scalar>
ModelHeader Trainer<Scalar>::header(const Problem<Scalar>& problem) const {
    ModelHeader header;
    header.network = config_.network;
    header.formulation = config_.formulation.name;
    header.config = options_.ini;
    header.class_names = problem.class_names;
    header.table = problem.table;
    header.standardization = problem.standardization;
    header.targets = problem.targets;
    header.created = time_stamp();
    header.version = HOIST_VERSION;
    return header;
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace hoist
