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
#include "piecewise_linear.hpp"
#include "sigmoidal.hpp"
#include "softplus.hpp"

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

struct Row {
    std::string_view name;
    std::optional<Parameter> parameter;
    /// Given the full name and the parameter's value (0 where there is none).
    ActivationPointer (*make)(std::string name, double parameter);
};

template <typename Functions>
ActivationPointer columnwise(std::string name, double) {
    return std::make_shared<ActivationOf<Functions>>(std::move(name), Functions{});
}

template <typename Rule>
ActivationPointer elementwise(std::string name, Rule rule) {
    using Functions = Elementwise<Rule>;
    return std::make_shared<ActivationOf<Functions>>(std::move(name), Functions(rule));
}

template <typename Bounds>
ActivationPointer projection(std::string name, double) {
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
ActivationPointer plain(std::string name, double) {
    return elementwise(std::move(name), Rule{});
}

template <typename Rule>
ActivationPointer with_value(std::string name, double parameter) {
    return elementwise(std::move(name), Rule{parameter});
}

ActivationPointer pool(std::string name, double group) {
    return std::make_shared<ActivationOf<MaxPool>>(std::move(name),
                                                   MaxPool{static_cast<Index>(group)});
}

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
};

std::string full_name(const Row& row, double parameter) {
    std::string name(row.name);
    return row.parameter ? name + "(" + to_text(parameter) + ")" : name;
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

double parse_parameter(const Row& row, std::string_view text, std::string_view number) {
    if (!row.parameter) {
        throw UsageError("the activation " + quoted(text) + " cannot be used",
                         quoted(row.name) + " has no parameter", "write " + quoted(row.name));
    }
    const auto value = to_number(number);
    if (!value || !row.parameter->admits(*value)) {
        throw UsageError("the activation " + quoted(text) + " cannot be used",
                         "its parameter has to be " + range_text(*row.parameter),
                         "write for example " + quoted(full_name(row, row.parameter->preset)));
    }
    return *value;
}

}  // namespace

std::shared_ptr<const Activation> parse_activation(std::string_view text) {
    text = trim(text);
    const auto open = text.find('(');
    const Row& row = find_row(trim(text.substr(0, open)));
    double parameter = row.parameter ? row.parameter->preset : 0;
    if (open != std::string_view::npos) {
        if (text.back() != ')') {
            throw UsageError("the activation " + quoted(text) + " cannot be read",
                             "its parenthesis is not closed at the end",
                             "write for example " + quoted(full_name(row, parameter)));
        }
        parameter = parse_parameter(row, text, text.substr(open + 1, text.size() - open - 2));
    }
    return row.make(full_name(row, parameter), parameter);
}

std::shared_ptr<const Activation> Activation::with_parameter(double value) const {
    const std::string text = name();
    const Row& row = find_row(std::string_view(text).substr(0, text.find('(')));
    require(row.parameter && row.parameter->admits(value),
            "the parameter given to an activation is in its range");
    return row.make(full_name(row, value), value);
}

std::vector<std::string> activation_names() {
    std::vector<std::string> names;
    for (const Row& row : table) {
        names.push_back(full_name(row, row.parameter ? row.parameter->preset : 0));
    }
    return names;
}

}  // namespace hoist
