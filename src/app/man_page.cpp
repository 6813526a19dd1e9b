#include "man_page.hpp"

#include <array>
#include <utility>

#include "commands.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

/// `text` as it is read: - is no hyphen, and a line that begins with a dot no request.
std::string literal(const std::string& text) {
    std::string escaped = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
    for (const char c : text) {
        switch (c) {
            case '\\':
                escaped += "\\(rs";
                break;
            case '-':
                escaped += "\\-";
                break;
            case '`':
                escaped += "\\(ga";
                break;
            case '^':
                escaped += "\\(ha";
                break;
            case '~':
                escaped += "\\(ti";
                break;
            case '\'':
                escaped += "\\(aq";
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

std::string bold(const std::string& text) { return "\\fB" + literal(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + literal(text) + "\\fR"; }

std::string section(const std::string& title) { return ".SH " + title + "\n"; }

/// A paragraph under a tag that has its markup.
std::string tagged(const std::string& tag, const std::string& text) {
    return ".TP\n" + tag + "\n" + (text.empty() ? "\\&" : literal(text)) + "\n";
}

std::string option_tag(const po::option_description& option) {
    const std::string value = option.format_parameter();
    return bold(option.format_name()) + (value.empty() ? "" : " " + italic(value));
}

std::string key_entry(const ConfigKey& key) {
    return tagged(
        bold(key.name) + (key.default_text.empty() ? "" : " [" + literal(key.default_text) + "]"),
        key.help);
}

std::string command_entry(const Command& command) {
    const CommandSyntax syntax = command.syntax();
    std::string text = ".SS " + literal("hoist " + command.name + " " + command.arguments) + "\n" +
                       literal(command.summary) + "\n";
    const po::options_description own = options_of(syntax);
    for (const auto& option : own.options()) {
        if (option->long_name() != "help") {
            text += tagged(option_tag(*option), option->description());
        }
    }
    if (syntax.keys != CommandSyntax::Keys::none) {
        const bool all = syntax.keys == CommandSyntax::Keys::all;
        text += tagged(bold(all ? "--section.key" : "--data.key") + " " + italic("value"),
                       all ? "a key of the configuration, see CONFIGURATION"
                           : "a key of the section data of the configuration, see CONFIGURATION");
    }
    return text;
}

std::string exit_statuses() {
    constexpr std::array<std::pair<const char*, const char*>, 9> statuses{{
        {"0", "done"},
        {"64", "wrong use: an option, the configuration, the grid, incompatible choices"},
        {"65", "bad data: a file that is malformed, truncated or inconsistent, or holds NaN"},
        {"66", "a file that is missing or unreadable"},
        {"70", "a defect in hoist"},
        {"71", "a failure of MPI or of the system"},
        {"73", "an output that cannot be written"},
        {"75", "interrupted after saving a checkpoint: run it again with --resume"},
        {"76", "an objective or a factor that is not finite"},
    }};
    std::string text;
    for (const auto& [status, meaning] : statuses) {
        text += tagged(bold(status), meaning);
    }
    return text;
}

}  // namespace

std::string man_page() {
    std::string page = ".TH HOIST 1 \"\" \"hoist " HOIST_VERSION "\" \"User Commands\"\n";
    page += section("NAME") + "hoist \\- layer\\-parallel training of lifted neural networks\n";
    page += section("SYNOPSIS") +
            ".B hoist\n.I command\n.RI [ options ]\n.br\n.B mpirun\n\\-n\n.I ranks\n.B hoist\n.I "
            "command\n.RI [ options ]\n";
    page += section("DESCRIPTION") +
            "hoist trains lifted neural networks on many processors: every rank owns layers and "
            "samples. Every command runs alone, or under mpirun or srun, on any number of ranks.\n";
    page += ".TP\n" + bold("-h, --help") +
            "\nshow the commands, or behind a command its options, and exit\n" + ".TP\n" +
            bold("--version") + "\nshow the version and the kernels in use, and exit\n" + ".TP\n" +
            bold("--man") + "\nprint this page, and exit\n";
    page += section("COMMANDS");
    for (const Command& command : commands()) {
        page += command_entry(command);
    }
    page += section("CONFIGURATION") +
            "A configuration is an INI file: lines like\n.I key = value\nunder\n.RI [ section ].\n"
            "Every key is an option too, which wins over the file. Defaults stand in brackets.\n";
    for (const ConfigKey& key : config_keys()) {
        page += key_entry(key);
    }
    page +=
        tagged(bold("tune.section.key"),
               "of hoist tune: LOW HIGH [log] [integer], the range of a number that is searched");
    page += section("EXIT STATUS") + exit_statuses();
    page += section("ENVIRONMENT") +
            tagged(bold("OPENBLAS_NUM_THREADS"),
                   "BLAS threads per rank, where --threads does not say") +
            tagged(bold("OPENBLAS_CORETYPE"),
                   "the kernels of OpenBLAS, where they are not to be chosen by hoist");
    page += section("SEE ALSO") + ".BR mpirun (1),\n.BR srun (1)\n";
    return page;
}

}  // namespace hoist
