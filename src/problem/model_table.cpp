#include "model_table.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"

namespace hoist {

void write_table(Hdf5Writer& file, const TableColumns& table) {
    if (table.empty()) {
        return;
    }
    std::vector<std::string> names;
    std::vector<std::string> words;
    std::vector<Index> counts;
    for (const TableColumn& column : table.columns) {
        names.push_back(column.name);
        words.insert(words.end(), column.words.begin(), column.words.end());
        counts.push_back(std::ssize(column.words));
    }
    file.write<Index>("/table/word_counts", counts);
    file.write<double>("/table/means", table.means);
    if (table.named()) {
        file.write("/table/names", names);
    }
    if (!words.empty()) {
        file.write("/table/words", words);
    }
    if (!table.target.empty()) {
        file.write("/table/target", {table.target});
    }
}

TableColumns read_table(const Hdf5Reader& file, const std::string& shown, Index inputs) {
    TableColumns table;
    if (!file.has("/table/word_counts")) {
        return table;
    }
    const auto read_text = [&](const std::string& name) {
        return file.has(name) ? file.read_text(name) : std::vector<std::string>();
    };
    const auto check = [&](bool fits, const char* why) {
        if (!fits) {
            throw DataError(shown + " is inconsistent", why, "use another checkpoint");
        }
    };
    const std::vector<double> counts = file.read<double>("/table/word_counts");
    const std::vector<std::string> names = read_text("/table/names");
    const std::vector<std::string> words = read_text("/table/words");
    const std::vector<std::string> target = read_text("/table/target");
    check(names.empty() || names.size() == counts.size(),
          "its columns and their names differ in number");
    std::size_t used = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        check(counts[i] >= 0.0 && counts[i] <= static_cast<double>(words.size() - used) &&
                  counts[i] == std::trunc(counts[i]),
              "its columns have other words than it names");
        TableColumn& column = table.columns.emplace_back();
        column.name = names.empty() ? "" : names[i];
        const auto begin = words.begin() + static_cast<Index>(used);
        used += static_cast<std::size_t>(counts[i]);
        column.words.assign(begin, words.begin() + static_cast<Index>(used));
    }
    check(used == words.size(), "its columns have other words than it names");
    table.means =
        file.has("/table/means") ? file.read<double>("/table/means") : std::vector<double>();
    table.target = target.empty() ? "" : target.front();
    check(table.inputs() == inputs && std::ssize(table.means) == inputs &&
              std::ranges::all_of(table.means, [](double mean) { return std::isfinite(mean); }),
          "the columns of its table do not fit its first layer");
    return table;
}

}  // namespace hoist
