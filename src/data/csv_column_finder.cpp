#include "csv_column_finder.hpp"

#include <algorithm>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

std::optional<Index> CsvColumnFinder::named(const std::string& name) const {
    const auto wanted = trim(name);
    const auto found = std::ranges::find(first_, wanted);
    if (found == first_.end()) {
        return std::nullopt;
    }
    const auto again = std::find(found + 1, first_.end(), wanted);
    if (again != first_.end()) {
        throw DataError(file_ + ", line 1",
                        "columns " + std::to_string(found - first_.begin() + 1) + " and " +
                            std::to_string(again - first_.begin() + 1) + " have the name " + name,
                        "give a number from 1");
    }
    return found - first_.begin();
}

std::optional<Index> CsvColumnFinder::numbered(const std::string& number) const {
    const auto place = to_whole_number(number);
    return place && *place >= 1 && *place <= std::ssize(first_) ? std::optional(*place - 1)
                                                                : std::nullopt;
}

std::optional<Index> CsvColumnFinder::find(const std::string& column) const {
    const auto place = header_ ? named(column) : std::nullopt;
    return place ? place : numbered(column);
}

Index CsvColumnFinder::require(const std::string& column, const std::string& key) const {
    if (const auto place = find(column)) {
        return *place;
    }
    const std::vector<std::string> names(first_.begin(), first_.end());
    const auto meant = header_ ? nearest(column, names) : std::nullopt;
    throw UsageError(file_ + " has no column " + column,
                     "asked for by " + key + "; it has " + std::to_string(first_.size()) +
                         " columns" + (header_ ? "" : " and no header"),
                     meant     ? "did you mean " + *meant + "?"
                     : header_ ? "give a name in its first line, or a number from 1"
                               : "give a number from 1, or set data.header = true where "
                                 "the first line has names");
}

std::vector<bool> CsvColumnFinder::among(const std::vector<std::string>& columns) const {
    std::vector<bool> among(first_.size(), false);
    for (const std::string& column : columns) {
        if (const auto place = find(column)) {
            among[static_cast<std::size_t>(*place)] = true;
        }
    }
    return among;
}

}  // namespace hoist
