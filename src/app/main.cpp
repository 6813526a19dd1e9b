#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "commands.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "kernels.hpp"
#include "man_page.hpp"
#include "standard_streams.hpp"
#include "stop_signals.hpp"

namespace hoist {
namespace {

void print_help() {
    std::cout << "hoist trains lifted neural networks on many processors: every rank owns layers "
                 "and samples.\n\n"
                 "usage: hoist COMMAND ...        alone, or under mpirun or srun\n\n";
    for (const Command& command : commands()) {
        std::cout << "  " << command.name << std::string(12 - command.name.size(), ' ')
                  << command.summary << '\n';
    }
    std::cout << "\n  hoist COMMAND --help shows the options of a command, hoist --version the "
                 "version, hoist --man the manual.\n";
}

ExitStatus dispatch(const Communicator& world, const std::vector<std::string>& arguments) {
    require_equal(world, join(arguments, "\n"), "the ranks were started with different arguments");
    agree(world, require_right_results);
    const std::string name = arguments.empty() ? "--help" : arguments.front();
    const bool prints = world.rank() == 0;
    if (name == "--help" || name == "-h" || name == "help") {
        if (prints) {
            print_help();
        }
        return ExitStatus::done;
    }
    if (name == "--version") {
        if (prints) {
            std::cout << "hoist " HOIST_VERSION "\n"
                      << kernels_text() << ", " << to_text<float>(measure_core<float>()) << '\n';
        }
        return ExitStatus::done;
    }
    if (name == "--man") {
        if (prints) {
            std::cout << man_page();
        }
        return ExitStatus::done;
    }
    const auto found = std::ranges::find(commands(), name, &Command::name);
    agree(world, [&] {
        if (found == commands().end()) {
            std::vector<std::string> names;
            std::ranges::transform(commands(), std::back_inserter(names), &Command::name);
            const auto meant = nearest(name, names);
            throw UsageError(
                "hoist has no command " + name, "",
                meant ? "did you mean " + *meant + "?" : "`hoist --help` lists the commands");
        }
    });
    CommandLine line(*found);
    agree(world, [&] { line.parse({arguments.begin() + 1, arguments.end()}); });
    if (line.help_wanted()) {
        if (prints) {
            std::cout << line.help();
        }
        return ExitStatus::done;
    }
    return found->run(world, line);
}

bool stops_in_order(const std::vector<std::string>& arguments) {
    const auto found = arguments.empty()
                           ? commands().end()
                           : std::ranges::find(commands(), arguments.front(), &Command::name);
    return found != commands().end() && found->on_signal == OnSignal::stops_in_order;
}

/// Before MPI starts, which takes a while on many ranks.
void set_signals(const std::vector<std::string>& arguments) {
    report_file_limits_as_errors();
    if (stops_in_order(arguments)) {
        catch_stop_signals();
        outlive_readers();
    }
}

/// What a command prints is all that it does, but for a run, which goes on without.
ExitStatus run(const Communicator& world, const std::vector<std::string>& arguments) {
    const ExitStatus status = dispatch(world, arguments);
    agree(world, [&] {
        if (world.rank() == 0 && !stops_in_order(arguments)) {
            finish_output();
        }
    });
    return status;
}

/// What of the error is said; a defect is nothing that its reader can mend.
std::string told(const Error& error) {
    const std::string text = error.what();
    return error.status() == ExitStatus::defect && text.find("report it") == std::string::npos
               ? "hoist has a defect (" + text +
                     "); please report it with the command that shows it"
               : text;
}

/// Ends the job on every rank: the others may be waiting for this one.
[[noreturn]] void end_all(const Communicator& world, const std::string& message,
                          ExitStatus status) {
    std::cout << std::flush;
    std::fprintf(stderr, "hoist: rank %d: %s\n", world.rank(), message.c_str());
    abort_all(static_cast<int>(status));
}

}  // namespace
}  // namespace hoist

int main(int argc, char** argv) {
    using namespace hoist;
    take_right_kernels(argv);
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    occupy_closed_streams();
    set_signals(arguments);
    const MpiEnvironment environment(&argc, &argv);
    const Communicator world = Communicator::world();
    try {
        if (const std::string warning = kernels_warning(); world.rank() == 0 && !warning.empty()) {
            std::fprintf(stderr, "hoist: %s\n", warning.c_str());
        }
        return static_cast<int>(run(world, arguments));
    } catch (const Error& error) {
        if (!error.agreed()) {
            end_all(world, told(error), error.status());
        }
        if (world.rank() == 0) {
            std::cout << std::flush;
            std::fprintf(stderr, "hoist: %s\n", told(error).c_str());
        }
        return static_cast<int>(error.status());
    } catch (const std::bad_alloc&) {
        end_all(world, "out of memory; use more ranks or nodes, `hoist plan` shows what each needs",
                ExitStatus::system);
    } catch (const std::exception& error) {
        end_all(world, std::string("an unexpected error (") + error.what() + "); please report it",
                ExitStatus::defect);
    }
}
