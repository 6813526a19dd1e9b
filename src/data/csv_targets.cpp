#include "csv_targets.hpp"

#include <algorithm>
#include <cmath>

#include "class_names.hpp"
#include "csv_values.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

bool CsvTargetColumn::lacks(std::string_view field) const {
    return task_ == Task::values ? is_missing(field) : is_missing_class(field);
}

void CsvTargetColumn::take(std::string_view field, Index line, const Refuse& refuse) {
    if (task_ == Task::values) {
        take_value(field, refuse);
    } else {
        take_class(field, line, refuse);
    }
}

void CsvTargetColumn::take_value(std::string_view field, const Refuse& refuse) {
    const auto value = to_number(field);
    if (!value) {
        refuse(in_quotes(field) + " is not a number" +
               (is_foreign_number(field) ? " as it is read: write 1234.5" : ""));
    }
    if (!std::isfinite(*value)) {
        refuse(std::string(field) + " is not a finite number");
    }
    if (std::abs(*value) > largest_) {
        refuse(std::string(field) + " does not fit train.precision = float");
    }
    targets_.values.push_back(*value);
}

void CsvTargetColumn::take_class(std::string_view field, Index line, const Refuse& refuse) {
    const auto [entry, is_new] = places_.emplace(class_name(field), std::ssize(places_));
    if (is_new) {
        if (!is_utf8(field)) {
            refuse("the class is not UTF-8 text");
        }
        targets_.names.push_back(entry->first);
        targets_.name_lines.push_back(line);
    }
    targets_.classes.push_back(entry->second);
}

std::optional<std::string> CsvTargetColumn::lone_first_class() const {
    if (targets_.names.size() < 2 || to_number(targets_.names.front())) {
        return std::nullopt;
    }
    std::vector<Index> counts(targets_.names.size(), 0);
    for (const Index place : targets_.classes) {
        ++counts[static_cast<std::size_t>(place)];
    }
    return counts.front() == 1 && std::ranges::count(counts, Index{1}) == 1
               ? std::optional(targets_.names.front())
               : std::nullopt;
}

}  // namespace hoist
