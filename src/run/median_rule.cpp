#include "hoist/run/median_rule.hpp"

#include <algorithm>

namespace hoist {

namespace {

constexpr std::size_t fewest_others = 5;

}  // namespace

bool is_hopeless(const std::vector<double>& errors, const std::vector<std::vector<double>>& others,
                 Index length) {
    const Index now = std::ssize(errors);
    if (now == 0 || 2 * now < length || now >= length) {
        return false;
    }
    std::vector<double> reached;
    for (const std::vector<double>& other : others) {
        if (std::ssize(other) >= now) {
            reached.push_back(*std::min_element(other.begin(), other.begin() + now));
        }
    }
    if (reached.size() < fewest_others) {
        return false;
    }
    // Of an even number, the worse of the two in the middle.
    const auto middle = reached.begin() + std::ssize(reached) / 2;
    std::ranges::nth_element(reached, middle);
    return *std::ranges::min_element(errors) > *middle;
}

}  // namespace hoist
