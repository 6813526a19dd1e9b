#include <algorithm>
#include <cstdio>

#include "commands.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

/// What an argument may be, where it is one of several words.
std::vector<std::string> words_of(const std::string& argument) {
    std::string inner = argument;
    std::erase_if(inner, [](char c) { return c == '[' || c == ']'; });
    const bool words = std::ranges::all_of(inner, [](char c) {
        return c == '|' || std::isdigit(static_cast<unsigned char>(c)) != 0 ||
               std::islower(static_cast<unsigned char>(c)) != 0;
    });
    return words ? split(inner, '|') : std::vector<std::string>{};
}

bool takes_value(const po::option_description& option) {
    return option.semantic()->max_tokens() > 0;
}

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    std::ranges::transform(commands(), std::back_inserter(names), &Command::name);
    return names;
}

std::string key_words(CommandSyntax::Keys keys) {
    std::vector<std::string> words;
    for (const ConfigKey& key : keys_of({{}, {}, keys})) {
        words.push_back("--" + key.name);
    }
    return join(words, " ");
}

// Without the package bash-completion, which not every cluster has.
std::string bash_completion() {
    std::string cases;
    for (const Command& command : commands()) {
        const CommandSyntax syntax = command.syntax();
        std::vector<std::string> options;
        std::vector<std::string> valued;
        const po::options_description own = options_of(syntax);
        for (const auto& option : own.options()) {
            (takes_value(*option) ? valued : options).push_back("--" + option->long_name());
        }
        std::string keys;
        if (syntax.keys != CommandSyntax::Keys::none) {
            keys = syntax.keys == CommandSyntax::Keys::all ? " $keys" : " $data_keys";
        }
        const std::string words =
            syntax.arguments.empty() ? "" : join(words_of(syntax.arguments.front()), " ");
        cases += "        " + command.name + ")\n            flags=\"" + join(options, " ") +
                 "\"\n            valued=\"" + join(valued, " ") + keys +
                 "\"\n            words=\"" + words + "\" ;;\n";
    }
    return "# bash completion of hoist " HOIST_VERSION
           ", printed by `hoist completion bash`\n"
           "_hoist() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} flags= "
           "valued= words=\n"
           "    local data_keys=\"" +
           key_words(CommandSyntax::Keys::data) +
           "\"\n"
           "    local keys=\"" +
           key_words(CommandSyntax::Keys::all) +
           "\"\n"
           "    if ((COMP_CWORD == 1)); then\n"
           "        COMPREPLY=($(compgen -W \"" +
           join(command_names(), " ") +
           " --help --version --man\" -- \"$word\"))\n"
           "        return\n"
           "    fi\n"
           "    case ${COMP_WORDS[1]} in\n" +
           cases +
           "    esac\n"
           "    if [[ \" $valued \" == *\" $before \"* || $before == = || $word == = ]]; then\n"
           "        COMPREPLY=()  # a value: the names of files\n"
           "    elif [[ $word == -* ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$flags $valued\" -- \"$word\"))\n"
           "    elif ((COMP_CWORD == 2)); then\n"
           "        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
           "    fi\n"
           "}\n"
           "complete -o default -F _hoist hoist\n";
}

/// `text` within single quotes, where `special` signs of _arguments and _describe stand for themselves.
std::string quoted(const std::string& text, const std::string& special) {
    std::string inner;
    for (const char c : text) {
        if (c == '\'') {
            inner += "'\\''";
        } else {
            inner +=
                special.find(c) == std::string::npos ? std::string(1, c) : std::string("\\") + c;
        }
    }
    return inner;
}

std::string zsh_option(const std::string& name, const std::string& help, bool valued) {
    return "'--" + name + (valued ? "=" : "") + "[" + quoted(help, "[]\\") + "]" +
           (valued ? ":value:_files" : "") + "'";
}

std::string zsh_keys(const char* name, CommandSyntax::Keys keys) {
    std::string text = std::string("    local -a ") + name + "=(\n";
    for (const ConfigKey& key : keys_of({{}, {}, keys})) {
        text += "        " + zsh_option(key.name, key.help, true) + "\n";
    }
    return text + "    )\n";
}

std::string zsh_completion() {
    std::string described;
    std::string cases;
    for (const Command& command : commands()) {
        described += "        '" + quoted(command.name + ":" + command.summary, "") + "'\n";
        const CommandSyntax syntax = command.syntax();
        std::string arguments;
        const po::options_description own = options_of(syntax);
        for (const auto& option : own.options()) {
            arguments +=
                " \\\n                " +
                zsh_option(option->long_name(), option->description(), takes_value(*option));
        }
        if (syntax.keys != CommandSyntax::Keys::none) {
            arguments += syntax.keys == CommandSyntax::Keys::all
                             ? " \\\n                $keys"
                             : " \\\n                $data_keys";
        }
        for (const std::string& argument : syntax.arguments) {
            const std::vector<std::string> words = words_of(argument);
            arguments += std::string(" \\\n                '") +
                         (argument.ends_with("...") ? "*" : "") + ":" + quoted(argument, ":") +
                         ":" + (words.empty() ? "_files" : "(" + join(words, " ") + ")") + "'";
        }
        cases += "        " + command.name + ")\n            _arguments" + arguments + " ;;\n";
    }
    return "#compdef hoist\n# zsh completion of hoist " HOIST_VERSION
           ", printed by `hoist completion zsh`\n"
           "_hoist() {\n"
           "    local -a commands=(\n" +
           described + "    )\n" + zsh_keys("data_keys", CommandSyntax::Keys::data) +
           zsh_keys("keys", CommandSyntax::Keys::all) +
           "    if ((CURRENT == 2)); then\n"
           "        _describe command commands\n"
           "        _arguments '--help[show the commands]' '--version[show the version]' "
           "'--man[print the manual]'\n"
           "        return\n"
           "    fi\n"
           "    local command=$words[2]\n"
           "    shift words\n"
           "    ((CURRENT--))\n"
           "    case $command in\n" +
           cases +
           "    esac\n"
           "}\n"
           "_hoist \"$@\"\n";
}

}  // namespace

CommandSyntax completion_syntax() {
    return {po::options_description("Options", 110), {"bash|zsh"}, CommandSyntax::Keys::none};
}

ExitStatus run_completion(const Communicator& world, const CommandLine& line) {
    agree(world, [&] {
        const std::string shell = line.get<std::vector<std::string>>("argument").front();
        if (shell != "bash" && shell != "zsh") {
            throw UsageError("hoist completion knows no " + shell, "it knows bash and zsh",
                             "choose one of them");
        }
        if (world.rank() == 0) {
            std::printf("%s", (shell == "bash" ? bash_completion() : zsh_completion()).c_str());
        }
    });
    return ExitStatus::done;
}

}  // namespace hoist
