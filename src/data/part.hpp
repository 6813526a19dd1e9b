#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hoist/data/dataset.hpp"

namespace hoist {

/// What is to be predicted in a part, one entry per sample.
struct Targets {
    Task task = Task::classes;
    bool present = false;
    Index outputs = 0;
    std::vector<std::string> class_names = {};
    std::vector<Index> labels = {};
    std::vector<double> values = {};
};

/// A part whose targets are held in memory, with the checks that all parts have in common.
class Part : public Dataset {
  public:
    /// @param file for messages.
    Part(std::filesystem::path file, Targets targets)
        : file_(std::move(file)), targets_(std::move(targets)) {}

    bool labeled() const final { return targets_.present; }
    Index outputs() const final { return targets_.outputs; }
    std::vector<std::string> class_names() const final { return targets_.class_names; }

    void read_inputs(std::span<const Index> samples, std::span<double> columns) final;
    void read_labels(std::span<const Index> samples, std::span<Index> labels) final;
    void read_values(std::span<const Index> samples, std::span<double> columns) final;

  protected:
    const std::filesystem::path& file() const { return file_; }

  private:
    /// Writes samples first, first + 1, ..., all within range, as many as there is room for.
    virtual void read_run(Index first, std::span<double> columns) = 0;

    std::filesystem::path file_;
    Targets targets_;
};

/// @throws Defect unless `samples` ascend within range and `size` is `each` times their number.
void check_request(const Dataset& data, std::span<const Index> samples, std::size_t size,
                   Index each);

/// Targets that are classes numbered in the file itself, 0 onward; as Task::values they are numbers
/// like any other. @throws DataError for a label below 0, or not below `classes` unless that is 0.
Targets numbered_targets(Task task, std::vector<Index> labels, Index classes,
                         const std::filesystem::path& file);

/// Where `name` lies: in the folder of `config` or, if absolute, there. @throws MissingError unless
/// it can be read.
std::filesystem::path data_file(const DataConfig& config, const std::string& name);

}  // namespace hoist
