#include "hoist/run/run_directory.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/whole_file.hpp"

namespace hoist {

namespace {

constexpr std::string_view checkpoint_prefix = "checkpoint-";

[[noreturn]] void refuse_output(const std::filesystem::path& path, const std::string& why) {
    throw OutputError("cannot write " + path.string(), why,
                      "free space, check permissions, or choose another --out");
}

// All of `text` or nothing of it. `opened` is called between opening and writing.
void append(const std::filesystem::path& path, const std::string& text,
            const std::function<void()>& opened) {
    std::error_code missing;
    const std::uintmax_t size = std::filesystem::file_size(path, missing);
    std::ofstream file(path, std::ios::app | std::ios::binary);
    opened();
    file << text << std::flush;
    file.close();
    if (!file) {
        const std::string why = std::strerror(errno);
        std::error_code ignored;
        std::filesystem::resize_file(path, missing ? 0 : size, ignored);
        refuse_output(path, why);
    }
}

std::string contents(const std::filesystem::path& path) {
    return exists(path) ? read_whole_file(path) : std::string();
}

std::string_view without_zeros_at_end(std::string_view text) {
    return text.substr(0, text.find_last_not_of('\0') + 1);
}

}  // namespace

std::string_view whole_lines(std::string_view text) {
    return text.substr(0, without_zeros_at_end(text).rfind('\n') + 1);
}

std::filesystem::path RunDirectory::checkpoint(Index sweep) const {
    std::ostringstream name;
    name << checkpoint_prefix;
    name.width(6);
    name.fill('0');
    name << sweep << ".h5";
    return path_ / name.str();
}

bool RunDirectory::complete() const { return exists(model()) && exists(summary()); }

std::vector<std::filesystem::path> RunDirectory::checkpoints() const {
    std::vector<std::pair<Index, std::filesystem::path>> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(path_, error)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(checkpoint_prefix) && entry.path().extension() == ".h5") {
            const std::string number =
                entry.path().stem().string().substr(checkpoint_prefix.size());
            if (const auto sweep = to_whole_number(number)) {
                found.emplace_back(*sweep, entry.path());
            }
        }
    }
    std::ranges::sort(found, std::greater<>());
    std::vector<std::filesystem::path> paths;
    for (const auto& [sweep, path] : found) {
        paths.push_back(path);
    }
    return paths;
}

std::optional<std::filesystem::path> RunDirectory::newest_model() const {
    if (exists(model())) {
        return model();
    }
    const auto all = checkpoints();
    return all.empty() ? std::nullopt : std::optional(all.front());
}

void RunDirectory::prepare(Existing existing) const try {
    const auto files = {config(), metrics(), summary(), model(), log()};
    const bool holds_run =
        !checkpoints().empty() ||
        std::ranges::any_of(files, [](const auto& file) { return exists(file); });
    if (existing == Existing::resume) {
        if (!complete() && checkpoints().empty()) {
            throw MissingError(
                "there is nothing to resume in " + path_.string(), "it holds no checkpoint",
                holds_run ? "start again with --overwrite"
                          : "run without --resume, or give the run's directory with --out");
        }
        remove_unfinished();
        mend_log();
        return;
    }
    if (holds_run && existing == Existing::refuse) {
        throw OutputError(path_.string() + " already holds a run", "",
                          "add --resume to go on, --overwrite to replace it, or --out DIR");
    }
    for (const auto& file : files) {
        std::filesystem::remove(file);
    }
    remove_old_checkpoints(0);
    remove_unfinished();
} catch (const std::filesystem::filesystem_error& error) {
    refuse_output(path_, error.code().message());
}

// What a run that was killed while writing, or whose file system went away, has left behind.
void RunDirectory::remove_unfinished() const {
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(path_, none)) {
        const std::string name = entry.path().filename().string();
        const bool ours = name.starts_with(checkpoint_prefix) || name.starts_with("model.h5") ||
                          name.starts_with("summary.json") || name.starts_with("metrics.csv") ||
                          name.starts_with("config.ini");
        if (ours && entry.path().extension() == ".tmp") {
            std::filesystem::remove(entry.path(), none);
        }
    }
}

void RunDirectory::mend_log() const {
    const std::string text = contents(log());
    const std::string_view mended = without_zeros_at_end(text);
    if (mended.size() < text.size()) {
        std::filesystem::resize_file(log(), mended.size());
    }
    if (!mended.empty() && mended.back() != '\n') {
        append(log(), "\n", [] {});
    }
}

void RunDirectory::write_config(const std::string& ini) const { write_whole_file(config(), ini); }

// Two processes that once wrote one file, or a torn row with another one behind it, have left lines
// that are no rows, or not in their order.
void RunDirectory::start_metrics(Index sweep, Figure figure) const {
    std::string text = metrics_header(figure);
    const std::size_t columns = split(text, ',').size();
    const std::vector<std::string> old = split(whole_lines(contents(metrics())), '\n');
    // A file of an older version has fewer columns.
    const std::size_t written = old.empty() ? columns : split(old.front(), ',').size();
    Index last = 0;
    for (const std::string& line : old) {
        const std::vector<std::string> fields = split(line, ',');
        const bool numbers = std::ranges::all_of(
            fields, [](const auto& field) { return field.empty() || to_number(field); });
        if (fields.size() != written || written > columns || !numbers) {
            continue;
        }
        const auto row = to_whole_number(fields[fields[0].empty() ? 1 : 0]);
        if (row && *row > last && *row <= sweep) {
            text += line + std::string(columns - written, ',') + "\n";
            last = *row;
        }
    }
    write_whole_file(metrics(), text);
}

void RunDirectory::settle_metrics() const { settle_file(metrics()); }

void RunDirectory::add_metrics(const SweepRecord& record, Figure figure,
                               const DirectoryLock& owner) const {
    append(metrics(), metrics_row(record, figure), [&] { owner.check(); });
}

void RunDirectory::write_summary(const RunSummary& summary, Figure figure) const {
    write_whole_file(this->summary(), summary_text(summary, figure));
}

void RunDirectory::add_log(const std::string& line, const DirectoryLock& owner) const {
    append(log(), line + "\n", [&] { owner.check(); });
}

void RunDirectory::remove_old_checkpoints(Index keep) const {
    remove_unfinished();
    const auto all = checkpoints();
    for (std::size_t i = static_cast<std::size_t>(keep); i < all.size(); ++i) {
        std::error_code ignored;
        std::filesystem::remove(all[i], ignored);
    }
}

std::filesystem::path model_file(const std::string& argument) {
    const std::filesystem::path path = argument;
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
        if (!std::filesystem::exists(path, error)) {
            throw MissingError("there is no model " + argument, error ? error.message() : "",
                               "check the path");
        }
        return path;
    }
    const auto model = RunDirectory(path).newest_model();
    if (!model) {
        throw MissingError(argument + " holds no model", "it has no model.h5 and no checkpoint",
                           "train one first");
    }
    return *model;
}

}  // namespace hoist
