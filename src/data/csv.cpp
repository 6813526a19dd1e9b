#include <optional>

#include "class_names.hpp"
#include "csv_inputs.hpp"
#include "csv_scan.hpp"
#include "csv_text.hpp"
#include "formats.hpp"
#include "hoist/base/error.hpp"
#include "part.hpp"

namespace hoist {

namespace {

class CsvPart : public Part {
  public:
    CsvPart(std::filesystem::path path, CsvScan&& scan, Targets targets)
        : Part(std::move(path), std::move(targets)),
          inputs_(std::move(scan.table), std::move(scan.layout)),
          features_(inputs_.table().inputs()),
          offsets_(std::move(scan.offsets)),
          dropped_(scan.dropped),
          remarks_(std::move(scan.remarks)),
          separator_(scan.separator),
          fields_(scan.separator) {}

    Index samples() const override { return std::ssize(offsets_); }
    Index features() const override { return features_; }
    TableColumns table() const override { return inputs_.table(); }
    Index dropped() const override { return dropped_; }
    std::vector<std::string> remarks() const override { return remarks_; }

  private:
    void read_run(Index first, std::span<double> columns) override {
        for (auto out = columns.begin(); out != columns.end(); out += features_, ++first) {
            if (!read_record(offsets_[static_cast<std::size_t>(first)], out)) {
                throw DataError(file().string() + " has changed since it was opened",
                                "sample " + std::to_string(first) + " is no longer whole",
                                "leave data files alone while they are read");
            }
        }
    }

    bool read_record(Index offset, std::span<double>::iterator out) try {
        if (!records_) {
            records_.emplace(file());
            records_->set_separator(separator_);
        }
        records_->go_to(offset);
        return records_->next() && inputs_.read(fields_.cut(records_->record()), out);
    } catch (const DataError&) {
        return false;
    }

    CsvInputs inputs_;
    Index features_;
    std::vector<Index> offsets_;
    Index dropped_;
    std::vector<std::string> remarks_;
    char separator_;
    CsvFields fields_;
    std::optional<CsvRecords> records_;
};

/// Numbers the classes of a file by their place in `names`.
Targets make_targets(const std::filesystem::path& path, CsvScan& scan, Task task,
                     const std::vector<std::string>& names) {
    Targets targets{.task = task, .present = scan.layout.target.has_value()};
    if (!targets.present) {
        return targets;
    }
    if (task == Task::values) {
        targets.outputs = 1;
        targets.values = std::move(scan.targets.values);
        return targets;
    }
    const CsvTargets& found = scan.targets;
    const ClassNumbers numbers(names);
    std::vector<Index> number_of;
    for (std::size_t i = 0; i < found.names.size(); ++i) {
        const auto number = numbers.find(found.names[i]);
        if (!number) {
            const bool first = found.name_lines[i] == 1;
            throw DataError("labels out of range in " + path.string(),
                            "line " + std::to_string(found.name_lines[i]) + " has the class \"" +
                                found.names[i] + "\", which is none of the " +
                                std::to_string(names.size()) + " known",
                            std::string("check the target column") +
                                (first ? "; if line 1 is a header, set data.header = true" : ""));
        }
        number_of.push_back(*number);
    }
    for (const Index place : found.classes) {
        targets.labels.push_back(number_of[static_cast<std::size_t>(place)]);
    }
    targets.outputs = std::ssize(names);
    targets.class_names = names_worth_showing(names);
    return targets;
}

}  // namespace

DataParts open_csv(const DataConfig& config, const DataUse& use) {
    DataParts parts;
    std::vector<std::string> names = use.class_names;
    KnownTable known{use.table, "the model"};
    const auto open = [&](const std::string& name, const DataUse& of_part) {
        const std::filesystem::path path = data_file(config, name);
        CsvScan scan = scan_csv(path, config, of_part, known);
        if (names.empty()) {
            names = sorted_class_names(scan.targets.names);
        }
        if (known.table.empty()) {
            known = {scan.table, path.string()};
        }
        Targets targets = make_targets(path, scan, use.task, names);
        return std::make_unique<CsvPart>(path, std::move(scan), std::move(targets));
    };
    if (!config.train.empty()) {
        parts.train = open(config.train, use);
    }
    if (!config.test.empty()) {
        DataUse of_test = use;
        of_test.class_names = names;
        parts.test = open(config.test, of_test);
    }
    return parts;
}

}  // namespace hoist
