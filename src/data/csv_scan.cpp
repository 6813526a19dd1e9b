#include "csv_scan.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "class_names.hpp"
#include "csv_text.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

using Fields = std::span<const std::string_view>;

class Scanner {
  public:
    Scanner(const std::filesystem::path& path, const DataConfig& config, Task task)
        : path_(path), config_(config), task_(task), lines_(path) {}

    CsvScan scan(Index features) {
        if (!next_filled()) {
            throw DataError(path_.string() + " is empty", "", "name a file with samples");
        }
        if (lines_.line().find('\0') != std::string_view::npos) {
            fail(std::nullopt, "this is not text");
        }
        scan_.separator = separator_of(lines_.line());
        CsvFields fields(scan_.separator);
        const Fields first = cut(fields);
        choose_columns(first, features);
        if (is_header(first)) {
            scan_.header.assign(first.begin(), first.end());
        } else {
            take(first);
        }
        while (next_filled()) {
            take(cut(fields));
        }
        if (scan_.offsets.empty()) {
            throw DataError(path_.string() + " has no samples", "it holds nothing but a header",
                            "name a file with samples");
        }
        return std::move(scan_);
    }

  private:
    [[noreturn]] void fail(std::optional<Index> column, const std::string& why) const {
        throw DataError(
            path_.string() + ", line " + std::to_string(lines_.number()) +
                (column ? ", column " + std::to_string(*column + 1) : ""),
            why, column ? "correct it, or leave the column out with data.ignore" : "correct it");
    }

    /// Goes to the next line that is not blank; blank ones may only come at the end.
    bool next_filled() {
        bool blank = false;
        while (lines_.next()) {
            if (!trim(lines_.line()).empty()) {
                if (blank) {
                    fail(std::nullopt, "blank lines come before it");
                }
                return true;
            }
            blank = true;
        }
        return false;
    }

    Fields cut(CsvFields& fields) const {
        try {
            return fields.cut(lines_.line());
        } catch (const DataError& error) {
            fail(std::nullopt, error.what());
        }
    }

    /// The column that is called so in the first line.
    static std::optional<Index> find_name(Fields first, const std::string& name) {
        const auto found = std::ranges::find(first, trim(name));
        return found == first.end() ? std::nullopt : std::optional(found - first.begin());
    }

    std::optional<Index> find_column(Fields first, const std::string& column) const {
        if (const auto named = find_name(first, column)) {
            return named;
        }
        const auto number = to_whole_number(column);
        return number && *number >= 1 && *number <= std::ssize(first) ? std::optional(*number - 1)
                                                                      : std::nullopt;
    }

    [[noreturn]] void fail_without_column(Fields first, const std::string& column,
                                          const char* key) const {
        const std::vector<std::string> names(first.begin(), first.end());
        const auto meant = nearest(column, names);
        throw UsageError(path_.string() + " has no column " + column,
                         std::string("asked for by ") + key + "; it has " +
                             std::to_string(first.size()) + " columns",
                         meant ? "did you mean " + *meant + "?"
                               : "give a name in its first line, or a number from 1");
    }

    void choose_columns(Fields first, Index features) {
        scan_.columns = std::ssize(first);
        std::vector<bool> inputs(first.size(), true);
        for (const std::string& ignored : config_.ignore) {
            const auto column = find_column(first, ignored);
            if (!column) {
                fail_without_column(first, ignored, "data.ignore");
            }
            inputs[static_cast<std::size_t>(*column)] = false;
        }
        const bool target_is_named = !config_.target.empty() && !to_number(config_.target) &&
                                     find_name(first, config_.target);
        if (std::ranges::count(inputs, true) != features || target_is_named) {
            choose_target(first, inputs);
        }
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            if (inputs[i] && scan_.target != static_cast<Index>(i)) {
                scan_.features.push_back(static_cast<Index>(i));
            }
        }
        if (scan_.features.empty()) {
            throw DataError(path_.string() + " has no inputs",
                            "there is no column but the target and what is ignored",
                            "check data.target, data.ignore and the separator");
        }
    }

    void choose_target(Fields first, const std::vector<bool>& inputs) {
        if (config_.target.empty()) {
            const auto last = std::ranges::find(inputs.rbegin(), inputs.rend(), true);
            scan_.target = inputs.rend() - last - 1;
            return;
        }
        scan_.target = find_column(first, config_.target);
        if (!scan_.target) {
            fail_without_column(first, config_.target, "data.target");
        }
        if (!inputs[static_cast<std::size_t>(*scan_.target)]) {
            throw UsageError("the target column " + config_.target + " is also ignored", "",
                             "remove it from data.ignore");
        }
    }

    bool is_header(Fields first) const {
        for (std::size_t i = 0; i < first.size(); ++i) {
            if (scan_.target != static_cast<Index>(i) && to_number(first[i])) {
                return false;
            }
        }
        return true;
    }

    double number(Fields fields, Index column) const {
        const std::string_view field = fields[static_cast<std::size_t>(column)];
        const auto value = to_number(field);
        if (!value) {
            fail(column, field.empty()
                             ? "there is no value"
                             : "\"" + std::string(field.substr(0, 40)) + "\" is not a number");
        }
        if (!std::isfinite(*value)) {
            fail(column, std::string(field) + " is not a finite number");
        }
        return *value;
    }

    void take(Fields fields) {
        if (std::ssize(fields) != scan_.columns) {
            fail(std::nullopt, "it has " + std::to_string(fields.size()) +
                                   " fields, the first line " + std::to_string(scan_.columns));
        }
        for (const Index column : scan_.features) {
            number(fields, column);
        }
        if (scan_.target && task_ == Task::values) {
            scan_.values.push_back(number(fields, *scan_.target));
        } else if (scan_.target) {
            take_class(fields[static_cast<std::size_t>(*scan_.target)]);
        }
        scan_.offsets.push_back(lines_.offset());
    }

    void take_class(std::string_view field) {
        if (field.empty()) {
            fail(scan_.target, "there is no class");
        }
        const auto value = to_number(field);
        if (value && !std::isfinite(*value)) {
            fail(scan_.target, std::string(field) + " is not a class");
        }
        const auto [entry, is_new] = known_.emplace(class_name(field), std::ssize(known_));
        if (is_new) {
            scan_.names.push_back(entry->first);
            scan_.name_lines.push_back(lines_.number());
        }
        scan_.classes.push_back(entry->second);
    }

    const std::filesystem::path& path_;
    const DataConfig& config_;
    Task task_;
    CsvLines lines_;
    CsvScan scan_;
    std::unordered_map<std::string, Index> known_;
};

}  // namespace

CsvScan scan_csv(const std::filesystem::path& path, const DataConfig& config, Task task,
                 Index features) {
    return Scanner(path, config, task).scan(features);
}

}  // namespace hoist
