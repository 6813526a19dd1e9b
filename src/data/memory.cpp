#include <algorithm>
#include <cmath>

#include "formats.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/data/samples_in_memory.hpp"
#include "part.hpp"

namespace hoist {

namespace {

/// What messages call the samples of a part.
std::string called(const char* part) { return std::string("the ") + part + " data in memory"; }

Targets targets_in_memory(const SamplesInMemory& samples, Task task, const std::string& name) {
    const auto require_all = [&](std::ptrdiff_t targets, const char* what) {
        if (targets != samples.inputs.rows()) {
            throw DataError(name + " are inconsistent",
                            "there are " + std::to_string(samples.inputs.rows()) + " samples and " +
                                std::to_string(targets) + " " + what,
                            "give one of each");
        }
    };
    if (!samples.classes.empty() && task != Task::values) {
        require_all(std::ssize(samples.classes), "classes");
        return numbered_targets(task, {samples.classes.begin(), samples.classes.end()}, 0, name);
    }
    if (!samples.values.empty() && task == Task::values) {
        require_all(std::ssize(samples.values), "values");
        const auto bad = std::ranges::find_if(samples.values,
                                              [](double value) { return !std::isfinite(value); });
        if (bad != samples.values.end()) {
            throw DataError("value of sample " + std::to_string(bad - samples.values.begin()) +
                                " of " + name + " is not finite",
                            "it is " + to_text(*bad), "correct it, or leave the sample out");
        }
        return {.task = task,
                .present = true,
                .outputs = 1,
                .values = {samples.values.begin(), samples.values.end()}};
    }
    return {.task = task};
}

class MemoryPart final : public Part {
  public:
    MemoryPart(const SamplesInMemory& samples, Task task, const std::string& name)
        : Part(name, targets_in_memory(samples, task, name)), inputs_(samples.inputs) {}

    Index samples() const override { return inputs_.rows(); }
    Index features() const override { return inputs_.columns(); }

  private:
    void read_run(Index first, std::span<double> columns) override {
        const auto width = static_cast<std::size_t>(features());
        for (std::size_t at = 0; at < columns.size(); at += width, ++first) {
            const std::span<double> row = columns.subspan(at, width);
            inputs_.read(first, row);
            const auto bad =
                std::ranges::find_if(row, [](double number) { return !std::isfinite(number); });
            if (bad != row.end()) {
                throw DataError("input " + std::to_string(bad - row.begin()) + " of sample " +
                                    std::to_string(first) + " of " + file().string() +
                                    " is not finite",
                                "it is " + to_text(*bad), "correct it, or leave the sample out");
            }
        }
    }

    Rows inputs_;
};

}  // namespace

Rows::Rows(std::span<const float> numbers, Index columns) : floats_(numbers.data()) {
    set_shape(numbers.size(), columns);
}

Rows::Rows(std::span<const double> numbers, Index columns) : doubles_(numbers.data()) {
    set_shape(numbers.size(), columns);
}

void Rows::set_shape(std::size_t numbers, Index columns) {
    if (columns < 1 || numbers % static_cast<std::size_t>(columns) != 0) {
        throw UsageError(
            "the numbers of the samples do not fill rows",
            "there are " + std::to_string(numbers) + ", and a row has " + std::to_string(columns),
            "give as many for each sample as the network has inputs");
    }
    columns_ = columns;
    rows_ = static_cast<Index>(numbers) / columns;
}

void Rows::read(Index row, std::span<double> numbers) const {
    const Index first = row * columns_;
    floats_ != nullptr ? std::copy_n(floats_ + first, columns_, numbers.begin())
                       : std::copy_n(doubles_ + first, columns_, numbers.begin());
}

DataParts open_memory(const DataConfig& config, const DataUse& use) {
    if (config.memory == nullptr) {
        throw UsageError("the data were in the memory of a program",
                         "data.format = memory is what the library of hoist is handed",
                         "give --data.format and --data.path of others");
    }
    DataParts parts;
    parts.train = std::make_unique<MemoryPart>(config.memory->train, use.task, called("training"));
    if (config.memory->test.inputs.rows() > 0) {
        parts.test = std::make_unique<MemoryPart>(config.memory->test, use.task, called("test"));
    }
    return parts;
}

}  // namespace hoist
