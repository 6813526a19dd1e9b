#include "command_line.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/config/familiar_keys.hpp"
#include "hoist/math/blas.hpp"

namespace hoist {

namespace po = boost::program_options;

namespace {

constexpr unsigned help_width = 110;

po::options_description key_options(const CommandSyntax& syntax) {
    po::options_description options(
        syntax.keys == CommandSyntax::Keys::data ? "Data" : "Configuration keys", help_width);
    for (const ConfigKey& key : keys_of(syntax)) {
        const std::string shown = key.default_text.empty() ? "" : " [" + key.default_text + "]";
        options.add_options()(key.name.c_str(), po::value<std::string>(),
                              (key.help + shown).c_str());
    }
    return options;
}

std::string without_dashes(const std::string& option) {
    const auto first = option.find_first_not_of('-');
    return first == std::string::npos ? "" : option.substr(first);
}

int node_cores() { return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)); }

// Those that this process is bound to.
int own_cores() {
    cpu_set_t bound;
    return sched_getaffinity(0, sizeof bound, &bound) == 0 ? CPU_COUNT(&bound) : node_cores();
}

/// Collective: rank 0 reads the file; every rank gets its text.
std::string read_shared_file(const Communicator& world, const std::string& path) {
    std::string text;
    agree(world, [&] {
        if (world.rank() == 0) {
            // No configuration is longer; a device has no end.
            constexpr std::size_t longest = std::size_t{1} << 20;
            std::ifstream file(path, std::ios::binary);
            text.resize(longest + 1);
            file.read(text.data(), std::ssize(text));
            // A folder can be opened but not read.
            if (!file.is_open() || file.bad()) {
                throw MissingError("cannot read the configuration " + path, std::strerror(errno),
                                   "check the path; `hoist new` prints some to begin with");
            }
            text.resize(static_cast<std::size_t>(file.gcount()));
            if (text.size() > longest) {
                throw UsageError(path + " is not a configuration", "it has more than 1 MiB",
                                 "name an .ini file");
            }
        }
    });
    return world.broadcast(text, 0);
}

}  // namespace

po::options_description options_of(const CommandSyntax& syntax) {
    po::options_description options = syntax.options;
    options.add_options()("help,h", "show this text");
    if (syntax.keys == CommandSyntax::Keys::all) {
        options.add_options()(
            "set", po::value<std::vector<std::string>>()->composing(),
            "section.key=value, the same as --section.key=value; may be given more than once");
    }
    return options;
}

std::vector<ConfigKey> keys_of(const CommandSyntax& syntax) {
    std::vector<ConfigKey> keys;
    std::ranges::copy_if(config_keys(), std::back_inserter(keys), [&](const ConfigKey& key) {
        return syntax.keys == CommandSyntax::Keys::all ||
               (syntax.keys == CommandSyntax::Keys::data && key.name.starts_with("data."));
    });
    return keys;
}

CommandLine::CommandLine(const Command& command)
    : command_(command), syntax_(command.syntax()), visible_(help_width) {
    visible_.add(options_of(syntax_));
    if (syntax_.keys != CommandSyntax::Keys::none) {
        visible_.add(key_options(syntax_));
    }
    if (syntax_.keys == CommandSyntax::Keys::all) {
        for (const ConfigKey& key : tune_keys()) {
            hidden_.add_options()(key.name.c_str(), po::value<std::string>());
        }
    }
    hidden_.add_options()("argument", po::value<std::vector<std::string>>());
}

void CommandLine::parse(const std::vector<std::string>& arguments) {
    po::options_description all;
    all.add(visible_).add(hidden_);
    po::positional_options_description positions;
    positions.add("argument", -1);
    try {
        const auto style =
            po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
        po::store(po::command_line_parser(arguments)
                      .options(all)
                      .positional(positions)
                      .style(style)
                      .run(),
                  values_);
        po::notify(values_);
    } catch (const po::unknown_option& error) {
        std::vector<std::string> names;
        for (const auto& option : all.options()) {
            names.push_back(option->long_name());
        }
        const std::string& option = error.get_option_name();
        refuse_option(option.substr(0, option.find('=')), names);
    } catch (const po::error& error) {
        throw UsageError("the command line cannot be read", error.what(),
                         "`hoist " + command_.name + " --help` shows its options");
    }
    if (help_wanted()) {
        return;
    }
    const auto given =
        has("argument") ? get<std::vector<std::string>>("argument") : std::vector<std::string>{};
    const bool many = !syntax_.arguments.empty() && syntax_.arguments.back().ends_with("...");
    const auto needed = static_cast<std::size_t>(std::ranges::count_if(
        syntax_.arguments, [](const auto& name) { return !name.starts_with('['); }));
    if (given.empty() && needed > 0 && syntax_.arguments.front() == "CONFIG") {
        throw UsageError("hoist " + command_.name + " needs a CONFIG", "no configuration is given",
                         "write hoist " + command_.name +
                             " FILE.ini; `hoist new glyphs` prints one to begin with");
    }
    if (given.size() < needed || (given.size() > syntax_.arguments.size() && !many)) {
        throw UsageError(
            "hoist " + command_.name + " takes " +
                (syntax_.arguments.empty() ? "no arguments" : join(syntax_.arguments, " ")),
            std::to_string(given.size()) + " given",
            "`hoist " + command_.name + " --help` shows how it is used");
    }
    if (has("set")) {
        for (const std::string& setting : get<std::vector<std::string>>("set")) {
            const auto equals = setting.find('=');
            if (equals == std::string::npos) {
                throw UsageError("--set " + setting + " cannot be read",
                                 "it has no =", "write --set section.key=value");
            }
            keys_[std::string(trim(setting.substr(0, equals)))] = setting.substr(equals + 1);
        }
    }
    for (const auto* list : {&config_keys(), &tune_keys()}) {
        for (const ConfigKey& key : *list) {
            if (has(key.name)) {
                keys_[key.name] = get<std::string>(key.name);
            }
        }
    }
}

void CommandLine::refuse_option(const std::string& option,
                                const std::vector<std::string>& names) const {
    const std::string problem = option + " is not an option of hoist " + command_.name;
    if (const auto familiar = familiar_key(option)) {
        if (familiar->ours.empty()) {
            throw UsageError(problem, familiar->remark, "leave it out");
        }
        const std::string ours = without_dashes(familiar->ours);
        if (std::ranges::find(names, ours) != names.end()) {
            throw UsageError(problem, "",
                             "did you mean --" + ours +
                                 (familiar->remark.empty() ? "?" : "? (" + familiar->remark + ")"));
        }
    }
    const auto meant = nearest(without_dashes(option), names);
    throw UsageError(problem, "",
                     meant ? "did you mean --" + *meant + "?"
                           : "`hoist " + command_.name + " --help` lists them");
}

std::string CommandLine::help() const {
    std::ostringstream text;
    text << "hoist " << command_.name << (command_.arguments.empty() ? "" : " ")
         << command_.arguments << "\n\n"
         << command_.summary << "\n\n"
         << visible_;
    return text.str();
}

void require_rule(const std::string& rule) {
    if (rule != "feedforward" && rule != "lifted") {
        throw UsageError("--rule " + rule + " is unknown", "", "use feedforward or lifted");
    }
}

ConfigText parse_ini(const std::string& text, const std::string& name) {
    std::istringstream stream(text);
    ConfigText values;
    try {
        const po::options_description none;
        for (const auto& option : po::parse_config_file(stream, none, true).options) {
            values[option.string_key] = option.value.empty() ? "" : option.value.front();
        }
    } catch (const po::error& error) {
        throw UsageError(name + " is not a configuration", error.what(),
                         "write lines like key = value under [section]");
    }
    return values;
}

GivenConfig read_config(const Communicator& world, const std::string& file, const ConfigText& keys,
                        ConfigText values) {
    const std::string text = file.empty() ? "" : read_shared_file(world, file);
    GivenConfig given;
    agree(world, [&] {
        for (const ConfigText& source : {parse_ini(text, file), keys}) {
            for (const auto& [key, value] : source) {
                values[key] = value;
            }
        }
        given = {parse_config(values), resolved_ini(values)};
    });
    return given;
}

int use_threads(const Communicator& world, int threads) {
    agree(world, [&] {
        require_at_least("threads", threads, 0, "give a number from 1, or leave it out");
    });
    const int sharing = world.ranks_on_node();
    if (threads == 0) {
        const char* set = std::getenv("OPENBLAS_NUM_THREADS");
        const auto number = set != nullptr ? to_whole_number(set) : std::nullopt;
        threads = number && *number > 0
                      ? static_cast<int>(*number)
                      : std::max(1, std::min(node_cores() / sharing, own_cores()));
    }
    set_blas_threads(threads);
    return threads;
}

}  // namespace hoist
