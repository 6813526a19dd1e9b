#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/communicator.hpp"
#include "hoist/config/config.hpp"

namespace hoist {

/// What the signals of catch_stop_signals do to a command.
enum class OnSignal { ends, stops_in_order };

/// What a command takes beside --help.
struct CommandSyntax {
    /// Which configuration keys are options too.
    enum class Keys { none, data, all };

    boost::program_options::options_description options;
    /// Names of the arguments without a dash, in order; one in brackets may be missing, the last takes
    /// all that remain when it ends in "...", and words with | between them are those that it may be.
    std::vector<std::string> arguments;
    Keys keys = Keys::none;
};

/// These options and those that commands of its kind share: --help, and --set where there are keys to set.
boost::program_options::options_description options_of(const CommandSyntax& syntax);
/// The keys that are options, in their order.
std::vector<ConfigKey> keys_of(const CommandSyntax& syntax);

class CommandLine;

/// A command of the program.
struct Command {
    std::string name;
    /// What --help shows of the command: its arguments, and one line on what it does.
    std::string arguments;
    std::string summary;
    CommandSyntax (*syntax)();
    /// Collective over the world.
    ExitStatus (*run)(const Communicator& world, const CommandLine& line);
    OnSignal on_signal = OnSignal::ends;
};

/// The options of a command, read from its arguments.
class CommandLine {
  public:
    explicit CommandLine(const Command& command);

    /// @throws UsageError for an unknown option (with the nearest) or a missing or surplus
    /// argument.
    void parse(const std::vector<std::string>& arguments);

    bool help_wanted() const { return values_.count("help") > 0; }
    std::string help() const;

    bool has(const std::string& name) const { return values_.count(name) > 0; }
    template <typename Value>
    Value get(const std::string& name) const {
        return values_[name].as<Value>();
    }
    /// The configuration keys given, as --section.key=value or --set section.key=value.
    const ConfigText& keys() const { return keys_; }

  private:
    [[noreturn]] void refuse_option(const std::string& option,
                                    const std::vector<std::string>& names) const;

    const Command& command_;
    CommandSyntax syntax_;
    boost::program_options::options_description visible_;
    boost::program_options::options_description hidden_;
    boost::program_options::variables_map values_;
    ConfigText keys_;
};

/// @throws UsageError unless the option's `value` is at least `least`. @param advice what to give instead.
template <typename Number>
void require_at_least(const std::string& option, Number value, Number least,
                      const std::string& advice) {
    if (!(value >= least)) {
        throw UsageError(
            "--" + option + " " + to_text(static_cast<double>(value)) + " is not valid",
            "it must be at least " + to_text(static_cast<double>(least)), advice);
    }
}

/// @throws UsageError unless `rule` is feedforward or lifted.
void require_rule(const std::string& rule);

/// A configuration as a command gets it: the file, with the keys of the command line in the place
/// of the file's.
struct GivenConfig {
    Config config;
    /// With all defaults, as in config.ini.
    std::string ini;
};

/// Collective: rank 0 reads `file` (empty: there is none), every rank parses it. @param values
/// defaults other than those of the keys. @throws MissingError, UsageError on every rank.
GivenConfig read_config(const Communicator& world, const std::string& file, const ConfigText& keys,
                        ConfigText values = {});

/// The keys and values of an INI text. @throws UsageError where it is malformed.
ConfigText parse_ini(const std::string& text, const std::string& name);

/// Sets the BLAS threads of this rank: `threads` if not 0, otherwise OPENBLAS_NUM_THREADS,
/// otherwise the node's cores divided by its ranks. Collective. @return the number.
int use_threads(const Communicator& world, int threads);

}  // namespace hoist
