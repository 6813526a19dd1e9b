#include "support/defined_activation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace hoist {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

VectorXd projected_onto_simplex(const VectorXd& u) {
    double low = -u.maxCoeff();
    double high = 1.0 - u.minCoeff();
    for (int step = 0; step < 200; ++step) {
        const double middle = 0.5 * (low + high);
        ((u.array() + middle).max(0.0).sum() < 1.0 ? low : high) = middle;
    }
    return (u.array() + 0.5 * (low + high)).max(0.0);
}

VectorXd normalized_exponentials(const VectorXd& u) {
    const VectorXd e = (u.array() - u.maxCoeff()).exp();
    return e / e.sum();
}

}  // namespace

DefinedActivation::DefinedActivation(const std::string& text)
    : name_(text.substr(0, text.find('('))) {
    if (name_.size() < text.size()) {
        parameter_ = std::stod(text.substr(name_.size() + 1));
    }
}

bool DefinedActivation::piecewise_linear() const {
    constexpr std::array<const char*, 8> names{"identity",  "relu",         "leaky_relu",
                                               "hard_tanh", "hard_sigmoid", "soft_threshold",
                                               "simplex",   "maxpool"};
    return std::ranges::find(names, name_) != names.end();
}

double DefinedActivation::of(double u) const {
    if (name_ == "identity") {
        return u;
    }
    if (name_ == "relu") {
        return std::max(u, 0.0);
    }
    if (name_ == "leaky_relu") {
        return u > 0.0 ? u : parameter_ * u;
    }
    if (name_ == "hard_tanh") {
        return std::clamp(u, -1.0, 1.0);
    }
    if (name_ == "hard_sigmoid") {
        return std::clamp(u, 0.0, 1.0);
    }
    if (name_ == "soft_threshold") {
        return u > parameter_ ? u - parameter_ : u < -parameter_ ? u + parameter_ : 0.0;
    }
    if (name_ == "sigmoid") {
        return 1.0 / (1.0 + std::exp(-u));
    }
    if (name_ == "tanh") {
        return std::tanh(u);
    }
    if (name_ == "softplus") {
        return std::log1p(std::exp(u));
    }
    if (name_ == "sign") {
        return u > 0.0 ? 1.0 : u < 0.0 ? -1.0 : 0.0;
    }
    if (name_ == "gelu") {
        return u * 0.5 * std::erfc(-u / std::numbers::sqrt2);
    }
    if (name_ == "sin") {
        return std::sin(u);
    }
    if (name_ == "saturated_sin") {
        return std::sin(std::clamp(u, -std::numbers::pi / 2, std::numbers::pi / 2));
    }
    throw std::invalid_argument("no definition of " + name_);
}

double DefinedActivation::slope(double u) const {
    if (name_ == "identity") {
        return 1.0;
    }
    if (name_ == "relu") {
        return u > 0.0 ? 1.0 : 0.0;
    }
    if (name_ == "leaky_relu") {
        return u > 0.0 ? 1.0 : parameter_;
    }
    if (name_ == "hard_tanh") {
        return std::abs(u) < 1.0 ? 1.0 : 0.0;
    }
    if (name_ == "hard_sigmoid") {
        return u > 0.0 && u < 1.0 ? 1.0 : 0.0;
    }
    if (name_ == "soft_threshold") {
        return std::abs(u) > parameter_ ? 1.0 : 0.0;
    }
    if (name_ == "sigmoid") {
        return of(u) * (1.0 - of(u));
    }
    if (name_ == "tanh") {
        return 1.0 / (std::cosh(u) * std::cosh(u));
    }
    if (name_ == "softplus") {
        return 1.0 / (1.0 + std::exp(-u));
    }
    if (name_ == "gelu") {
        return 0.5 * std::erfc(-u / std::numbers::sqrt2) +
               u * std::exp(-u * u / 2) / std::sqrt(2 * std::numbers::pi);
    }
    if (name_ == "sin") {
        return std::cos(u);
    }
    if (name_ == "saturated_sin") {
        return std::abs(u) < std::numbers::pi / 2 ? std::cos(u) : 0.0;
    }
    throw std::invalid_argument("no derivative of " + name_);
}

MatrixXd DefinedActivation::of(const MatrixXd& u) const {
    if (name_ == "simplex" || name_ == "softmax") {
        MatrixXd x(u.rows(), u.cols());
        for (Index j = 0; j < u.cols(); ++j) {
            x.col(j) = name_ == "simplex" ? projected_onto_simplex(u.col(j))
                                          : normalized_exponentials(u.col(j));
        }
        return x;
    }
    if (name_ == "maxpool") {
        const auto group = static_cast<Index>(parameter_);
        MatrixXd x(u.rows() / group, u.cols());
        for (Index i = 0; i < x.rows(); ++i) {
            x.row(i) = u.middleRows(group * i, group).colwise().maxCoeff();
        }
        return x;
    }
    return u.unaryExpr([this](double value) { return of(value); });
}

MatrixXd DefinedActivation::pull_back(const MatrixXd& u, const MatrixXd& e) const {
    MatrixXd d = MatrixXd::Zero(u.rows(), u.cols());
    if (name_ == "simplex" || name_ == "softmax") {
        const MatrixXd x = of(u);
        for (Index j = 0; j < u.cols(); ++j) {
            // simplex: I - 11'/|S| on the support; softmax: diag(p) - pp'
            const VectorXd weight = name_ == "simplex"
                                        ? VectorXd((x.col(j).array() > 0.0).cast<double>())
                                        : VectorXd(x.col(j));
            const double mean = weight.dot(e.col(j)) / weight.sum();
            d.col(j) = weight.array() * (e.col(j).array() - mean);
        }
        return d;
    }
    if (name_ == "maxpool") {
        const auto group = static_cast<Index>(parameter_);
        for (Index j = 0; j < u.cols(); ++j) {
            for (Index i = 0; i < e.rows(); ++i) {
                Index largest = 0;
                u.col(j).segment(group * i, group).maxCoeff(&largest);
                d(group * i + largest, j) = e(i, j);
            }
        }
        return d;
    }
    return e.cwiseProduct(u.unaryExpr([this](double value) { return slope(value); }));
}

}  // namespace hoist
