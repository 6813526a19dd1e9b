#include <algorithm>

#include "hoist/base/error.hpp"
#include "onnx_chain.hpp"

namespace hoist {

namespace {

Vector<double> vector_attribute(const onnx::NodeProto& node, const std::string& name) {
    const std::vector<double> values = numbers_attribute(node, name);
    return Eigen::Map<const Vector<double>>(values.data(), std::ssize(values));
}

OnnxConstant row_attribute(const onnx::NodeProto& node, const std::string& name) {
    std::vector<double> values = numbers_attribute(node, name);
    return {{std::ssize(values)}, std::move(values)};
}

/// The transpose of a map whose rows stand in an attribute one after another.
Matrix<double> columns_attribute(const onnx::NodeProto& node, Index rows) {
    const Vector<double> values = vector_attribute(node, "coefficients");
    if (rows < 1 || values.size() == 0 || values.size() % rows != 0) {
        refuse("its " + std::to_string(values.size()) + " coefficients are no matrix of " +
                   std::to_string(rows) + " rows",
               "export the model again");
    }
    return values.reshaped(values.size() / rows, rows);
}

}  // namespace

bool OnnxChain::is_probability() const {
    return after_ == After::activation && between_.is_identity() &&
           model_.network.activations.back()->name() == "sigmoid" &&
           model_.maps.back().matrix.rows() == 1;
}

const onnx::NodeProto* OnnxChain::joined(const std::string& complement) const {
    const auto joins = [&](const Node* node) {
        return node->op_type() == "Concat" && node->input_size() == 2 &&
               ((node->input(0) == current_ && node->input(1) == complement) ||
                (node->input(1) == current_ && node->input(0) == complement));
    };
    const auto found = std::ranges::find_if(route_.nodes, joins);
    return found == route_.nodes.end() ? nullptr : *found;
}

void OnnxChain::take_concat(const Node& node) {
    const auto complement = std::ranges::find_if(
        node.input(), [&](const std::string& name) { return name != current_; });
    const auto makes_it = [&](const Node* other) {
        return complement != node.input().end() && other->op_type() == "Sub" &&
               other->input_size() == 2 && other->output(0) == *complement &&
               other->input(1) == current_ && constants_.contains(other->input(0)) &&
               constants_.at(other->input(0)).values == std::vector<double>{1.0};
    };
    const Index last = static_cast<Index>(shape_.rank());
    if (end_ != nullptr || !is_probability() || node.input_size() != 2 || !shape_.is_row() ||
        axis_of(number_attribute(node, "axis", 0.0), shape_.rank() + 1) != last ||
        std::ranges::find_if(route_.nodes, makes_it) == route_.nodes.end()) {
        refuse("it joins two tensors of the network, which is no chain then");
    }
    reversed_ = node.input(0) == current_;
    end_ = &node;
    shape_.set_last(2);
    pass(node);
}

void OnnxChain::take_argmax(const Node& node) {
    const Index axis = axis_of(number_attribute(node, "axis", 0.0), shape_.rank() + 1);
    if (axis == 0 || axis != static_cast<Index>(shape_.rank()) || !shape_.is_row() ||
        shape_.size() < 2 || model_.maps.empty()) {
        refuse("it does not find the largest score of a sample",
               "export the model up to its scores");
    }
    remark("its output is the label alone; hoist gives the scores too");
    end_ = &node;
    shape_ = number_attribute(node, "keepdims", 1.0) != 0.0 ? SampleShape({1}, std::nullopt)
                                                            : SampleShape({}, std::nullopt);
    pass(node);
}

void OnnxChain::take_label(const Node& node) {
    if (end_ == nullptr || end_->op_type() != "ArgMax" || node.input_size() != 2 ||
        node.input(1) != current_) {
        refuse("it takes a part of the numbers of the chain", "export the model without it");
    }
    pass(node);
}

void OnnxChain::take_zip_map(const Node& node) {
    end_ = &node;
    pass(node);
}

void OnnxChain::take_normalizer(const Node& node) {
    const bool sums_to_one = after_ == After::activation && between_.is_identity() &&
                             (model_.network.activations.back()->name() == "softmax" ||
                              (is_probability() && end_ != nullptr));
    if (text_attribute(node, "norm", "MAX") != "L1" || !sums_to_one) {
        refuse(
            "it divides the numbers of a sample by their norm",
            "fit a classifier whose probabilities are a softmax: multinomial, not one-versus-rest");
    }
    pass(node);
}

void OnnxChain::take_scaler(const Node& node) {
    const Vector<double> offset = shape_.spread(row_attribute(node, "offset"), "offset");
    add(node, -offset);
    multiply(node, shape_.spread(row_attribute(node, "scale"), "scale"));
    pass(node);
}

void OnnxChain::take_linear_regressor(const Node& node) {
    if (text_attribute(node, "post_transform", "NONE") != "NONE") {
        refuse("it transforms what it gives", "export a model without post_transform");
    }
    const Index targets = whole_number(number_attribute(node, "targets", 1.0));
    add_map(node, columns_attribute(node, targets), false);
    if (find_attribute(node, "intercepts") != nullptr) {
        add(node, shape_.spread(row_attribute(node, "intercepts"), "intercept"));
    }
}

void OnnxChain::take_linear_classifier(const Node& node) {
    const Vector<double> intercepts = vector_attribute(node, "intercepts");
    const std::string transform = text_attribute(node, "post_transform", "NONE");
    add_map(node, columns_attribute(node, intercepts.size()), false);
    last_map().bias += intercepts;
    auto& [matrix, bias, moments] = last_map();
    const bool two = matrix.rows() == 2 && matrix.row(0) == -matrix.row(1) && bias[0] == -bias[1];
    if (transform == "SOFTMAX" && matrix.rows() > 1) {
        add_activation(node, "softmax");
    } else if (transform == "LOGISTIC" && (two || matrix.rows() == 1)) {
        if (two) {
            matrix = matrix.bottomRows(1).eval();
            bias = bias.tail(1).eval();
        }
        add_activation(node, "sigmoid");
    } else if (transform != "NONE" || matrix.rows() == 1) {
        refuse(
            "its " + transform + " of " + std::to_string(matrix.rows()) + " scores is no softmax",
            "fit a multinomial classifier, whose scores are a softmax");
    }
    end_ = &node;
    if (matrix.rows() == 1) {
        shape_.set_last(2);
    }
    const bool label = node.output_size() > 0 && node.output(0) == route_.output;
    pass(node, label ? 0 : 1);
}

}  // namespace hoist
