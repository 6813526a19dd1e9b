#include "hoist/config/search_space.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

constexpr std::string_view section = "tune.";

}  // namespace

std::string SearchRange::value(double position) const {
    double number =
        scale == Scale::log ? low * std::pow(high / low, position) : std::lerp(low, high, position);
    if (numbers == Numbers::whole) {
        number = std::round(number);
    } else {
        char digits[32];
        std::snprintf(digits, sizeof digits, "%.3e", number);
        number = to_number(digits).value_or(number);
    }
    number = std::clamp(number, low, high);
    return numbers == Numbers::whole ? std::to_string(std::llround(number)) : to_text(number);
}

double SearchRange::position(double value) const {
    return scale == Scale::log ? std::log(value / low) / std::log(high / low)
                               : (value - low) / (high - low);
}

SearchRange parse_search_range(const std::string& key, const std::string& text) {
    const auto refuse = [&](const std::string& why, const std::string& advice) {
        throw UsageError(std::string(section) + key + " = " + text + " is not a range", why,
                         advice);
    };
    std::istringstream words(text);
    std::string low;
    std::string high;
    words >> low >> high;
    const auto least = to_number(low);
    const auto most = to_number(high);
    if (!least || !most || !std::isfinite(*least) || !std::isfinite(*most)) {
        refuse("it does not begin with two numbers", "write LOW HIGH, like 0.1 10 log");
    }
    SearchRange range{key, *least, *most};
    for (std::string word; words >> word;) {
        if (word == "log") {
            range.scale = SearchRange::Scale::log;
        } else if (word == "integer") {
            range.numbers = SearchRange::Numbers::whole;
        } else {
            refuse(word + " is unknown", "after the numbers write log, integer, both or nothing");
        }
    }
    if (range.low >= range.high) {
        refuse("the first number is not below the second", "write LOW HIGH");
    }
    if (range.scale == SearchRange::Scale::log && range.low <= 0.0) {
        refuse("a log scale has no zero and nothing below", "begin above 0, or leave out log");
    }
    if (range.numbers == SearchRange::Numbers::whole &&
        (range.low != std::round(range.low) || range.high != std::round(range.high))) {
        refuse("its ends are not whole", "give whole numbers, or leave out integer");
    }
    return range;
}

SearchSpace::SearchSpace(const ConfigText& text) {
    for (const ConfigKey& key : tune_keys()) {
        const auto found = text.find(key.name);
        if (found != text.end()) {
            ranges_.push_back(parse_search_range(key.name.substr(section.size()), found->second));
        }
    }
    if (ranges_.empty()) {
        throw UsageError("there is nothing to search", "the configuration has no [tune] section",
                         "add ranges under [tune], such as weights.step = 1e-4 1e-2 log");
    }
    for (const auto& [key, value] : text) {
        if (!key.starts_with(section)) {
            fixed_[key] = value;
        }
    }
    check();
}

// Values may be refused by themselves, at the ends of a range, or in combination, which is most
// likely at the corners. Numbers inside tell the keys that only take whole ones.
void SearchSpace::check() const {
    for (const double corner : {0.0, 1.0}) {
        parse_config(settings(values(Vector<double>::Constant(dimensions(), corner))));
    }
    for (const SearchRange& range : ranges_) {
        if (range.numbers == SearchRange::Numbers::whole) {
            continue;
        }
        ConfigText inside = settings(values(Vector<double>::Zero(dimensions())));
        for (const double position : {0.317, 0.618}) {
            inside[range.key] = range.value(position);
            try {
                parse_config(inside);
            } catch (const UsageError& error) {
                throw UsageError(std::string(section) + range.key + " has values that " +
                                     range.key + " does not take",
                                 "such as " + inside[range.key],
                                 "add integer if it takes whole numbers, or narrow the range");
            }
        }
    }
}

std::vector<std::string> SearchSpace::values(const Vector<double>& point) const {
    require(point.size() == dimensions(), "a point has a coordinate for each range");
    std::vector<std::string> values;
    for (Index i = 0; i < dimensions(); ++i) {
        values.push_back(ranges_[static_cast<std::size_t>(i)].value(point[i]));
    }
    return values;
}

Vector<double> SearchSpace::point(const std::vector<std::string>& values) const {
    require(std::ssize(values) == dimensions(), "every range has a value");
    return Vector<double>::NullaryExpr(dimensions(), [&](Index i) {
        const auto at = static_cast<std::size_t>(i);
        return ranges_[at].position(to_number(values[at]).value_or(ranges_[at].low));
    });
}

ConfigText SearchSpace::settings(const std::vector<std::string>& values) const {
    ConfigText text = fixed_;
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
        text[ranges_[i].key] = values[i];
    }
    return text;
}

}  // namespace hoist
