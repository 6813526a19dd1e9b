#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "commands.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/io/directory_lock.hpp"
#include "hoist/problem/placement.hpp"
#include "hoist/problem/problem.hpp"
#include "search.hpp"
#include "standard_streams.hpp"
#include "stop_signals.hpp"
#include "tune_report.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

po::options_description tune_options() {
    po::options_description options("Options", 110);
    options.add_options()  //
        ("trials", po::value<Index>()->default_value(20),
         "configurations to try; what to search stands under [tune] in CONFIG, as key = LOW HIGH "
         "[log] "
         "[integer]")("parallel", po::value<int>()->default_value(1),
                      "trials side by side, each on its share of the ranks")(
            "sampler", po::value<std::string>()->default_value("gp"),
            "gp (a Gaussian process of the trials so far, expected improvement) or random")(
            "stop", po::value<std::string>()->default_value("median"),
            "median (gives up trials that are worse than the median of others after half of their "
            "run) or never")(
            "out", po::value<std::string>(),
            "directory of the search [tune-NAME, after the configuration's file name]")(
            "resume", "go on with the search in the directory")("overwrite",
                                                                "replace what is in the directory")(
            "threads", po::value<int>()->default_value(0),
            "BLAS threads per rank; 0: OPENBLAS_NUM_THREADS, or cores / ranks")(
            "quiet", "only the closing table");
    return options;
}

std::size_t choice(const std::string& option, const std::string& given,
                   const std::vector<std::string>& choices) {
    const auto found = std::ranges::find(choices, given);
    if (found == choices.end()) {
        throw UsageError("--" + option + " " + given + " is unknown", "",
                         "use " + join(choices, " or "));
    }
    return static_cast<std::size_t>(found - choices.begin());
}

SearchOptions search_options(const CommandLine& line, int ranks) {
    SearchOptions options;
    options.trials = line.get<Index>("trials");
    options.parallel = line.get<int>("parallel");
    require_at_least("trials", options.trials, Index{1}, "give how many settings to try");
    if (options.parallel < 1 || options.parallel > ranks) {
        throw UsageError(
            "--parallel " + std::to_string(options.parallel) + " cannot work",
            "there are " + std::to_string(ranks) + " ranks, and every trial needs one of its own",
            "give 1 to " + std::to_string(ranks) + ", or start more ranks");
    }
    options.sampler = static_cast<SearchOptions::Sampler>(
        choice("sampler", line.get<std::string>("sampler"), {"gp", "random"}));
    options.stop = static_cast<SearchOptions::Stop>(
        choice("stop", line.get<std::string>("stop"), {"median", "never"}));
    if (line.has("resume") && line.has("overwrite")) {
        throw UsageError("--resume and --overwrite exclude each other", "", "give one of them");
    }
    return options;
}

/// The samples that trials are compared by. @throws as open_training_data and place, and
/// UsageError where there are none.
Index validation_samples(const Config& config, int ranks_of_a_trial) {
    if (config.validation == 0.0) {
        throw UsageError("data.validation is 0",
                         "trials are compared by validation figures, never by the test part",
                         "set data.validation = 0.1");
    }
    if (config.length() < 1) {
        throw UsageError("train." + config.unit() + "s is 0",
                         "a trial that trains nothing has no figure", "set it to at least 1");
    }
    place(layer_costs(config), config.grid, ranks_of_a_trial);
    const DataParts data = open_training_data(config);
    return std::ssize(
        split_samples(data.train->samples(), config.limit, config.validation, config.seed)
            .validation);
}

// A search goes on with what gave its figures; where it runs, and for how long, may change.
void require_same_search(const std::string& saved_ini, const std::string& ini) {
    const ConfigText saved = read_resolved_ini(saved_ini);
    const ConfigText given = read_resolved_ini(ini);
    const auto value = [](const ConfigText& text, const std::string& key) {
        const auto found = text.find(key);
        return found == text.end() ? "nothing" : found->second;
    };
    for (const ConfigText* keys : {&given, &saved}) {
        for (const auto& entry : *keys) {
            const std::string& key = entry.first;
            const bool may_change = key == "data.path" || key == "train.time_limit" ||
                                    key.starts_with("grid.") || key.starts_with("checkpoint.");
            if (!may_change && value(saved, key) != value(given, key)) {
                throw UsageError(
                    "the search cannot be resumed with " + key + " = " + value(given, key),
                    "it was started with " + value(saved, key),
                    "use the configuration of the search, or another --out");
            }
        }
    }
}

// Those that were given up are not among them: they lost to the median.
std::vector<const Trial*> best_first(const std::vector<Trial>& trials, Figure figure) {
    std::vector<const Trial*> best;
    for (const Trial& trial : trials) {
        if (trial.state == Trial::State::complete) {
            best.push_back(&trial);
        }
    }
    std::ranges::stable_sort(best, {},
                             [&](const Trial* trial) { return error_of(figure, trial->figure()); });
    return best;
}

bool is_running(const Trial& trial) { return trial.state == Trial::State::running; }

}  // namespace

CommandSyntax tune_syntax() { return {tune_options(), {"CONFIG"}, CommandSyntax::Keys::all}; }

ExitStatus run_tune(const Communicator& world, const CommandLine& line) {
    const double begun = wall_time();
    const std::filesystem::path file = line.get<std::vector<std::string>>("argument").front();
    const auto [config, ini] = read_config(world, file, line.keys());
    const Figure figure = figure_of(config.network);

    SearchOptions options;
    std::optional<SearchSpace> space;
    double least_error = 1e-12;
    agree(world, [&] {
        options = search_options(line, world.size());
        space.emplace(read_resolved_ini(ini));
        const Index samples = validation_samples(config, world.size() / options.parallel);
        if (figure == Figure::accuracy) {
            least_error = 50.0 / static_cast<double>(samples);  // half a sample
        }
    });
    use_threads(world, line.get<int>("threads"));

    const SearchDirectory directory(
        line.has("out") ? line.get<std::string>("out") : "tune-" + file.stem().string(), *space,
        figure);
    const std::string path = directory.path().string();
    std::vector<Trial> trials;
    std::optional<DirectoryLock> lock;
    agree(world, [&] {
        if (world.rank() == 0) {
            if (line.has("resume")) {
                directory.read_config();  // nothing is made where there is none
                lock.emplace(directory.path());
                require_same_search(directory.read_config(), ini);
            } else {
                lock.emplace(directory.path());
                directory.prepare(line.has("overwrite") ? Existing::overwrite : Existing::refuse,
                                  ini);
            }
        }
    });
    const bool prints = world.rank() == 0;
    if (prints && !lock->missing().empty()) {
        std::fprintf(stderr,
                     "hoist: warning: %s cannot be locked (%s); see that no other process writes "
                     "into it\n",
                     path.c_str(), lock->missing().c_str());
    }
    if (line.has("resume")) {
        trials = directory.read_trials(world);
        if (std::ssize(trials) >= options.trials && std::ranges::none_of(trials, is_running) &&
            world.max(prints && exists(directory.best()) ? 1.0 : 0.0) > 0.0) {
            if (prints) {
                std::printf("the search in %s is complete; nothing to resume\n", path.c_str());
                send_output();
            }
            return ExitStatus::done;
        }
    }

    const TuneReport report(config, *space, directory, options.trials);
    const bool quiet = line.has("quiet");
    const auto out_of_time = [&] {
        return config.time_limit > 0.0 && wall_time() - begun >= config.time_limit;
    };
    options.interrupted = [&] { return stop_signal_came() || out_of_time(); };
    options.ended = [&](const Trial& trial) {
        if (!quiet) {
            report.ended(trial);
        }
    };
    Search search(config, *space, directory, world, options, least_error);
    if (!search(trials)) {
        if (prints) {
            const auto done = std::ssize(trials) - std::ranges::count_if(trials, is_running);
            std::fprintf(
                stderr,
                "hoist: stopped after %td of %td trials (%s); run again with --resume --out %s\n",
                done, options.trials, out_of_time() ? "train.time_limit is over" : "on request",
                path.c_str());
        }
        return ExitStatus::interrupted;
    }
    const std::vector<const Trial*> best = best_first(trials, figure);
    agree(world, [&] {
        if (best.empty()) {
            throw NumericalError("no trial came to its end",
                                 "all " + std::to_string(trials.size()) + " diverged",
                                 "search smaller steps, more ridge or damping");
        }
        if (prints) {
            report.closed(best);
        }
    });
    return ExitStatus::done;
}

}  // namespace hoist
