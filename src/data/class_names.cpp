#include "class_names.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/text.hpp"

namespace hoist {

std::string class_name(std::string_view text) {
    text = trim(text);
    // -?(0|[1-9][0-9]*)\.0* loses its point and zeros.
    const auto point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view digits = whole.starts_with('-') ? whole.substr(1) : whole;
    constexpr std::string_view ten = "0123456789";
    const bool is_whole_number = point != std::string_view::npos && !digits.empty() &&
                                 digits.find_first_not_of(ten) == std::string_view::npos &&
                                 (digits.size() == 1 || digits.front() != '0') &&
                                 text.find_first_not_of('0', point + 1) == std::string_view::npos;
    return std::string(is_whole_number ? whole : text);
}

std::vector<std::string> sorted_class_names(std::vector<std::string> names) {
    const auto is_number = [](const std::string& name) {
        const auto value = to_number(name);
        return value && !std::isnan(*value);
    };
    if (std::ranges::all_of(names, is_number)) {
        // Numbers of more digits than a double has are in order by their length and digits.
        std::ranges::sort(names, [](const std::string& a, const std::string& b) {
            const double of_a = *to_number(a);
            const double of_b = *to_number(b);
            return of_a != of_b ? of_a < of_b : a.size() != b.size() ? a.size() < b.size() : a < b;
        });
    } else {
        std::ranges::sort(names);
    }
    return names;
}

std::vector<std::string> names_worth_showing(const std::vector<std::string>& names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] != std::to_string(i)) {
            return names;
        }
    }
    return {};
}

ClassNumbers::ClassNumbers(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        numbers_.emplace(class_name(name), std::ssize(numbers_));
    }
}

std::optional<Index> ClassNumbers::find(const std::string& name) const {
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace hoist
