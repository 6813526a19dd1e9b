#include <cmath>

#include "class_names.hpp"
#include "csv_scan.hpp"
#include "csv_text.hpp"
#include "formats.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "part.hpp"

namespace hoist {

namespace {

class CsvPart : public Part {
  public:
    CsvPart(std::filesystem::path path, const CsvScan& scan, Targets targets)
        : Part(std::move(path), std::move(targets)),
          columns_(scan.columns),
          inputs_(scan.features),
          offsets_(scan.offsets),
          fields_(scan.separator),
          lines_(file()) {}

    Index samples() const override { return std::ssize(offsets_); }
    Index features() const override { return std::ssize(inputs_); }

  private:
    void read_run(Index first, std::span<double> columns) override {
        lines_.go_to(offsets_[static_cast<std::size_t>(first)]);
        for (auto out = columns.begin(); out != columns.end(); out += features(), ++first) {
            if (!lines_.next() || !read_line(out)) {
                throw DataError(file().string() + " has changed since it was opened",
                                "sample " + std::to_string(first) + " is no longer whole",
                                "leave data files alone while they are read");
            }
        }
    }

    bool read_line(std::span<double>::iterator out) {
        const auto fields = fields_.cut(lines_.line());
        if (std::ssize(fields) != columns_) {
            return false;
        }
        for (const Index input : inputs_) {
            const auto value = to_number(fields[static_cast<std::size_t>(input)]);
            if (!value || !std::isfinite(*value)) {
                return false;
            }
            *out++ = *value;
        }
        return true;
    }

    Index columns_;
    std::vector<Index> inputs_;
    std::vector<Index> offsets_;
    CsvFields fields_;
    CsvLines lines_;
};

/// Numbers the classes of a file by their place in `names`.
Targets make_targets(const std::filesystem::path& path, CsvScan& scan, Task task,
                     const std::vector<std::string>& names) {
    Targets targets{.task = task, .present = scan.target.has_value()};
    if (!targets.present) {
        return targets;
    }
    if (task == Task::values) {
        targets.outputs = 1;
        targets.values = std::move(scan.values);
        return targets;
    }
    const ClassNumbers numbers(names);
    std::vector<Index> number_of;
    for (std::size_t i = 0; i < scan.names.size(); ++i) {
        const auto number = numbers.find(scan.names[i]);
        if (!number) {
            throw DataError("labels out of range in " + path.string(),
                            "line " + std::to_string(scan.name_lines[i]) + " has the class \"" +
                                scan.names[i] + "\", which is none of the " +
                                std::to_string(names.size()) + " known",
                            "check the target column");
        }
        number_of.push_back(*number);
    }
    for (const Index place : scan.classes) {
        targets.labels.push_back(number_of[static_cast<std::size_t>(place)]);
    }
    targets.outputs = std::ssize(names);
    targets.class_names = names_worth_showing(names);
    return targets;
}

void check_same_inputs(const std::filesystem::path& train_path, const CsvScan& train,
                       const std::filesystem::path& test_path, const CsvScan& test) {
    const std::string problem =
        train_path.string() + " and " + test_path.string() + " have different inputs";
    if (train.features.size() != test.features.size()) {
        throw DataError(problem,
                        std::to_string(train.features.size()) + " and " +
                            std::to_string(test.features.size()) + " columns",
                        "give both the same columns");
    }
    for (std::size_t i = 0;
         i < train.features.size() && !train.header.empty() && !test.header.empty(); ++i) {
        const std::string& name = train.header[static_cast<std::size_t>(train.features[i])];
        const std::string& other = test.header[static_cast<std::size_t>(test.features[i])];
        if (name != other) {
            throw DataError(problem, "one has " + name + " where the other has " + other,
                            "bring their columns into the same order");
        }
    }
}

}  // namespace

DataParts open_csv(const DataConfig& config, const DataUse& use) {
    DataParts parts;
    std::vector<std::string> names = use.class_names;
    const auto open = [&](const std::filesystem::path& path, CsvScan& scan) {
        if (names.empty()) {
            names = sorted_class_names(scan.names);
        }
        Targets targets = make_targets(path, scan, use.task, names);
        return std::make_unique<CsvPart>(path, scan, std::move(targets));
    };

    std::filesystem::path train_path;
    CsvScan train;
    if (!config.train.empty()) {
        train_path = data_file(config, config.train);
        train = scan_csv(train_path, config, use.task, use.features);
        parts.train = open(train_path, train);
    }
    if (!config.test.empty()) {
        const auto path = data_file(config, config.test);
        const Index features = use.features > 0 ? use.features : std::ssize(train.features);
        CsvScan test = scan_csv(path, config, use.task, features);
        if (parts.train) {
            check_same_inputs(train_path, train, path, test);
        }
        parts.test = open(path, test);
    }
    return parts;
}

}  // namespace hoist
