#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hoist/data/dataset.hpp"

namespace hoist {

/// What is to be predicted in a csv file.
struct CsvTargets {
    /// Task::values: the target of each sample.
    std::vector<double> values;
    /// Task::classes: the target of each sample, as a position in `names`.
    std::vector<Index> classes;
    /// The distinct targets in the order in which they come, and the lines where they come first.
    std::vector<std::string> names;
    std::vector<Index> name_lines;
};

/// Takes the targets of a csv file, record by record.
class CsvTargetColumn {
  public:
    /// Told why a target cannot be taken; does not return.
    using Refuse = std::function<void(const std::string& why)>;

    explicit CsvTargetColumn(const DataUse& use) : task_(use.task), largest_(use.largest) {}

    /// Whether a field says that there is no target.
    bool lacks(std::string_view field) const;

    void take(std::string_view field, Index line, const Refuse& refuse);

    /// The class of the first record, where it is no number and the only one that comes once.
    std::optional<std::string> lone_first_class() const;

    CsvTargets finish() { return std::move(targets_); }

  private:
    void take_value(std::string_view field, const Refuse& refuse);
    void take_class(std::string_view field, Index line, const Refuse& refuse);

    Task task_;
    double largest_;
    CsvTargets targets_;
    /// The place of each class in the names.
    std::unordered_map<std::string, Index> places_;
};

}  // namespace hoist
