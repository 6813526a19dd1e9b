#include <csignal>
#include <cstdio>
#include <filesystem>

#include "commands.hpp"
#include "hoist/base/error.hpp"
#include "hoist/comm/agree.hpp"
#include "progress.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

volatile std::sig_atomic_t stop_signals = 0;

// The first signal asks for an orderly stop after the sweep at hand; a second interrupt from the keyboard ends the program
// at once. Other signals may come in pairs (a scheduler's USR1, then TERM) and must not cut off the checkpoint.
void on_signal(int signal) {
    if (stop_signals != 0 && signal == SIGINT) {
        std::signal(signal, SIG_DFL);
        std::raise(signal);
    }
    stop_signals = 1;
}

void catch_stop_signals() {
    for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
        std::signal(signal, on_signal);
    }
}

template <typename Scalar>
ExitStatus train(const Config& config, const Communicator& world, const RunOptions& options,
                 int threads, bool quiet) {
    ProgressPrinter printer(config, threads, quiet);
    Trainer<Scalar> trainer(config, world, options, printer);
    const Outcome outcome = trainer();
    const bool prints = world.rank() == 0;
    const std::string directory = options.directory.path().string();
    if (outcome == Outcome::already_complete) {
        if (prints) {
            std::printf("the run in %s is complete; nothing to resume\n", directory.c_str());
        }
        return ExitStatus::done;
    }
    if (prints) {
        printer.closed(trainer.summary(), options.directory, outcome);
    }
    if (outcome != Outcome::complete) {
        if (prints) {
            std::fprintf(
                stderr,
                "hoist: stopped after %s %td of %td (%s); run again with "
                "--resume --out %s\n",
                config.unit().c_str(), trainer.summary().last.sweep, config.length(),
                outcome == Outcome::out_of_time ? "train.time_limit is over" : "on request",
                directory.c_str());
        }
        return ExitStatus::interrupted;
    }
    return ExitStatus::done;
}

}  // namespace

ExitStatus run_train(const Communicator& world, const Command& command,
                     const std::vector<std::string>& arguments) {
    po::options_description options("Options", 110);
    options.add_options()  //
        ("out", po::value<std::string>(),
         "run directory [run-NAME, after the configuration's file name]")  //
        ("resume", "go on from the last checkpoint in the run directory")  //
        ("overwrite", "replace what is in the run directory")              //
        ("threads", po::value<int>()->default_value(0),
         "BLAS threads per rank; 0: OPENBLAS_NUM_THREADS, or cores / ranks")  //
        ("quiet", "only the closing table");
    CommandLine line(command, options, {"CONFIG"}, CommandLine::Keys::all);
    agree(world, [&] { line.parse(arguments); });
    if (line.help_wanted()) {
        return show_help(world, line);
    }
    const std::string file = line.get<std::vector<std::string>>("argument").front();
    const auto [config, ini] = read_config(world, file, line.keys());
    agree(world, [&] {
        if (line.has("resume") && line.has("overwrite")) {
            throw UsageError("--resume and --overwrite exclude each other", "", "give one of them");
        }
    });
    RunOptions run{
        RunDirectory(line.has("out") ? line.get<std::string>("out")
                                     : "run-" + std::filesystem::path(file).stem().string()),
        Existing::refuse, ini, [] { return stop_signals != 0; }};
    if (line.has("resume")) {
        run.existing = Existing::resume;
    } else if (line.has("overwrite")) {
        run.existing = Existing::overwrite;
    }
    catch_stop_signals();
    const int threads = use_threads(world, line.get<int>("threads"));
    const bool quiet = line.has("quiet");
    return config.precision == Precision::single
               ? train<float>(config, world, run, threads, quiet)
               : train<double>(config, world, run, threads, quiet);
}

}  // namespace hoist
