#include "report_run.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include "command_line.hpp"
#include "hoist/base/text.hpp"
#include "hoist/train/evaluation.hpp"

namespace hoist {

namespace {

using Json = nlohmann::ordered_json;

// Rows of metrics.csv that a chart can show.
constexpr Index most_rows = 1000;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& line,
                         const std::string& why) {
    throw DataError(path.string() + " is damaged in " + line, why,
                    "mend it, or train again with --overwrite");
}

std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        throw MissingError("cannot read " + path.string(), std::strerror(errno),
                           "check its permissions");
    }
    return text.str();
}

Json read_config(const std::filesystem::path& path) {
    ConfigText values;
    try {
        values = parse_ini(read_text(path), path.string());
    } catch (const UsageError& error) {
        throw DataError(error.what());
    }
    Json rows = Json::array();
    for (const ConfigKey& key : config_keys()) {
        const auto found = values.find(key.name);
        if (found != values.end()) {
            rows.push_back({key.name, found->second, found->second == key.default_text});
        }
    }
    return rows;
}

/// metrics.csv, column by column.
class Metrics {
  public:
    /// @param growing whether a run may be writing it, or goes on later, so that its last line need not
    /// be whole.
    Metrics(const std::filesystem::path& path, bool growing) : path_(path) {
        const std::string text = read_text(path);
        std::istringstream lines(growing ? std::string(whole_lines(text)) : text);
        std::string line;
        std::getline(lines, line);
        names_ = split(line, ',');
        columns_.resize(names_.size());
        for (const Figure figure : {Figure::rmse, Figure::energy, Figure::psnr}) {
            judged_ = has("train_" + to_text(figure)) ? figure : judged_;
        }
        for (const std::string& name :
             {std::string("sweep"), std::string("epoch"), std::string("seconds"),
              std::string("objective"), std::string("loss"), "train_" + to_text(judged_)}) {
            if (!has(name)) {
                refuse(path, "line 1", "it has no column " + name);
            }
        }
        for (Index number = 2; std::getline(lines, line); ++number) {
            add(line, "line " + std::to_string(number));
        }
    }

    Figure judged() const { return judged_; }
    Index rows() const { return static_cast<Index>(columns_.front().size()); }
    const std::vector<std::optional<double>>& column(const std::string& name) const {
        return columns_[static_cast<std::size_t>(std::ranges::find(names_, name) - names_.begin())];
    }
    /// The rows 0, step, ... and the last.
    Json json(Index step) const {
        Json object = Json::object();
        for (std::size_t i = 0; i < names_.size(); ++i) {
            Json values = Json::array();
            for (Index row = 0; row < rows(); ++row) {
                if (row % step == 0 || row + 1 == rows()) {
                    const auto& value = columns_[i][static_cast<std::size_t>(row)];
                    values.push_back(value ? Json(*value) : Json(nullptr));
                }
            }
            object[names_[i]] = values;
        }
        return object;
    }

  private:
    bool has(const std::string& name) const {
        return std::ranges::find(names_, name) != names_.end();
    }
    void add(const std::string& line, const std::string& where) {
        const std::vector<std::string> fields = split(line, ',');
        if (fields.size() != names_.size()) {
            refuse(path_, where,
                   "it has " + std::to_string(fields.size()) + " fields, the header " +
                       std::to_string(names_.size()));
        }
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const auto value = to_number(fields[i]);
            if (!value && !fields[i].empty()) {
                refuse(path_, where, fields[i] + " is not a number");
            }
            columns_[i].push_back(value && std::isfinite(*value) ? value : std::nullopt);
        }
        const bool numbered = column("sweep").back() || column("epoch").back();
        if (!numbered || !column("seconds").back()) {
            refuse(path_, where, numbered ? "it has no seconds" : "it has no sweep and no epoch");
        }
    }

    std::filesystem::path path_;
    std::vector<std::string> names_;
    std::vector<std::vector<std::optional<double>>> columns_;
    Figure judged_ = Figure::accuracy;
};

// The number of the line on which `key` stands.
std::string line_of(const std::string& text, const std::string& key) {
    const auto position = text.find('"' + key + '"');
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(position, text.size()));
    return "line " + std::to_string(1 + std::count(text.begin(), end, '\n'));
}

Json read_summary(const std::filesystem::path& path) {
    const std::string text = read_text(path);
    Json summary;
    try {
        summary = Json::parse(text);
    } catch (const Json::parse_error& error) {
        const auto before = std::min(error.byte, text.size());
        const auto end = text.begin() + static_cast<std::ptrdiff_t>(before);
        refuse(path, "line " + std::to_string(1 + std::count(text.begin(), end, '\n')),
               "it is not JSON");
    }
    if (!summary.is_object()) {
        refuse(path, "line 1", "it is not an object");
    }
    const auto require_that = [&](const char* key, auto right) {
        const auto found = summary.find(key);
        if (found != summary.end() && !right(*found)) {
            refuse(path, line_of(text, key), std::string(key) + " cannot be " + found->dump());
        }
    };
    const auto all = [](const Json& values, auto right) {
        return values.is_structured() && std::ranges::all_of(values, right);
    };
    const auto number = [](const Json& value) { return value.is_number(); };
    const auto numbers = [&](const Json& values) { return all(values, number); };
    for (const char* key : {"test_accuracy",
                            "train_accuracy",
                            "validation_accuracy",
                            "best_test_accuracy",
                            "test_rmse",
                            "train_rmse",
                            "validation_rmse",
                            "best_test_rmse",
                            "test_psnr",
                            "train_psnr",
                            "validation_psnr",
                            "best_test_psnr",
                            "objective",
                            "lambda",
                            "residual",
                            "violation",
                            "cosine",
                            "passes",
                            "energy",
                            "rejected",
                            "always_on",
                            "always_off",
                            "seconds_training",
                            "seconds_total",
                            "sweeps",
                            "epochs",
                            "ranks",
                            "stages",
                            "bytes_sent",
                            "idle_fraction",
                            "peak_memory",
                            "seconds_to_target",
                            "seed"}) {
        require_that(key, [](const Json& value) { return value.is_number() || value.is_null(); });
    }
    for (const char* key : {"host", "version"}) {
        require_that(key, [](const Json& value) { return value.is_string(); });
    }
    require_that("shards", numbers);
    for (const char* key : {"stage_layers", "phase_seconds"}) {
        require_that(key, [&](const Json& value) { return all(value, numbers); });
    }
    return summary;
}

}  // namespace

Json read_run(const RunDirectory& directory) {
    const std::filesystem::path& path = directory.path();
    for (const auto& file : {directory.config(), directory.metrics()}) {
        std::error_code error;
        if (!std::filesystem::exists(file, error)) {
            throw MissingError(
                path.string() + " is not a run",
                "there is no " + file.string() + (error ? ", " + error.message() : std::string()),
                "give directories that hoist train has made");
        }
    }
    const bool complete = directory.complete();
    const Metrics metrics(directory.metrics(), !complete);
    const Index step = (metrics.rows() + most_rows - 1) / most_rows;
    Json run;
    run["directory"] = path.string();
    run["complete"] = complete;
    run["config"] = read_config(directory.config());
    run["judged_by"] = to_text(metrics.judged());
    run["unit"] = metrics.rows() > 0 && metrics.column("epoch").back() ? "epoch" : "sweep";
    run["every"] = step;
    run["metrics"] = metrics.json(std::max<Index>(step, 1));
    run["summary"] = complete ? read_summary(directory.summary()) : Json(nullptr);
    return run;
}

}  // namespace hoist
