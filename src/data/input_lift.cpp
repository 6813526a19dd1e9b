#include "hoist/data/input_lift.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

/// Where a number lies among the labels: above label `below` by `share` of the way to the next, which is outside of
/// [0, 1] before the first and after the last.
struct Place {
    Index below;
    double share;
};

Place place(const InputLift& lift, double x) {
    const double at =
        (x - lift.lower) / (lift.upper - lift.lower) * static_cast<double>(lift.labels - 1);
    const double below = std::clamp(std::floor(at), 0.0, static_cast<double>(lift.labels - 2));
    return {static_cast<Index>(below), at - below};
}

void lift_each(const InputLift& lift, std::span<const double> x, std::span<double> z) {
    for (std::size_t i = 0; i < x.size(); ++i) {
        const auto [below, share] = place(lift, x[i]);
        const auto at = i * static_cast<std::size_t>(lift.labels) + static_cast<std::size_t>(below);
        z[at] = 1.0 - share;
        z[at + 1] = share;
    }
}

// From the lowest corner of the cell to the highest, along its edges in the order of falling shares.
void lift_jointly(const InputLift& lift, std::span<const double> x, std::span<double> z) {
    std::vector<double> shares;
    std::vector<Index> strides(x.size(), 1);
    for (std::size_t i = x.size() - 1; i > 0; --i) {
        strides[i - 1] = strides[i] * lift.labels;
    }
    Index vertex = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const auto [below, share] = place(lift, std::clamp(x[i], lift.lower, lift.upper));
        vertex += below * strides[i];
        shares.push_back(share);
    }
    std::vector<std::size_t> order(x.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return shares[i]; });
    double before = 1.0;
    for (const std::size_t i : order) {
        z[static_cast<std::size_t>(vertex)] = before - shares[i];
        before = shares[i];
        vertex += strides[i];
    }
    z[static_cast<std::size_t>(vertex)] = before;
}

}  // namespace

Index InputLift::lifted(Index numbers) const {
    if (empty()) {
        return numbers;
    }
    if (kind == Kind::each) {
        return numbers <= most_lifted / labels ? numbers * labels : 0;
    }
    Index vertices = 1;
    for (Index i = 0; i < numbers; ++i) {
        if (vertices > most_lifted / labels) {
            return 0;
        }
        vertices *= labels;
    }
    return vertices;
}

Index InputLift::numbers(Index lifted) const {
    if (empty()) {
        return lifted;
    }
    Index numbers = kind == Kind::each ? lifted / labels : 0;
    if (kind == Kind::jointly) {
        for (Index vertices = 1; vertices < lifted; vertices *= labels) {
            ++numbers;
        }
    }
    return numbers > 0 && this->lifted(numbers) == lifted ? numbers : 0;
}

void InputLift::operator()(std::span<const double> x, std::span<double> z) const {
    if (empty()) {
        std::ranges::copy(x, z.begin());
        return;
    }
    std::ranges::fill(z, 0.0);
    kind == Kind::each ? lift_each(*this, x, z) : lift_jointly(*this, x, z);
}

InputLift parse_input_lift(std::string_view text, const std::string& key) {
    const std::string_view trimmed = trim(text);
    if (trimmed.empty()) {
        return {};
    }
    const auto refuse = [&](const std::string& why) {
        throw UsageError(key + " = " + std::string(text) + " cannot be read", why,
                         "write it like each(0,1,9), which lifts every input to 9 numbers, or "
                         "jointly(0,1,11), which lifts all inputs together to a grid of 11 labels "
                         "in each direction");
    };
    const auto open = std::min(trimmed.find('('), trimmed.size());
    const std::string_view name = trim(trimmed.substr(0, open));
    if ((name != "each" && name != "jointly") || open == trimmed.size() || trimmed.back() != ')') {
        refuse("it is neither each(LOWER,UPPER,LABELS) nor jointly(LOWER,UPPER,LABELS)");
    }
    const std::vector<std::string> pieces =
        split(trimmed.substr(open + 1, trimmed.size() - open - 2), ',');
    if (pieces.size() != 3) {
        refuse("it has " + std::to_string(pieces.size()) + " numbers and needs 3");
    }
    const auto lower = to_number(pieces[0]);
    const auto upper = to_number(pieces[1]);
    const auto labels = to_whole_number(pieces[2]);
    if (!lower || !upper || !std::isfinite(*lower) || !std::isfinite(*upper - *lower) ||
        !(*lower < *upper)) {
        refuse("the lower end is not a number below the upper");
    }
    if (!labels || *labels < 2 || *labels > InputLift::most_lifted) {
        refuse("there are at least two labels");
    }
    return {name == "each" ? InputLift::Kind::each : InputLift::Kind::jointly, *lower, *upper,
            *labels};
}

std::string to_text(const InputLift& lift) {
    return lift.empty() ? ""
                        : std::string(lift.kind == InputLift::Kind::each ? "each" : "jointly") +
                              "(" + to_text(lift.lower) + "," + to_text(lift.upper) + "," +
                              std::to_string(lift.labels) + ")";
}

}  // namespace hoist
