#include <algorithm>
#include <cstdio>

#include "commands.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "known_configurations.hpp"

namespace hoist {

namespace {

const KnownConfiguration& find_configuration(const std::string& name) {
    const auto& known = known_configurations();
    const auto found = std::ranges::find(known, name, &KnownConfiguration::name);
    if (found == known.end()) {
        const std::vector<std::string> names = configuration_names();
        const auto meant = nearest(name, names);
        throw UsageError("hoist new knows no " + name, "it knows " + join(names, ", "),
                         meant ? "did you mean " + *meant + "?" : "choose one of them");
    }
    return *found;
}

/// What to expect of it: the second line, without its sign.
std::string expectation(const KnownConfiguration& configuration) {
    return split(configuration.ini, '\n').at(1).substr(2);
}

/// Those of the configuration, those that most people change, and those that were given.
ConfigText values_of(const KnownConfiguration& configuration, const ConfigText& given) {
    ConfigText values = parse_ini(std::string(configuration.ini), configuration.name);
    for (const std::string name : {"network.activation", "data.validation", "train.seed"}) {
        values.try_emplace(name,
                           std::ranges::find(config_keys(), name, &ConfigKey::name)->default_text);
    }
    if (values["data.format"] != "glyphs") {
        values.try_emplace("data.path", "");
    }
    for (const auto& [name, value] : given) {
        values[name] = value;
    }
    return values;
}

/// `text` as lines of a comment.
std::string comment(const std::string& text) {
    constexpr std::size_t width = 100;
    std::string lines;
    std::string line = "#";
    for (const std::string& word : split(text, ' ')) {
        if (line.size() + 1 + word.size() > width) {
            lines += line + "\n";
            line = "#";
        }
        line += " " + word;
    }
    return lines + line + "\n";
}

std::string commented_ini(const KnownConfiguration& configuration, const ConfigText& values) {
    std::string ini = comment(expectation(configuration)) +
                      comment(
                          "Run it by `mpirun -n 2 hoist train FILE`, with the name of this file; "
                          "`hoist plan FILE --ranks 2` says what that takes.") +
                      comment(
                          "Every key is also an option (--train.seed=2), which wins over this "
                          "file; `hoist train --help` lists all keys.");
    std::string section;
    for (const ConfigKey& key : config_keys()) {
        const auto value = values.find(key.name);
        if (value == values.end()) {
            continue;
        }
        const auto dot = key.name.find('.');
        if (key.name.substr(0, dot) != section) {
            section = key.name.substr(0, dot);
            ini += "\n[" + section + "]\n";
        }
        ini += comment(key.help);
        ini += key.name.substr(dot + 1) + " =" + (value->second.empty() ? "" : " ") +
               value->second + "\n";
    }
    return ini;
}

}  // namespace

std::vector<std::string> configuration_names() {
    std::vector<std::string> names;
    std::ranges::transform(known_configurations(), std::back_inserter(names),
                           &KnownConfiguration::name);
    return names;
}

CommandSyntax new_syntax() {
    return {boost::program_options::options_description("Options", 110),
            {join(configuration_names(), "|")},
            CommandSyntax::Keys::all};
}

ExitStatus run_new(const Communicator& world, const CommandLine& line) {
    agree(world, [&] {
        const KnownConfiguration& chosen =
            find_configuration(line.get<std::vector<std::string>>("argument").front());
        const ConfigText values = values_of(chosen, line.keys());
        ConfigText complete = values;
        if (complete["data.path"].empty()) {  // which only the user knows
            complete["data.path"] = ".";
        }
        parse_config(complete);
        if (world.rank() == 0) {
            std::printf("%s", commented_ini(chosen, values).c_str());
        }
    });
    return ExitStatus::done;
}

}  // namespace hoist
