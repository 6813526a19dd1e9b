#include <algorithm>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "key.hpp"

namespace hoist {

namespace {

template <typename Number>
Number in_range(const Value& given, Number value, Number least, Number most) {
    if (value < least || value > most) {
        given.refuse("it must be " + (std::isinf(static_cast<double>(most))
                                          ? "at least " + to_text(static_cast<double>(least))
                                          : "from " + to_text(static_cast<double>(least)) + " to " +
                                                to_text(static_cast<double>(most))),
                     "choose a value in this range");
    }
    return value;
}

}  // namespace

void Value::refuse(const std::string& why, const std::string& advice) const {
    throw UsageError(name + " = " + text + " is not valid", why, advice);
}

double Value::number(double least, double most) const {
    const auto value = to_number(text);
    if (!value || !std::isfinite(*value)) {
        refuse("it is not a number", "give a number");
    }
    return in_range(*this, *value, least, most);
}

Index Value::whole_number(Index least, Index most) const {
    const auto value = to_whole_number(text);
    if (!value) {
        refuse("it is not a whole number", "give a whole number");
    }
    return in_range(*this, *value, least, most);
}

std::size_t Value::choice(const std::vector<std::string>& choices) const {
    const auto found = std::ranges::find(choices, text);
    if (found == choices.end()) {
        const auto meant = nearest(text, choices);
        refuse("it is none of " + join(choices, ", "),
               meant ? "did you mean " + *meant + "?" : "use one of these");
    }
    return static_cast<std::size_t>(found - choices.begin());
}

std::vector<double> Value::numbers(Index count, double least, double most) const {
    std::vector<double> values;
    for (const std::string& piece : split(text, ',')) {
        values.push_back(Value{name, piece}.number(least, most));
    }
    if (values.empty()) {
        refuse("it is empty", "give a number");
    }
    if (values.size() == 1) {
        values.resize(static_cast<std::size_t>(std::max<Index>(count, 1)), values.front());
    }
    if (static_cast<Index>(values.size()) != count && count > 0) {
        refuse("it has " + std::to_string(values.size()) + " numbers and the network needs " +
                   std::to_string(count),
               "give one, or " + std::to_string(count) + " with commas");
    }
    return values;
}

}  // namespace hoist
