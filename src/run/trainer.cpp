#include "hoist/run/trainer.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "hoist/base/error.hpp"
#include "hoist/base/memory.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "measurement.hpp"
#include "recorder.hpp"
#include "resume.hpp"

namespace hoist {

namespace {

using Needed = Recorder::Needed;

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

}  // namespace

template <typename Scalar>
Trainer<Scalar>::Trainer(const Config& config, const Communicator& world, const RunOptions& options,
                         TrainObserver& observer)
    : config_(config),
      world_(world),
      options_(options),
      observer_(observer),
      started_(wall_time()) {}

template <typename Scalar>
Outcome Trainer<Scalar>::operator()() {
    Recorder recorder(config_, world_, options_, observer_);
    if (recorder.is_complete()) {
        return Outcome::already_complete;
    }
    recorder.own_if_there();
    if (recorder.is_complete()) {  // by a process that has owned it until now
        return Outcome::already_complete;
    }
    begin_activity("the reading of the data");
    problem_.emplace(make_problem<Scalar>(
        config_, world_,
        options_.directory
            ? unit_of_targets(config_, world_, *options_.directory, options_.existing)
            : TargetUnit::standardized));
    Problem<Scalar>& problem = *problem_;
    recorder.prepare();
    std::filesystem::path checkpoint;
    if (options_.existing == Existing::resume) {
        begin_activity("the reading of the checkpoint");
        checkpoint = find_checkpoint(*options_.directory, world_,
                                     [&](const std::string& text) { recorder.note(text); });
        agree(world_, [&] {
            progress_ = resumed_progress(checkpoint, config_, options_.ini);
            problem.stage.weights =
                read_weights<Scalar>(checkpoint, config_.network, problem.stage.layers);
        });
        recorder.set_saved(true);
    }
    recorder.start(problem.placement, problem.train.blocks.samples(), progress_.sweep,
                   problem.remarks);

    begin_activity("the start");
    const double begun = wall_time();
    std::unique_ptr<Method<Scalar>> method;
    exchange_and_agree(world_, [&] {
        // A failure is the same on every shard of a stage, and the stages do not wait for one
        // another.
        method = make_method<Scalar>(config_, world_, problem);
    });
    exchange_and_agree(world_, [&] { method->begin(checkpoint, progress_); });
    progress_.seconds_training += world_.max(wall_time() - begun);

    Measurement<Scalar> measure(config_, world_, problem, *method);
    const auto figures = [&] {
        SweepRecord record = measure(progress_.sweep);
        record.seconds = progress_.seconds_training;
        log_shifts(recorder, measure.shifts());
        return record;
    };
    SweepRecord last = figures();
    if (config_.fit == Fit::batches && last.train) {
        last.energy.loss = last.train->loss;  // nothing has been trained yet
    }
    const auto write_checkpoint = [&](Needed needed) {
        ModelHeader saved = header();
        saved.checkpoint = true;
        saved.progress = progress_;
        recorder.write_checkpoint(saved, problem.placement, problem.stage, method->state(), needed);
    };
    Outcome outcome = Outcome::complete;
    while (progress_.sweep < config_.length() && !stops_here(last)) {
        if (const std::optional<Outcome> stopping = stop()) {
            if (!recorder.saved()) {
                write_checkpoint(Needed::always);
            }
            recorder.write_metrics(Needed::if_required);
            outcome = *stopping;
            break;
        }
        recorder.set_saved(false);
        advance(*method, recorder);
        if (progress_.batch == 0) {
            last = figures();
            if (const auto& judged = last.validation ? last.validation : last.train) {
                method->note(*judged, progress_);
            }
            last.bytes_sent = std::exchange(bytes_of_record_, 0.0);
            note_best(last);
            warn_of_residual(recorder, last.lift);
            recorder.add(last);
            recorder.write_metrics(Needed::if_required);
            if (recorder.reports()) {
                observer_.swept(last);
            }
        }
        if (recorder.checkpoint_due(progress_)) {
            write_checkpoint(Needed::if_required);
        }
    }
    method->settle();
    fill_summary(last, measure.times());
    if (outcome == Outcome::complete) {
        method->swap_weights();
        if (config_.formulation.is_lrrn()) {
            measure.certify(summary_);
        }
        recorder.finish(header(), problem.placement, problem.stage, summary_);
    }
    return outcome;
}

// A sweep or an epoch, or the part of an epoch up to a stop or a checkpoint.
template <typename Scalar>
void Trainer<Scalar>::advance(Method<Scalar>& method, const Recorder& recorder) {
    begin_activity(config_.fit == Fit::sweeps ? "sweep" : "epoch", progress_.sweep + 1);
    const auto sent = [&] {
        return static_cast<double>(world_.bytes_sent() + problem_->peers.bytes_sent());
    };
    has_advanced_ = true;
    const double sent_before = sent();
    const double begun = wall_time();
    method.advance(progress_, [&] { return stop().has_value() || recorder.checkpoint_overdue(); });
    const double seconds = wall_time() - begun;
    const double bytes = sent() - sent_before;
    progress_.seconds_training += world_.max(seconds);
    const double all_bytes = world_.sum(bytes);
    bytes_of_record_ += all_bytes;
    progress_.bytes_sent += all_bytes;
}

// Whether to stop, and why: the same answer on every rank.
template <typename Scalar>
std::optional<Outcome> Trainer<Scalar>::stop() const {
    const bool out_of_time = config_.time_limit > 0.0 && world_.rank() == 0 &&
                             wall_time() - started_ >= config_.time_limit;
    const double asked = options_.stop_requested() ? 2.0 : 0.0;
    const double reason = world_.max(std::max(asked, out_of_time ? 1.0 : 0.0));
    if (reason == 0.0) {
        return std::nullopt;
    }
    return reason > 1.0 ? Outcome::stopped_on_request : Outcome::out_of_time;
}

// Once for each layer. The first sweeps' activations may be singular where later ones are not.
template <typename Scalar>
void Trainer<Scalar>::log_shifts(Recorder& recorder, std::span<const double> shifts) {
    summary_.shifts.resize(shifts.size(), 0.0);
    for (std::size_t l = 0; l < shifts.size(); ++l) {
        if (recorder.reports() && shifts[l] > 0.0 && summary_.shifts[l] == 0.0) {
            recorder.log(
                "the inputs of layer " + std::to_string(l) +
                " depend on one another to the precision of " + to_text(config_.precision) +
                " (or are more than the samples): each diagonal entry of their Gram matrix is "
                "raised by " +
                to_text(shifts[l]) + " of itself, as a larger weights.ridge would");
        }
        summary_.shifts[l] = shifts[l];
    }
}

// Once: activations that are said to be minimized together, and are not.
template <typename Scalar>
void Trainer<Scalar>::warn_of_residual(Recorder& recorder, const Lift& lift) {
    constexpr double far = 0.5;
    constexpr double many = 0.1;
    const double residual = lift.residual.value_or(0.0);
    const double left_out = lift.rejected.value_or(0.0);
    if (config_.formulation.passes > 1 && (residual > far || left_out > many) && !warned_) {
        warned_ = true;
        if (recorder.reports()) {
            recorder.note(
                "warning: after the passes of epoch " + std::to_string(progress_.sweep) +
                " activations are not near their joint minimum (residual " + to_text(residual) +
                ", left out " + to_text(left_out) +
                " of the samples); a larger formulation.lambda, more formulation.passes or smaller "
                "steps bring them there");
        }
    }
}

template <typename Scalar>
bool Trainer<Scalar>::stops_here(const SweepRecord& record) {
    const auto& judged = record.test ? record.test : record.validation;
    const Figure figure = figure_of(config_.network);
    if (config_.target_accuracy <= 0.0 || (figure != Figure::accuracy && figure != Figure::psnr) ||
        !judged || judged->value(figure) < config_.target_accuracy) {
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
        const Figure figure = figure_of(config_.network);
        const double value = record.test->value(figure);
        const double best = progress_.best_test.value_or(value);
        progress_.best_test = error_of(figure, value) < error_of(figure, best) ? value : best;
    }
}

template <typename Scalar>
void Trainer<Scalar>::fill_summary(const SweepRecord& last, const PhaseTimes& times) {
    const Placement& placement = problem_->placement;
    summary_.last = last;
    summary_.best_test = progress_.best_test;
    summary_.seconds_training = progress_.seconds_training;
    summary_.seconds_total = world_.max(wall_time() - started_);
    summary_.target_set = config_.target_accuracy > 0.0;
    summary_.seconds_to_target = progress_.seconds_to_target;
    summary_.ranks = world_.size();
    for (int stage = 0; stage < placement.grid.stages(); ++stage) {
        summary_.shards.push_back(placement.grid.shards(stage));
    }
    summary_.layers = placement.layers;
    summary_.bytes_sent = progress_.bytes_sent;
    const auto activations = world_.gather_all(times.activations);
    const auto weights = world_.gather_all(times.weights);
    const auto exchange = world_.gather_all(times.exchange);
    const auto wait = world_.gather_all(times.wait);
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
ModelHeader Trainer<Scalar>::header() const {
    const Problem<Scalar>& problem = *problem_;
    ModelHeader header;
    header.network = problem.stage.network;
    header.formulation = config_.formulation.name;
    header.config = options_.ini;
    header.lift = config_.data.lift;
    header.class_names = problem.class_names;
    header.table = problem.table;
    header.sample_shape = problem.sample_shape;
    header.standardization = problem.standardization;
    header.targets = problem.targets;
    header.created = time_stamp();
    header.version = HOIST_VERSION;
    header.trained = progress_.sweep;
    return header;
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace hoist
