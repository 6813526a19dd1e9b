#include "hoist/data/table_columns.hpp"

#include "hoist/base/text.hpp"

namespace hoist {

std::string some_of(const std::vector<std::string>& names) {
    constexpr std::size_t shown = 5;
    if (names.size() <= shown + 1) {
        return join(names, ", ");
    }
    return join(std::span(names).first(shown), ", ") + " and " +
           std::to_string(names.size() - shown) + " more";
}

std::string to_text(const TableColumns& table) {
    std::vector<std::string> parts;
    Index numbers = 0;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const TableColumn& column = table.columns[i];
        if (column.words.empty()) {
            ++numbers;
            continue;
        }
        parts.push_back(
            std::to_string(column.words.size()) + " words of " +
            (column.name.empty() ? "input column " + std::to_string(i + 1) : column.name));
    }
    if (parts.empty()) {
        return "";
    }
    if (numbers > 0) {
        parts.insert(parts.begin(), std::to_string(numbers) + " columns of numbers");
    }
    return some_of(parts);
}

}  // namespace hoist
