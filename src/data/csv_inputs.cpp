#include "csv_inputs.hpp"

#include <algorithm>
#include <cmath>

#include "csv_values.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

CsvInputs::CsvInputs(TableColumns table, CsvLayout layout)
    : table_(std::move(table)), layout_(std::move(layout)), words_(table_.columns.size()) {
    for (std::size_t i = 0; i < words_.size(); ++i) {
        for (const std::string& word : table_.columns[i].words) {
            words_[i].emplace(word, std::ssize(words_[i]));
        }
    }
}

bool CsvInputs::read(std::span<const std::string_view> fields,
                     std::span<double>::iterator out) const {
    if (std::ssize(fields) != layout_.columns) {
        return false;
    }
    auto mean = table_.means.begin();
    for (std::size_t i = 0; i < words_.size(); ++i) {
        const std::string_view field = fields[static_cast<std::size_t>(layout_.inputs[i])];
        const Index width = table_.columns[i].inputs();
        if (words_[i].empty()) {
            const auto value = to_number(field);
            if (value && std::isfinite(*value)) {
                *out = *value;
            } else if (is_missing(field)) {
                *out = *mean;
            } else {
                return false;
            }
        } else if (const auto word = words_[i].find(field); word != words_[i].end()) {
            std::fill_n(out, width, 0.0);
            out[word->second] = 1.0;
        } else {
            std::copy_n(mean, width, out);
        }
        out += width;
        mean += width;
    }
    return true;
}

}  // namespace hoist
