#include "hoist/formulation/spline_loss.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

using Kind = SplineLoss::Kind;
using Knots = std::vector<std::pair<double, double>>;

constexpr Index most_labels = 1000000;

struct Form {
    std::string_view name;
    Kind kind;
};

constexpr std::array forms{Form{"absolute", Kind::absolute}, Form{"squared", Kind::squared},
                           Form{"truncated", Kind::truncated},
                           Form{"truncated_squared", Kind::truncated_squared},
                           Form{"knots", Kind::knots}};

/// The line through the knots on both sides of r, or the two that are nearest.
struct Segment {
    Segment(const Knots& knots, double r) {
        auto next = std::ranges::upper_bound(knots, r, {}, &Knots::value_type::first);
        next = std::clamp(next, knots.begin() + 1, knots.end() - 1);
        std::tie(left, below) = *(next - 1);
        std::tie(right, above) = *next;
    }
    double value(double r) const { return below + (above - below) * (r - left) / (right - left); }
    double slope() const { return (above - below) / (right - left); }

    double left;
    double below;
    double right;
    double above;
};

/// Reads the text of a loss and says what is wrong with it.
class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}

    SplineLoss operator()() const {
        constexpr std::string_view name = "spline(";
        if (!text_.starts_with(name) || text_.back() != ')') {
            refuse("it is not spline(LOWER,UPPER,LABELS,LOSS)");
        }
        std::string_view rest = text_.substr(name.size(), text_.size() - name.size() - 1);
        std::array<std::string_view, 3> numbers;
        for (std::string_view& number : numbers) {
            const auto comma = rest.find(',');
            if (comma == std::string_view::npos) {
                refuse("it needs two ends, a number of labels, and a loss");
            }
            number = rest.substr(0, comma);
            rest.remove_prefix(comma + 1);
        }
        const double lower = number(numbers[0]);
        const double upper = number(numbers[1]);
        if (!(lower < upper) || !std::isfinite(upper - lower)) {
            refuse("the lower end is not below the upper");
        }
        const auto labels = to_whole_number(trim(numbers[2]));
        if (!labels || *labels < 2 || *labels > most_labels) {
            refuse("the number of labels is not from 2 to " + std::to_string(most_labels));
        }
        return loss(lower, upper, *labels, trim(rest));
    }

  private:
    [[noreturn]] void refuse(const std::string& why) const {
        throw UsageError("network.output = " + std::string(text_) + " cannot be read", why,
                         "write it like spline(-2,2,41,truncated(0.5)): the loss at 41 labels from "
                         "-2 to 2 is that of residuals, at most that of 0.5; there are absolute, "
                         "squared, truncated(LIMIT), truncated_squared(LIMIT), "
                         "knots(R:COST,R:COST,...)");
    }

    double number(std::string_view text) const {
        const auto value = to_number(trim(text));
        if (!value || !std::isfinite(*value)) {
            refuse("'" + std::string(trim(text)) + "' is not a number");
        }
        return *value;
    }

    SplineLoss loss(double lower, double upper, Index labels, std::string_view text) const {
        const auto open = std::min(text.find('('), text.size());
        const auto form = std::ranges::find(forms, trim(text.substr(0, open)), &Form::name);
        const bool bare = open == text.size();
        if (form == forms.end() || (!bare && text.back() != ')')) {
            refuse("'" + std::string(text) + "' is no loss");
        }
        const bool wants_none = form->kind == Kind::absolute || form->kind == Kind::squared;
        if (bare != wants_none) {
            refuse("'" + std::string(form->name) + "' " +
                   (wants_none ? "takes no number" : "needs numbers in parentheses"));
        }
        const std::string_view inside =
            bare ? std::string_view() : text.substr(open + 1, text.size() - open - 2);
        if (form->kind == Kind::knots) {
            return {lower, upper, labels, form->kind, 0.0, knots(inside)};
        }
        const double limit = bare ? 0.0 : number(inside);
        if (!bare && !(limit > 0.0)) {
            refuse("the limit is not above 0");
        }
        return {lower, upper, labels, form->kind, limit};
    }

    Knots knots(std::string_view text) const {
        Knots knots;
        for (const std::string& piece : split(text, ',')) {
            const auto colon = piece.find(':');
            if (colon == std::string::npos) {
                refuse("'" + piece + "' is no residual and its cost, as in -1:0.5");
            }
            knots.emplace_back(number(std::string_view(piece).substr(0, colon)),
                               number(std::string_view(piece).substr(colon + 1)));
        }
        const auto falls = [](const auto& a, const auto& b) { return a.first >= b.first; };
        if (knots.size() < 2 || std::ranges::adjacent_find(knots, falls) != knots.end()) {
            refuse("there are no two knots and more, of ascending residuals");
        }
        return knots;
    }

    std::string_view text_;
};

}  // namespace

SplineLoss::SplineLoss(double lower, double upper, Index labels, Kind kind, double limit,
                       Knots knots)
    : lower_(lower),
      upper_(upper),
      labels_(labels),
      kind_(kind),
      limit_(limit),
      knots_(std::move(knots)) {
    require(lower < upper && labels >= 2, "there are labels");
    require(kind != Kind::knots || knots_.size() >= 2, "there are knots");
}

double SplineLoss::value(double u, double y) const {
    const Index p = below(u);
    if (p == labels_) {
        return cost(u - y);
    }
    const double share = (u - label(p)) / (label(p + 1) - label(p));
    return (1.0 - share) * at_label(p, y) + share * at_label(p + 1, y);
}

double SplineLoss::slope(double u, double y) const {
    const Index p = below(u);
    if (p < labels_) {
        return (at_label(p + 1, y) - at_label(p, y)) / (label(p + 1) - label(p));
    }
    const double r = u - y;
    const double sign = r < 0.0 ? -1.0 : 1.0;
    switch (kind_) {
        case Kind::absolute:
            return sign;
        case Kind::squared:
            return 2.0 * r;
        case Kind::truncated:
            return std::abs(r) < limit_ ? sign : 0.0;
        case Kind::truncated_squared:
            return std::abs(r) < limit_ ? 2.0 * r : 0.0;
        case Kind::knots:
            break;
    }
    return Segment(knots_, r).slope();
}

double SplineLoss::cost(double residual) const {
    const double size = std::abs(residual);
    switch (kind_) {
        case Kind::absolute:
            return size;
        case Kind::squared:
            return size * size;
        case Kind::truncated:
            return std::min(size, limit_);
        case Kind::truncated_squared:
            return std::min(size, limit_) * std::min(size, limit_);
        case Kind::knots:
            break;
    }
    return Segment(knots_, residual).value(residual);
}

Index SplineLoss::below(double u) const {
    if (!(u >= lower_ && u <= upper_)) {
        return labels_;
    }
    const double at = (u - lower_) / (upper_ - lower_) * static_cast<double>(labels_ - 1);
    return std::min(static_cast<Index>(at), labels_ - 2);
}

SplineLoss parse_spline_loss(std::string_view text) { return Reader(trim(text))(); }

}  // namespace hoist
