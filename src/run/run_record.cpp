#include "hoist/run/run_record.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <sstream>

namespace hoist {

namespace {

nlohmann::json optional_json(const std::optional<double>& value) {
    return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

std::string host_name() {
    std::array<char, 256> name{};
    gethostname(name.data(), name.size() - 1);
    return name.data();
}

}  // namespace

std::string metrics_header(Figure judged) {
    const std::string figure = to_text(judged);
    return "sweep,epoch,seconds,objective,penalty,loss,train_" + figure + ",validation_" + figure +
           ",test_" + figure +
           ",seconds_activations,seconds_weights,seconds_exchange,seconds_wait,bytes_sent,residual,"
           "always_on,always_off,lambda,violation,cosine,passes,energy,rejected" +
           (judged == Figure::psnr ? ",train_ssim,validation_ssim,test_ssim" : "") + "\n";
}

std::string metrics_row(const SweepRecord& record, Figure judged) {
    std::ostringstream row;
    row.precision(9);
    const auto figure = [&](std::optional<double> value) {
        row << ',';
        if (value) {
            row << *value;
        }
    };
    const std::string number = std::to_string(record.sweep);
    row << (record.epochs ? "," + number : number + ",") << ',' << record.seconds << ','
        << record.energy.objective() << ',' << record.energy.penalty << ',' << record.energy.loss;
    for (const auto& evaluation : {record.train, record.validation, record.test}) {
        figure(evaluation ? std::optional(evaluation->value(judged)) : std::nullopt);
    }
    row << ',' << record.times.activations << ',' << record.times.weights << ','
        << record.times.exchange << ',' << record.times.wait << ','
        << static_cast<std::int64_t>(record.bytes_sent);
    figure(record.lift.residual);
    for (double Evaluation::*const share : {&Evaluation::always_on, &Evaluation::always_off}) {
        figure(record.train ? std::optional((*record.train).*share) : std::nullopt);
    }
    const Lift& lift = record.lift;
    for (const auto& value :
         {lift.lambda, lift.violation, lift.cosine, lift.passes, lift.energy, lift.rejected}) {
        figure(value);
    }
    if (judged == Figure::psnr) {
        for (const auto& evaluation : {record.train, record.validation, record.test}) {
            figure(evaluation ? std::optional(evaluation->ssim) : std::nullopt);
        }
    }
    row << '\n';
    return row.str();
}

std::string summary_text(const RunSummary& summary, Figure judged) {
    const auto figure = [&](const std::optional<Evaluation>& evaluation) {
        return evaluation ? nlohmann::json(evaluation->value(judged)) : nlohmann::json(nullptr);
    };
    const std::string name = to_text(judged);
    nlohmann::ordered_json json;
    json["test_" + name] = figure(summary.last.test);
    json["train_" + name] = figure(summary.last.train);
    json["validation_" + name] = figure(summary.last.validation);
    json["best_test_" + name] = optional_json(summary.best_test);
    if (judged == Figure::psnr) {
        const auto similarity = [](const std::optional<Evaluation>& evaluation) {
            return evaluation ? nlohmann::json(evaluation->ssim) : nlohmann::json(nullptr);
        };
        json["test_ssim"] = similarity(summary.last.test);
        json["train_ssim"] = similarity(summary.last.train);
        json["validation_ssim"] = similarity(summary.last.validation);
    }
    json["objective"] = summary.last.energy.objective();
    const Lift& lift = summary.last.lift;
    json["lambda"] = optional_json(lift.lambda);
    json["residual"] = optional_json(lift.residual);
    json["violation"] = optional_json(lift.violation);
    json["cosine"] = optional_json(lift.cosine);
    json["passes"] = optional_json(lift.passes);
    json["energy"] = optional_json(lift.energy);
    json["rejected"] = optional_json(lift.rejected);
    if (summary.lipschitz) {
        json["lipschitz"] = *summary.lipschitz;
        json["median_radius"] = optional_json(summary.median_radius);
    }
    const auto& train = summary.last.train;
    json["always_on"] = train ? nlohmann::json(train->always_on) : nullptr;
    json["always_off"] = train ? nlohmann::json(train->always_off) : nullptr;
    json["seconds_training"] = summary.seconds_training;
    json["seconds_total"] = summary.seconds_total;
    json["sweeps"] = nullptr;
    json["epochs"] = nullptr;
    json[summary.last.epochs ? "epochs" : "sweeps"] = summary.last.sweep;
    json["ranks"] = summary.ranks;
    json["stages"] = summary.shards.size();
    json["shards"] = summary.shards;
    json["stage_layers"] = nlohmann::json::array();
    for (const Range layers : summary.layers) {
        json["stage_layers"].push_back({layers.begin, layers.end});
    }
    json["bytes_sent"] = static_cast<std::int64_t>(summary.bytes_sent);
    json["idle_fraction"] = summary.idle_fraction;
    json["idle_seconds"] = nlohmann::json::array();
    json["phase_seconds"] = nlohmann::json::array();
    for (const PhaseTimes& times : summary.times) {
        json["idle_seconds"].push_back(times.wait);
        json["phase_seconds"].push_back({{"activations", times.activations},
                                         {"weights", times.weights},
                                         {"exchange", times.exchange},
                                         {"wait", times.wait}});
    }
    if (std::ranges::any_of(summary.shifts, [](double shift) { return shift > 0.0; })) {
        json["ridge_shifts"] = summary.shifts;
    }
    json["peak_memory"] = static_cast<std::int64_t>(summary.peak_memory);
    if (summary.target_set) {
        json["seconds_to_target"] = optional_json(summary.seconds_to_target);
    }
    json["host"] = host_name();
    json["version"] = HOIST_VERSION;
    json["seed"] = summary.seed;
    return json.dump(2) + "\n";
}

}  // namespace hoist
