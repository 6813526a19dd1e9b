#include <algorithm>
#include <cmath>
#include <optional>

#include "class_names.hpp"
#include "formats.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/hdf5_file.hpp"
#include "part.hpp"

namespace hoist {

namespace {

class Hdf5Part : public Part {
  public:
    Hdf5Part(std::filesystem::path path, std::unique_ptr<Hdf5Reader> reader, Targets targets)
        : Part(std::move(path), std::move(targets)), reader_(std::move(reader)) {
        const auto shape = reader_->shape("/inputs");
        samples_ = shape[0];
        features_ = shape[1];
        const std::vector<Index> sizes = reader_->dimensions("/inputs");
        if (sizes.size() == 3) {
            image_size_ = {sizes[1], sizes[2]};
            scale_ = reader_->holds_bytes("/inputs") ? 255 : 1;
        } else if (reader_->has_attribute("/inputs", "image_rows") &&
                   reader_->has_attribute("/inputs", "image_columns")) {
            image_size_ = {reader_->whole_number_attribute("/inputs", "image_rows"),
                           reader_->whole_number_attribute("/inputs", "image_columns")};
        }
    }

    Index samples() const override { return samples_; }
    Index features() const override { return features_; }
    std::pair<Index, Index> image_size() const override { return image_size_; }

  private:
    void read_run(Index first, std::span<double> columns) override {
        reader_->read_rows<double>("/inputs", first, columns);
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (!std::isfinite(columns[i])) {
                const Index sample = first + static_cast<Index>(i) / features_;
                throw DataError(file().string() + " holds values that are not finite",
                                "in sample " + std::to_string(sample), "correct the data");
            }
            columns[i] /= scale_;
        }
    }

    std::unique_ptr<Hdf5Reader> reader_;
    Index samples_ = 0;
    Index features_ = 0;
    double scale_ = 1;
    std::pair<Index, Index> image_size_{0, 0};
};

/// Reads what is to be predicted from a file, which numbers the classes for the files after it.
class TargetReader {
  public:
    TargetReader(const DataConfig& config, const DataUse& use)
        : config_(config), use_(use), names_(use.class_names) {}

    Targets read(const Hdf5Reader& reader, const std::filesystem::path& path, Index samples) {
        const bool by_class = use_.task == Task::classes;
        const std::string name =
            "/" + (config_.target.empty() ? (by_class ? "labels" : "targets") : config_.target);
        if (!reader.has(name)) {
            if (!config_.target.empty()) {
                throw DataError(path.string() + " has no data set " + config_.target,
                                "it holds " + join(reader.members("/"), ", "), "check data.target");
            }
            return {.task = use_.task};
        }
        const auto [rows, columns] = reader.shape(name);
        if (rows != samples) {
            throw DataError("inputs and targets differ in number in " + path.string(),
                            "there are " + std::to_string(samples) + " inputs and " +
                                std::to_string(rows) + " in " + name,
                            "correct the file");
        }
        if (!by_class) {
            return values(reader, path, name, columns);
        }
        if (columns != 1) {
            throw DataError(name + " in " + path.string() + " does not hold one class per sample",
                            "it has " + std::to_string(columns) + " columns",
                            "store class numbers or names");
        }
        return classes(reader, path, name);
    }

  private:
    Targets values(const Hdf5Reader& reader, const std::filesystem::path& path,
                   const std::string& name, Index columns) const {
        Targets targets{.task = Task::values, .present = true, .outputs = columns};
        targets.values = reader.read<double>(name);
        const auto bad =
            std::ranges::find_if(targets.values, [](double v) { return !std::isfinite(v); });
        if (bad != targets.values.end()) {
            throw DataError(path.string() + " holds targets that are not finite",
                            "in sample " + std::to_string((bad - targets.values.begin()) / columns),
                            "correct the data");
        }
        return targets;
    }

    Targets classes(const Hdf5Reader& reader, const std::filesystem::path& path,
                    const std::string& name) {
        if (reader.holds_text(name)) {
            std::vector<std::string> of_samples = reader.read_text(name);
            std::ranges::transform(of_samples, of_samples.begin(), class_name);
            if (names_.empty()) {
                std::vector<std::string> distinct = of_samples;
                std::ranges::sort(distinct);
                distinct.erase(std::ranges::unique(distinct).begin(), distinct.end());
                names_ = sorted_class_names(std::move(distinct));
            }
            return named(of_samples, path);
        }
        std::vector<Index> numbers;
        for (const double value : reader.read<double>(name)) {
            if (value != std::trunc(value) || std::abs(value) > 0x1p53) {
                throw DataError("labels out of range in " + path.string(),
                                to_text(value) + " is not a whole number",
                                "store class numbers or names");
            }
            numbers.push_back(static_cast<Index>(value));
        }
        if (!reader.has("/class_names")) {
            Targets targets =
                numbered_targets(Task::classes, std::move(numbers), std::ssize(names_), path);
            targets.class_names = names_worth_showing(names_);
            return targets;
        }
        const std::vector<std::string> in_file = reader.read_text("/class_names");
        numbers = numbered_targets(Task::classes, std::move(numbers),
                                   std::max<Index>(1, std::ssize(in_file)), path)
                      .labels;
        if (names_.empty()) {
            names_ = in_file;
        }
        std::vector<std::string> of_samples;
        for (const Index number : numbers) {
            of_samples.push_back(class_name(in_file[static_cast<std::size_t>(number)]));
        }
        return named(of_samples, path);
    }

    Targets named(const std::vector<std::string>& of_samples,
                  const std::filesystem::path& path) const {
        Targets targets{.task = Task::classes, .present = true, .outputs = std::ssize(names_)};
        targets.class_names = names_worth_showing(names_);
        const ClassNumbers numbers(names_);
        for (std::size_t i = 0; i < of_samples.size(); ++i) {
            const auto number = numbers.find(of_samples[i]);
            if (!number) {
                throw DataError("labels out of range in " + path.string(),
                                "sample " + std::to_string(i) + " has the class \"" +
                                    of_samples[i] + "\", which is none of the " +
                                    std::to_string(names_.size()) + " known",
                                "check the labels");
            }
            targets.labels.push_back(*number);
        }
        return targets;
    }

    const DataConfig& config_;
    const DataUse& use_;
    std::vector<std::string> names_;
};

std::unique_ptr<Dataset> open_part(const std::filesystem::path& path, TargetReader& targets) {
    auto reader = std::make_unique<Hdf5Reader>(path, Hdf5Reader::Checksum::if_present);
    if (!reader->has("/inputs")) {
        throw DataError(path.string() + " has no data set inputs",
                        "it holds " + join(reader->members("/"), ", "),
                        "store the samples as inputs (samples x features)");
    }
    const auto [samples, features] = reader->shape("/inputs");
    if (samples == 0 || features == 0) {
        throw DataError(path.string() + " has no samples",
                        "inputs is " + std::to_string(samples) + " x " + std::to_string(features),
                        "name a file with samples");
    }
    Targets of_part = targets.read(*reader, path, samples);
    return std::make_unique<Hdf5Part>(path, std::move(reader), std::move(of_part));
}

}  // namespace

DataParts open_hdf5(const DataConfig& config, const DataUse& use) {
    TargetReader targets(config, use);
    DataParts parts;
    if (!config.train.empty()) {
        parts.train = open_part(data_file(config, config.train), targets);
    }
    if (!config.test.empty()) {
        const auto path = data_file(config, config.test);
        parts.test = open_part(path, targets);
        if (parts.train && parts.train->features() != parts.test->features()) {
            throw DataError("the training and the test part have different inputs",
                            std::to_string(parts.train->features()) + " and " +
                                std::to_string(parts.test->features()) + " numbers per sample",
                            "check data.train and data.test");
        }
    }
    return parts;
}

}  // namespace hoist
