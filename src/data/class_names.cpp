#include "class_names.hpp"

#include <algorithm>

#include "hoist/base/text.hpp"

namespace hoist {

std::string class_name(std::string_view text) {
    const auto number = to_number(text);
    return number ? to_text(*number) : std::string(trim(text));
}

std::vector<std::string> sorted_class_names(std::vector<std::string> names) {
    const auto is_number = [](const std::string& name) { return to_number(name).has_value(); };
    if (std::ranges::all_of(names, is_number)) {
        std::ranges::sort(names, {}, [](const std::string& name) { return *to_number(name); });
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
