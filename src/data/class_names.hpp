#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// The name of a class as it is written in a file, without the decimal point and zeros of a whole
/// number: 1 and 1.0 are one class, and 01, 1e0 and +1 are others.
std::string class_name(std::string_view text);

/// Sorted by value where all are numbers, else by letters.
std::vector<std::string> sorted_class_names(std::vector<std::string> names);

/// Nothing where the names are 0, 1, ... and so say no more than the classes' numbers; else the
/// names.
std::vector<std::string> names_worth_showing(const std::vector<std::string>& names);

/// Finds classes by name.
class ClassNumbers {
  public:
    explicit ClassNumbers(const std::vector<std::string>& names);
    std::optional<Index> find(const std::string& name) const;

  private:
    std::map<std::string, Index> numbers_;
};

}  // namespace hoist
