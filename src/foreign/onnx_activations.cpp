#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/math/window_max.hpp"
#include "onnx_chain.hpp"

namespace hoist {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// The shortest decimal that is this float: 0.1 is stored as 0.100000001.
std::string shortest(float value) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    return {buffer.data(), end};
}

std::string with_parameter(const char* name, double value) {
    return std::string(name) + "(" + shortest(static_cast<float>(value)) + ")";
}

std::string leaky_relu(double slope) {
    return slope == 0.0 ? "relu" : slope == 1.0 ? "identity" : with_parameter("leaky_relu", slope);
}

Vector<double> one(double value) { return Vector<double>::Constant(1, value); }

}  // namespace

void OnnxChain::check_above_map() const {
    if (after_ != After::map) {
        refuse(after_ == After::input ? "it acts on the inputs"
                                      : "it acts on what another activation gives",
               "put a dense map in front of it");
    }
}

void OnnxChain::add_activation(const Node& node, const std::string& name) {
    check_above_map();
    try {
        close_map(parse_activation(name));
    } catch (const UsageError& error) {
        refuse(error.what(), "train the model with another parameter");
    }
    last_activation_ = &node;
}

void OnnxChain::close_map(std::shared_ptr<const Activation> phi) {
    const Shape u = picture_.value_or(Shape::vector(last_map().matrix.rows()));
    const auto x = phi->output(u);
    if (maximum_) {
        maximum_->from = specs_.back().to;
        phi = max_over_windows(std::move(phi), *maximum_);
        maximum_.reset();
    }
    model_.network.activations.push_back(std::move(phi));
    after_ = After::activation;
    if (x && *x != u) {
        if (picture_) {
            set_picture(*x);
        } else {
            shape_ = SampleShape({x->size()}, std::nullopt);
        }
    }
}

void OnnxChain::take_plain(const Node& node) {
    static const std::map<std::string, std::string> names{
        {"Relu", "relu"},         {"Sigmoid", "sigmoid"}, {"Tanh", "tanh"},
        {"Softplus", "softplus"}, {"Sign", "sign"},       {"Sin", "sin"}};
    add_activation(node, names.at(node.op_type()));
    pass(node);
}

void OnnxChain::take_leaky_relu(const Node& node) {
    add_activation(node, leaky_relu(number_attribute(node, "alpha", 0.01)));
    pass(node);
}

void OnnxChain::take_prelu(const Node& node) {
    if (node.input(0) != current_) {
        refuse("its slopes are not constants");
    }
    const Vector<double> slopes = shape_.spread(constant_of(node, 1), "slope");
    if ((slopes.array() != slopes[0]).any()) {
        refuse("its slopes differ between units",
               "train the model with one slope: PReLU(num_parameters=1)");
    }
    add_activation(node, leaky_relu(slopes[0]));
    pass(node);
}

void OnnxChain::take_shrink(const Node& node) {
    const double lambd = number_attribute(node, "lambd", 0.5);
    if (number_attribute(node, "bias", 0.0) != lambd) {
        refuse("its bias is not its lambd, so that it jumps", "train the model with Softshrink");
    }
    add_activation(node, with_parameter("soft_threshold", lambd));
    pass(node);
}

void OnnxChain::take_softmax(const Node& node) {
    // Before opset 13 it runs over all dimensions from the axis on.
    const bool over_rest = opset_ < 13;
    const std::size_t rank = shape_.rank() + 1;
    const Index axis = axis_of(number_attribute(node, "axis", over_rest ? 1.0 : -1.0), rank);
    const bool over_units = shape_.is_row()
                                ? axis > 0 && (over_rest || axis == static_cast<Index>(rank) - 1)
                                : over_rest && axis == 1;
    if (!over_units) {
        refuse("it runs over axis " + std::to_string(axis) + ", not over the units",
               "let it run over the last axis");
    }
    add_activation(node, "softmax");
    pass(node);
}

void OnnxChain::take_log_softmax(const Node& node) {
    take_softmax(node);
    end_ = &node;
    remark("its scores are the logarithms of those that hoist gives, the probabilities");
}

void OnnxChain::take_log(const Node& node) {
    if (after_ != After::activation || model_.network.activations.back()->name() != "softmax" ||
        !between_.is_identity()) {
        refuse("it is no logarithm of a softmax");
    }
    end_ = &node;
    remark("its scores are the logarithms of those that hoist gives, the probabilities");
    pass(node);
}

void OnnxChain::take_clip(const Node& node) {
    const auto bound = [&](int input, const char* name, double otherwise) {
        if (!has_input(node, input)) {
            return number_attribute(node, name, otherwise);
        }
        const OnnxConstant& constant = constant_of(node, input);
        if (constant.values.size() != 1) {
            refuse("a bound of it is not one number", "export the model again");
        }
        return constant.values.front();
    };
    const double low = bound(1, "min", -infinity);
    clip(node, low, bound(2, "max", infinity));
}

void OnnxChain::take_bound(const Node& node) {
    if (node.input_size() != 2) {
        refuse("it has " + std::to_string(node.input_size()) + " inputs");
    }
    const Vector<double> bounds =
        shape_.spread(constant_of(node, node.input(0) == current_ ? 1 : 0), "bound");
    if ((bounds.array() != bounds[0]).any()) {
        refuse("its bounds differ between units");
    }
    node.op_type() == "Max" ? clip(node, bounds[0], infinity) : clip(node, -infinity, bounds[0]);
}

// What hoist has no activation for is one of these, scaled and shifted: the map below takes up what
// is in front of it, the map above what is behind it.
void OnnxChain::clip(const Node& node, double low, double high) {
    constexpr double largest = std::numeric_limits<float>::max();
    const bool below = low > -largest;
    const bool above = high < largest;
    if (!(low < high)) {
        refuse("it clips to [" + to_text(low) + ", " + to_text(high) + "]", "check the model");
    }
    check_above_map();
    if (low == -1.0 && high == 1.0) {
        add_activation(node, "hard_tanh");
    } else if (below && above) {
        const double range = high - low;
        add(node, one(-low));
        multiply(node, one(1.0 / range));
        add_activation(node, "hard_sigmoid");
        multiply(node, one(range));
        add(node, one(low));
    } else if (below) {
        add(node, one(-low));
        add_activation(node, "relu");
        add(node, one(low));
    } else if (above) {
        multiply(node, one(-1.0));
        add(node, one(high));
        add_activation(node, "relu");
        multiply(node, one(-1.0));
        add(node, one(high));
    }
    pass(node);
}

void OnnxChain::take_hard_sigmoid(const Node& node) {
    check_above_map();
    multiply(node, one(number_attribute(node, "alpha", 0.2F)));
    add(node, one(number_attribute(node, "beta", 0.5)));
    add_activation(node, "hard_sigmoid");
    pass(node);
}

}  // namespace hoist
