#include <algorithm>
#include <array>

#include "hoist/base/text.hpp"
#include "onnx_chain.hpp"

namespace hoist {

namespace {

constexpr const char* other_side = "it multiplies the samples from the other side";
constexpr const char* rows_are_samples = "let the samples be the rows: x W + b";

}  // namespace

void OnnxChain::add_map(const Node& node, Matrix<double> columns, bool full) {
    if (!shape_.is_row()) {
        refuse("its input has more than one dimension per sample",
               "put Flatten in front of the first map");
    }
    if (columns.size() == 0) {
        refuse("its matrix is empty", "export the model again");
    }
    const Index inputs = columns.rows();
    if (shape_.size() != SampleShape::unknown && shape_.size() != inputs) {
        refuse("its matrix takes " + std::to_string(inputs) + " numbers, and a sample has " +
                   std::to_string(shape_.size()) + " here",
               "export the model again");
    }
    const Index outputs = columns.cols();
    if (picture_ && channels_outermost_) {
        columns = columns(channels_innermost(*picture_), Eigen::all).eval();
    }
    append_map(MapSpec::dense(picture_.value_or(Shape::vector(inputs)), outputs),
               std::move(columns), full);
    picture_.reset();
    shape_.set_last(outputs);
    pass(node);
}

void OnnxChain::append_map(MapSpec spec, Matrix<double> columns, bool full) {
    if (after_ == After::map) {
        close_map(parse_activation("identity"));
    }
    map_input_ = current_;
    std::optional<Standardization> standardization;
    if (after_ == After::input && !in_front_) {
        standardization = between_.as_standardization(spec.from.size());
    }
    if (standardization && picture_ && channels_outermost_) {
        const std::vector<Index> order = channels_innermost(*picture_);
        *standardization = {standardization->mean(order), standardization->scale(order)};
    }
    Weights<double> map{columns.transpose(), Vector<double>::Zero(columns.cols())};
    if (!between_.is_identity()) {
        if (standardization) {
            model_.standardization = *standardization;
        } else if (picture_) {
            refuse("what it takes is scaled or shifted behind an activation or a pool",
                   "fold that into a map first");
        } else {
            between_.fold_into(map);
            map_input_.clear();  // the network knows what is in front of that
        }
        between_ = {};
    }
    model_.precision = full ? Precision::full : model_.precision;
    model_.maps.push_back(std::move(map));
    specs_.push_back(in_front_ ? spec.behind(std::move(in_front_)) : spec);
    in_front_ = nullptr;
    after_ = After::map;
}

void OnnxChain::add_map(const Node& node, const OnnxConstant& matrix, bool transposed,
                        double factor) {
    if (matrix.shape.size() != 2) {
        refuse("its matrix has " + std::to_string(matrix.shape.size()) + " dimensions",
               "export the model again");
    }
    constants_.spend(matrix.values.size());
    // Row-major numbers are the columns of the transpose.
    const Eigen::Map<const Matrix<double>> columns(matrix.values.data(), matrix.shape[1],
                                                   matrix.shape[0]);
    if (transposed) {  // stored as n_out x n_in
        add_map(node, factor * columns, matrix.full);
    } else {
        add_map(node, factor * columns.transpose(), matrix.full);
    }
}

void OnnxChain::take_gemm(const Node& node) {
    if (node.input(0) != current_ || number_attribute(node, "transA", 0.0) != 0.0) {
        refuse(other_side, rows_are_samples);
    }
    add_map(node, constant_of(node, 1), number_attribute(node, "transB", 0.0) != 0.0,
            number_attribute(node, "alpha", 1.0));
    if (has_input(node, 2)) {
        const OnnxConstant& bias = constant_of(node, 2);
        last_map().bias += for_each(
            number_attribute(node, "beta", 1.0) * shape_.spread(bias, "bias"), shape_.size());
        model_.precision = bias.full ? Precision::full : model_.precision;
    }
}

void OnnxChain::take_matmul(const Node& node) {
    if (node.input(0) != current_) {
        refuse(other_side, rows_are_samples);
    }
    add_map(node, constant_of(node, 1), false, 1.0);
}

void OnnxChain::take_arithmetic(const Node& node) {
    const std::string& op = node.op_type();
    if (node.input_size() != 2) {
        refuse("it has " + std::to_string(node.input_size()) + " inputs", "export the model again");
    }
    if (adds_what_the_map_takes(node)) {
        pass(node);
        return;
    }
    const bool constant_first = node.input(0) != current_;
    if (op == "Sub" && constant_first && is_probability() && joined(node.output(0)) != nullptr) {
        return;  // 1 - p, which waits for its p
    }
    const OnnxConstant& constant = constant_of(node, constant_first ? 0 : 1);
    const Vector<double> values = shape_.spread(constant, "constant");
    if (after_ == After::map && constant.full) {
        model_.precision = Precision::full;
    }
    if (op == "Add" || op == "Sum") {
        add(node, values);
    } else if (op == "Sub") {
        if (constant_first) {
            multiply(node, Vector<double>::Constant(1, -1.0));
        }
        add(node, constant_first ? values : -values);
    } else if (op == "Mul") {
        multiply(node, values);
    } else if (constant_first) {
        refuse("it divides by the samples");
    } else if ((values.array() == 0.0).any()) {
        refuse("it divides by zero", "check the model");
    } else {
        multiply(node, values.cwiseInverse());
    }
    pass(node);
}

void OnnxChain::take_negation(const Node& node) {
    multiply(node, Vector<double>::Constant(1, -1.0));
    pass(node);
}

void OnnxChain::take_batch_normalization(const Node& node) {
    constexpr const char* for_inference = "export the model for inference: model.eval() in PyTorch";
    const auto outputs =
        std::ranges::count_if(node.output(), [](const std::string& name) { return !name.empty(); });
    if (number_attribute(node, "training_mode", 0.0) != 0.0 || outputs > 1) {
        refuse("it is in training mode", for_inference);
    }
    if (node.input(0) != current_ || shape_.rank() == 0 ||
        (number_attribute(node, "spatial", 1.0) == 0.0 && shape_.rank() != 1)) {
        refuse("it does not normalize the units of the chain", "export the model again");
    }
    std::array<Vector<double>, 4> numbers;  // scale, shift, mean, variance
    for (int i = 0; i < 4; ++i) {
        OnnxConstant channel = constant_of(node, i + 1);
        if (channel.shape.size() != 1) {
            refuse("it has no number for each unit", "export the model again");
        }
        channel.shape.resize(shape_.rank(), 1);
        numbers[static_cast<std::size_t>(i)] = shape_.spread(channel, "constant");
        if (after_ == After::map && channel.full) {
            model_.precision = Precision::full;
        }
    }
    const auto& [scale, shift, mean, variance] = numbers;
    const Vector<double> deviation =
        (variance.array() + number_attribute(node, "epsilon", 1e-5)).sqrt();
    if (!(deviation.array() > 0.0).all()) {
        refuse("a variance of it is not positive", "check the model");
    }
    add(node, -mean);
    multiply(node, deviation.cwiseInverse());
    multiply(node, scale);
    add(node, shift);
    pass(node);
}

void OnnxChain::multiply(const Node& node, const Vector<double>& factors) {
    if (!factors.allFinite()) {
        refuse("it scales by a number that is not finite", "check the model");
    }
    if (after_ == After::map) {
        auto& [matrix, bias, moments] = last_map();
        const Vector<double> each = for_each(of_channels(factors), bias.size());
        if (specs_.back().residual() || (maximum_ && !(each.array() > 0.0).all())) {
            refuse("it scales what a maximum, or an addition, gives",
                   "put it right behind the convolution");
        }
        matrix = each.asDiagonal() * matrix;
        bias = each.cwiseProduct(bias);
    } else {
        between_.multiply(factors);
        between_node_ = &node;
    }
}

void OnnxChain::add(const Node& node, const Vector<double>& terms) {
    if (!terms.allFinite()) {
        refuse("it adds a number that is not finite", "check the model");
    }
    if (after_ == After::map) {
        last_map().bias += for_each(of_channels(terms), last_map().bias.size());
    } else {
        between_.add(terms);
        between_node_ = &node;
    }
}

}  // namespace hoist
