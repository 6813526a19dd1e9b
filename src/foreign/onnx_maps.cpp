#include <algorithm>

#include "hoist/base/text.hpp"
#include "onnx_chain.hpp"

namespace hoist {

namespace {

/// A number for each of `width` units; one number stands for all.
Vector<double> spread(const Vector<double>& values, Index width) {
    return values.size() == 1 ? Vector<double>::Constant(width, values[0]) : values;
}

}  // namespace

void OnnxChain::add_map(const onnx::NodeProto& node, const OnnxConstant& matrix, bool transposed,
                        double factor) {
    if (!flat_) {
        refuse(node, "its input has more than one dimension per sample",
               "put Flatten in front of the first map");
    }
    if (matrix.shape.size() != 2) {
        refuse(node, "its matrix has " + std::to_string(matrix.shape.size()) + " dimensions");
    }
    if (after_ == After::map) {
        model_.network.activations.push_back(parse_activation("identity"));
    }
    // Row-major numbers are the columns of the transpose.
    const Eigen::Map<const Matrix<double>> columns(matrix.values.data(), matrix.shape[1],
                                                   matrix.shape[0]);
    Weights<double> map;
    if (transposed) {  // stored as n_out x n_in
        map.matrix = factor * columns.transpose();
    } else {
        map.matrix = factor * columns;
    }
    map.bias = Vector<double>::Zero(map.matrix.rows());
    model_.precision = matrix.full ? Precision::full : model_.precision;
    model_.maps.push_back(std::move(map));
    after_ = After::map;
}

void OnnxChain::take_gemm(const onnx::NodeProto& node) {
    if (node.input(0) != current_ || number_attribute(node, "transA", 0.0) != 0.0) {
        refuse(node, "it multiplies the samples from the other side");
    }
    add_map(node, constant_of(node, 1), number_attribute(node, "transB", 0.0) != 0.0,
            number_attribute(node, "alpha", 1.0));
    if (node.input_size() > 2 && !node.input(2).empty()) {
        const double factor = number_attribute(node, "beta", 1.0);
        const OnnxConstant& bias = constant_of(node, 2);
        const Vector<double> shift =
            factor * Eigen::Map<const Vector<double>>(bias.values.data(), std::ssize(bias.values));
        const bool row = bias.shape.empty() || bias.shape.back() == std::ssize(bias.values);
        const Index outputs = model_.maps.back().matrix.rows();
        if (!row || (shift.size() != 1 && shift.size() != outputs)) {
            refuse(node, "its bias is not one number for each of its " + std::to_string(outputs) +
                             " outputs");
        }
        model_.maps.back().bias = spread(shift, outputs);
        model_.precision = bias.full ? Precision::full : model_.precision;
    }
}

void OnnxChain::take_matmul(const onnx::NodeProto& node) {
    if (node.input(0) != current_) {
        refuse(node, "it multiplies the samples from the other side");
    }
    add_map(node, constant_of(node, 1), false, 1.0);
}

void OnnxChain::take_affine(const onnx::NodeProto& node) {
    const std::string& op = node.op_type();
    const bool commutes = op == "Add" || op == "Mul";
    if (node.input_size() != 2 || (!commutes && node.input(0) != current_)) {
        refuse(node, "it takes the constant first");
    }
    const OnnxConstant& constant = constant_of(node, node.input(0) == current_ ? 1 : 0);
    const bool row = constant.shape.empty() || constant.shape.back() == std::ssize(constant.values);
    if (!row || constant.values.empty()) {
        refuse(node, "its constant is not one number for each unit");
    }
    const Vector<double> values =
        Eigen::Map<const Vector<double>>(constant.values.data(), std::ssize(constant.values));
    if (values.size() > 1 && !flat_) {
        refuse(node, "its input has more than one dimension per sample",
               "put Flatten in front of it");
    }
    const Vector<double> one = Vector<double>::Ones(1);
    const Vector<double> zero = Vector<double>::Zero(1);
    if (after_ == After::map && constant.full) {
        model_.precision = Precision::full;
    }
    if (op == "Add") {
        scale_and_shift(node, one, values);
    } else if (op == "Sub") {
        scale_and_shift(node, one, -values);
    } else if (op == "Mul") {
        scale_and_shift(node, values, zero);
    } else {
        scale_and_shift(node, values.cwiseInverse(), zero);
    }
}

void OnnxChain::scale_and_shift(const onnx::NodeProto& node, const Vector<double>& scale,
                                const Vector<double>& shift) {
    if (after_ == After::activation) {
        refuse(node, "it scales or shifts what an activation gives",
               "merge it into the next map first");
    }
    const Index given = std::max(scale.size(), shift.size());
    const auto check = [&](bool fits, Index width) {
        if (!fits) {
            refuse(node, "its constant has " + std::to_string(given) + " numbers for " +
                             std::to_string(width) + " units");
        }
    };
    if (after_ == After::map) {
        auto& [matrix, bias] = model_.maps.back();
        check(given == 1 || given == matrix.rows(), matrix.rows());
        const Vector<double> factor = spread(scale, matrix.rows());
        matrix = factor.asDiagonal() * matrix;
        bias = factor.cwiseProduct(bias) + spread(shift, matrix.rows());
        return;
    }
    // ((x - mean) s) a + c = (x - (mean - c / (s a))) (s a)
    Standardization& input = model_.standardization;
    if (input.empty()) {
        input = {Vector<double>::Zero(1), Vector<double>::Ones(1)};
    }
    const Index known = input.mean.size();  // 1: one number serves all
    check(given == 1 || known == 1 || given == known, known);
    const Index width = std::max(known, given);
    input.scale = spread(input.scale, width).cwiseProduct(spread(scale, width));
    if ((input.scale.array() == 0.0).any()) {
        refuse(node, "it multiplies an input by zero", "leave that input out");
    }
    input.mean = spread(input.mean, width) - spread(shift, width).cwiseQuotient(input.scale);
}

}  // namespace hoist
