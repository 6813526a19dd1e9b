#include "trials.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/io/directory_lock.hpp"
#include "hoist/io/whole_file.hpp"

namespace hoist {

namespace {

const std::array<std::string, 4> state_names{"running", "complete", "stopped", "diverged"};
constexpr std::string_view trial_prefix = "trial-";
constexpr std::string_view trials_file = "trials.csv";

/// Empty where there is no such file.
std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (file && file.peek() != std::ifstream::traits_type::eof()) {
        text << file.rdbuf();
    }
    return text.str();
}

/// The column of validation figures of a metrics.csv.
std::vector<double> validation_figures(const std::string& metrics) {
    std::vector<double> figures;
    const std::vector<std::string> lines = split(whole_lines(metrics), '\n');
    if (lines.empty()) {
        return figures;
    }
    const std::vector<std::string> names = split(lines.front(), ',');
    const auto column = std::ranges::find_if(
        names, [](const std::string& name) { return name.starts_with("validation_"); });
    for (std::size_t row = 1; column != names.end() && row < lines.size(); ++row) {
        const std::vector<std::string> fields = split(lines[row], ',');
        if (fields.size() == names.size()) {
            const auto at = static_cast<std::size_t>(column - names.begin());
            if (const auto figure = to_number(fields[at])) {
                figures.push_back(*figure);
            }
        }
    }
    return figures;
}

bool is_trial(const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    return name.starts_with(trial_prefix) && name.size() >= trial_prefix.size() + 4 &&
           to_whole_number(name.substr(trial_prefix.size())).has_value();
}

}  // namespace

std::string Trial::name() const {
    char text[32];
    std::snprintf(text, sizeof text, "%s%04td", trial_prefix.data(), number);
    return text;
}

double as_written(double figure) {
    char text[40];
    std::snprintf(text, sizeof text, "%.9g", figure);
    return to_number(text).value_or(figure);
}

std::filesystem::path SearchDirectory::trials() const { return path_ / trials_file; }

void SearchDirectory::prepare(Existing existing, const std::string& ini) const {
    std::vector<DirectoryLock> trials_in_it;
    if (existing == Existing::overwrite) {
        std::error_code none;
        for (const auto& entry : std::filesystem::directory_iterator(path_, none)) {
            if (is_trial(entry.path()) && entry.is_directory(none)) {
                trials_in_it.emplace_back(entry.path());
            }
        }
    }
    const RunDirectory own(path_);
    own.prepare(existing);
    try {
        std::filesystem::remove(trials());
        std::filesystem::remove(best());
        for (const auto& entry : std::filesystem::directory_iterator(path_)) {
            if (is_trial(entry.path())) {
                std::filesystem::remove_all(entry.path());
            }
        }
    } catch (const std::filesystem::filesystem_error& error) {
        throw OutputError("cannot replace the search in " + path_.string(), error.code().message(),
                          "check permissions, or choose another --out");
    }
    own.write_config(ini);
    write_trials({});
}

void refuse_trial_of_running_search(const std::filesystem::path& run) {
    std::filesystem::path path = std::filesystem::absolute(run).lexically_normal();
    if (!path.has_filename()) {
        path = path.parent_path();
    }
    const std::filesystem::path parent = path.parent_path();
    std::error_code none;
    if (exists(parent / trials_file, none)) {
        refuse_locked(parent);
    }
}

std::string SearchDirectory::read_config() const {
    const std::string ini = contents(RunDirectory(path_).config());
    if (ini.empty() || !exists(trials())) {
        throw MissingError("there is nothing to resume in " + path_.string(), "it holds no search",
                           "run without --resume, or give the search's directory with --out");
    }
    return ini;
}

std::string SearchDirectory::header() const {
    std::string line = "trial,round";
    for (const SearchRange& range : space_.ranges()) {
        line += "," + range.key;
    }
    return line + ",validation_" + to_text(figure_) + ",seconds,state";
}

void SearchDirectory::write_trials(const std::vector<Trial>& trials) const {
    std::string text = header() + "\n";
    for (const Trial& trial : trials) {
        text += std::to_string(trial.number) + "," + std::to_string(trial.round) + "," +
                join(trial.values, ",") + "," + (trial.judged() ? to_text(trial.figure()) : "") +
                "," + (trial.state == Trial::State::running ? "" : to_text(trial.seconds)) + "," +
                state_names[static_cast<std::size_t>(trial.state)] + "\n";
    }
    write_whole_file(this->trials(), text);
}

std::vector<Trial> SearchDirectory::parse(const std::string& text) const {
    std::vector<Trial> trials;
    const std::vector<std::string> lines = split(whole_lines(text), '\n');
    const auto refuse = [&](const std::string& why) {
        throw DataError(this->trials().string() + " cannot be read", why,
                        "restore it, or start again with --overwrite");
    };
    if (lines.empty() || lines.front() != header()) {
        refuse("its first line is not " + header());
    }
    for (std::size_t row = 1; row < lines.size() && !lines[row].empty(); ++row) {
        const std::vector<std::string> fields = split(lines[row], ',');
        const auto ranges = space_.ranges().size();
        const std::string place = "line " + std::to_string(row + 1);
        if (fields.size() != ranges + 5) {
            refuse(place + " has " + std::to_string(fields.size()) + " fields");
        }
        Trial trial;
        const auto number = to_whole_number(fields[0]);
        const auto round = to_whole_number(fields[1]);
        const auto state = std::ranges::find(state_names, fields.back());
        trial.values.assign(fields.begin() + 2, fields.begin() + 2 + static_cast<Index>(ranges));
        const bool numbers = std::ranges::all_of(
            trial.values, [](const std::string& value) { return to_number(value).has_value(); });
        if (number != static_cast<Index>(row) || !round || !numbers || state == state_names.end()) {
            refuse(place + " is malformed");
        }
        trial.number = *number;
        trial.round = *round;
        trial.state = static_cast<Trial::State>(state - state_names.begin());
        trial.recorded = to_number(fields[ranges + 2]);
        trial.seconds = to_number(fields[ranges + 3]).value_or(0.0);
        trials.push_back(std::move(trial));
    }
    return trials;
}

std::vector<Trial> SearchDirectory::read_trials(const Communicator& world) const {
    const bool reads = world.rank() == 0;
    const std::string text = world.broadcast(reads ? contents(trials()) : "", 0);
    std::vector<Trial> trials;
    agree(world, [&] { trials = parse(text); });
    for (Trial& trial : trials) {
        const std::string metrics = world.broadcast(reads ? contents(run(trial).metrics()) : "", 0);
        trial.figures = validation_figures(metrics);
        const bool resumable = reads && trial.state == Trial::State::running &&
                               (run(trial).complete() || !run(trial).checkpoints().empty());
        trial.resumable = world.max(resumable ? 1.0 : 0.0) > 0.0;
    }
    agree(world, [&] {
        for (const Trial& trial : trials) {
            if (trial.judged() && trial.figures.empty()) {
                throw DataError("trial " + std::to_string(trial.number) + " has no figures",
                                run(trial).metrics().string() + " is missing or empty",
                                "restore it, or start again with --overwrite");
            }
            if (trial.state == Trial::State::complete && trial.recorded != trial.figure()) {
                throw DataError("trial " + std::to_string(trial.number) + " has two figures",
                                run(trial).metrics().string() + " ends with " +
                                    to_text(trial.figure()) + ", and its row in " +
                                    this->trials().string() + " says otherwise",
                                "restore them, or start again with --overwrite");
            }
        }
    });
    return trials;
}

}  // namespace hoist
