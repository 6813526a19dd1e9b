#include "hoist/math/activation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "activation_of.hpp"
#include "columnwise.hpp"
#include "elementwise.hpp"
#include "gelu.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "lifting.hpp"
#include "piecewise_linear.hpp"
#include "proximal_spline.hpp"
#include "sigmoidal.hpp"
#include "softplus.hpp"
#include "spline.hpp"

namespace hoist {

namespace {

using ActivationPointer = std::shared_ptr<const Activation>;

/// The parameter of an activation, inside the open interval (lower, upper), where `whole` a whole
/// number.
struct Parameter {
    double preset;
    double lower;
    double upper;
    bool whole = false;

    bool admits(double value) const {
        return value > lower && value < upper && (!whole || value == std::floor(value));
    }
};

/// The values of a row's parameters, 0 where there is none.
struct Values {
    double first = 0;
    double second = 0;
};

struct Row {
    std::string_view name;
    std::optional<Parameter> parameter;
    /// Given the full name.
    ActivationPointer (*make)(std::string name, Values);
    /// One that a name shows only where it is not the preset.
    std::optional<Parameter> second = {};

    Values preset() const {
        return {parameter ? parameter->preset : 0, second ? second->preset : 0};
    }
};

template <typename Functions>
ActivationPointer columnwise(std::string name, Values) {
    return std::make_shared<ActivationOf<Functions>>(std::move(name), Functions{});
}

template <typename Rule>
ActivationPointer elementwise(std::string name, Rule rule) {
    using Functions = Elementwise<Rule>;
    return std::make_shared<ActivationOf<Functions>>(std::move(name), Functions(rule));
}

template <typename Bounds>
ActivationPointer projection(std::string name, Values) {
    return elementwise(std::move(name), Projection{Bounds::lower, Bounds::upper});
}

struct WholeLine {
    static constexpr double lower = -infinity, upper = infinity;
};
struct AtLeastZero {
    static constexpr double lower = 0.0, upper = infinity;
};
struct MinusOneToOne {
    static constexpr double lower = -1.0, upper = 1.0;
};
struct ZeroToOne {
    static constexpr double lower = 0.0, upper = 1.0;
};

template <typename Rule>
ActivationPointer plain(std::string name, Values) {
    return elementwise(std::move(name), Rule{});
}

template <typename Rule>
ActivationPointer with_value(std::string name, Values values) {
    return elementwise(std::move(name), Rule{values.first});
}

ActivationPointer pool(std::string name, Values values) {
    return std::make_shared<ActivationOf<MaxPool>>(std::move(name),
                                                   MaxPool{static_cast<Index>(values.first)});
}

template <bool scaled>
ActivationPointer lift(std::string name, Values values) {
    return std::make_shared<ActivationOf<Lifting>>(
        std::move(name), Lifting{static_cast<Index>(values.first), values.second, scaled});
}

template <typename Functions>
ActivationPointer make_spline(std::string name, Values values) {
    return std::make_shared<ActivationOf<Functions>>(
        std::move(name), Functions(static_cast<Index>(values.first), values.second));
}

constexpr Parameter labels{3, 2, 65, true};
constexpr Parameter range{1, 0, 1e6};
constexpr Parameter knots{31, 2, 257, true};

constexpr std::array table{
    Row{"identity", {}, projection<WholeLine>},
    Row{"relu", {}, projection<AtLeastZero>},
    Row{"leaky_relu", Parameter{0.1, 0, 1}, with_value<LeakyRelu>},
    Row{"hard_tanh", {}, projection<MinusOneToOne>},
    Row{"hard_sigmoid", {}, projection<ZeroToOne>},
    Row{"soft_threshold", Parameter{0.5, 0, infinity}, with_value<SoftThreshold>},
    Row{"sigmoid", {}, plain<Sigmoid>},
    Row{"tanh", {}, plain<Tanh>},
    Row{"softplus", {}, plain<Softplus>},
    Row{"gelu", {}, plain<Gelu>},
    Row{"simplex", {}, columnwise<SimplexProjection>},
    Row{"softmax", {}, columnwise<Softmax>},
    Row{"sign", {}, plain<Sign>},
    Row{"sin", {}, plain<Sin>},
    Row{"saturated_sin", {}, plain<SaturatedSin>},
    Row{"maxpool", Parameter{2, 1, 1025, true}, pool},
    Row{"lifting", labels, lift<false>, range},
    Row{"scaled_lifting", labels, lift<true>, range},
    Row{"spline", knots, make_spline<Spline>, range},
    Row{"proximal_spline", knots, make_spline<ProximalSpline>, range},
};

std::string full_name(const Row& row, Values values) {
    std::string name(row.name);
    if (row.parameter) {
        name += "(" + to_text(values.first);
        name += values.second != row.preset().second ? "," + to_text(values.second) + ")" : ")";
    }
    return name;
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

const Row& find_row(std::string_view name) {
    const auto row = std::ranges::find(table, name, &Row::name);
    if (row != table.end()) {
        return *row;
    }
    std::vector<std::string> names;
    for (const Row& other : table) {
        names.emplace_back(other.name);
    }
    const auto suggestion = nearest(name, names);
    throw UsageError("there is no activation " + quoted(name),
                     "network.activation knows " + join(names, ", "),
                     suggestion ? "did you mean " + quoted(*suggestion) + "?" : "use one of these");
}

std::string range_text(const Parameter& parameter) {
    const auto [preset, lower, upper, whole] = parameter;
    if (whole) {
        return "a whole number from " + to_text(lower + 1) + " to " + to_text(upper - 1);
    }
    return upper < infinity ? "a number between " + to_text(lower) + " and " + to_text(upper)
                            : "a number above " + to_text(lower);
}

Values parse_parameters(const Row& row, std::string_view text, std::string_view inside) {
    const auto refuse = [&](const std::string& why) {
        throw UsageError("the activation " + quoted(text) + " cannot be used", why,
                         "write " + std::string(row.parameter ? "for example " : "") +
                             quoted(full_name(row, row.preset())));
    };
    const auto read = [&](const Parameter& parameter, std::string_view number) {
        const auto value = to_number(trim(number));
        if (!value || !parameter.admits(*value)) {
            refuse(std::string("its ") + (&parameter == &*row.parameter ? "" : "second ") +
                   "parameter has to be " + range_text(parameter));
        }
        return *value;
    };
    if (!row.parameter) {
        refuse(quoted(row.name) + " has no parameter");
    }
    const auto comma = row.second ? inside.find(',') : std::string_view::npos;
    return {read(*row.parameter, inside.substr(0, comma)),
            comma == std::string_view::npos ? row.preset().second
                                            : read(*row.second, inside.substr(comma + 1))};
}

/// An activation's row and what stands in its parentheses.
std::pair<const Row&, Values> parse(std::string_view text) {
    const auto open = text.find('(');
    const Row& row = find_row(trim(text.substr(0, open)));
    if (open == std::string_view::npos) {
        return {row, row.preset()};
    }
    if (text.back() != ')') {
        throw UsageError("the activation " + quoted(text) + " cannot be read",
                         "its parenthesis is not closed at the end",
                         "write for example " + quoted(full_name(row, row.preset())));
    }
    return {row, parse_parameters(row, text, text.substr(open + 1, text.size() - open - 2))};
}

}  // namespace

std::shared_ptr<const Activation> parse_activation(std::string_view text) {
    const auto [row, values] = parse(trim(text));
    return row.make(full_name(row, values), values);
}

std::shared_ptr<const Activation> Activation::with_parameter(double value) const {
    auto [row, values] = parse(name());
    require(row.parameter && row.parameter->admits(value),
            "the parameter given to an activation is in its range");
    values.first = value;
    return row.make(full_name(row, values), values);
}

std::shared_ptr<const Activation> Activation::with_coefficients(
    const Vector<double>& coefficients) const {
    require(coefficients.size() == 1 && this->coefficients().size() == 1,
            "an activation is given as many coefficients as it has");
    return with_parameter(coefficients[0]);
}

std::vector<std::string> activation_names() {
    std::vector<std::string> names;
    for (const Row& row : table) {
        names.push_back(full_name(row, row.preset()));
    }
    return names;
}

}  // namespace hoist
