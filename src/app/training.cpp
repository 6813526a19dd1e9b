#include "training.hpp"

#include <cstdio>
#include <filesystem>

#include "hoist/base/error.hpp"
#include "hoist/comm/agree.hpp"
#include "kernels.hpp"
#include "progress.hpp"
#include "standard_streams.hpp"
#include "stop_signals.hpp"
#include "trials.hpp"
#include "watchdog.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

template <typename Scalar>
ExitStatus train(const Config& config, const Communicator& world, const RunOptions& options,
                 int threads, bool quiet) {
    ProgressPrinter printer(config, threads, quiet);
    Trainer<Scalar> trainer(config, world, options, printer);
    const Outcome outcome = trainer();
    const bool prints = world.rank() == 0;
    const std::string directory = options.directory->path().string();
    if (outcome == Outcome::already_complete) {
        if (prints) {
            std::printf("the run in %s is complete; nothing to resume\n", directory.c_str());
            send_output();
        }
        return ExitStatus::done;
    }
    if (prints) {
        printer.closed(trainer.summary(), *options.directory, outcome);
    }
    if (outcome != Outcome::complete) {
        if (prints) {
            const Progress& progress = trainer.progress();
            const bool within = progress.batch > 0;
            const char* over = trainer.has_advanced()
                                   ? "train.time_limit is over"
                                   : "train.time_limit is over before the first step: raise it";
            std::fprintf(stderr,
                         "hoist: stopped %s %s %td of %td (%s); run again with "
                         "--resume --out %s\n",
                         within ? "within" : "after", config.unit().c_str(),
                         progress.sweep + (within ? 1 : 0), config.length(),
                         outcome == Outcome::out_of_time ? over : "on request", directory.c_str());
        }
        return ExitStatus::interrupted;
    }
    return ExitStatus::done;
}

}  // namespace

boost::program_options::options_description training_options() {
    po::options_description options("Options", 110);
    options.add_options()  //
        ("out", po::value<std::string>(),
         "run directory [run-NAME, after the configuration's file name]")  //
        ("resume", "go on from the last checkpoint in the run directory")  //
        ("overwrite", "replace what is in the run directory")              //
        ("threads", po::value<int>()->default_value(0),
         "BLAS threads per rank; 0: OPENBLAS_NUM_THREADS, or cores / ranks")  //
        ("quiet", "only the closing table");
    return options;
}

ExitStatus run_training(const Communicator& world, const CommandLine& line,
                        const GivenConfig& given) {
    agree(world, [&] {
        if (line.has("resume") && line.has("overwrite")) {
            throw UsageError("--resume and --overwrite exclude each other", "", "give one of them");
        }
    });
    const std::filesystem::path file = line.get<std::vector<std::string>>("argument").front();
    RunOptions run{RunDirectory(line.has("out") ? line.get<std::string>("out")
                                                : "run-" + file.stem().string()),
                   Existing::refuse, given.ini, stop_signal_came, kernels_text()};
    if (line.has("resume")) {
        run.existing = Existing::resume;
    } else if (line.has("overwrite")) {
        run.existing = Existing::overwrite;
    }
    agree(world, [&] {
        if (world.rank() == 0) {
            refuse_trial_of_running_search(run.directory->path());
        }
    });
    const int threads = use_threads(world, line.get<int>("threads"));
    const bool quiet = line.has("quiet");
    const Watchdog watchdog(given.config.watchdog, world.rank());
    return given.config.precision == Precision::single
               ? train<float>(given.config, world, run, threads, quiet)
               : train<double>(given.config, world, run, threads, quiet);
}

}  // namespace hoist
