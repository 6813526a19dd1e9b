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
        if (const auto comma = text.find(','); comma != std::string::npos) {
            range_ = std::stod(text.substr(comma + 1));
        }
    }
}

bool DefinedActivation::piecewise_linear() const {
    constexpr std::array<const char*, 12> names{
        "identity", "relu",    "leaky_relu", "hard_tanh",      "hard_sigmoid", "soft_threshold",
        "simplex",  "maxpool", "lifting",    "scaled_lifting", "spline",       "proximal_spline"};
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
    if (name_.ends_with("spline")) {
        const double spacing = 2.0 * range_ / (parameter_ - 1.0);
        const Index k = interval(u);
        const double share = (u + range_) / spacing - static_cast<double>(k);
        return (1.0 - share) * value(k) + share * value(k + 1);
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
    if (name_.ends_with("spline")) {
        const Index k = interval(u);
        return (value(k + 1) - value(k)) * (parameter_ - 1.0) / (2.0 * range_);
    }
    throw std::invalid_argument("no derivative of " + name_);
}

// Of a spline as it starts: psi(u) = 0.3 u exp(-8 t^2) at its knots, or 0.3 u / sqrt(1 + 25 t^2), t = u / range.
double DefinedActivation::value(Index knot) const {
    const double u = -range_ + 2.0 * range_ * static_cast<double>(knot) / (parameter_ - 1.0);
    const double t = u / range_;
    return 0.3 * u *
           (name_ == "spline" ? std::exp(-8.0 * t * t) : 1.0 / std::sqrt(1.0 + 25.0 * t * t));
}

Index DefinedActivation::interval(double u) const {
    const double spacing = 2.0 * range_ / (parameter_ - 1.0);
    return static_cast<Index>(
        std::clamp(std::floor((u + range_) / spacing), 0.0, parameter_ - 2.0));
}

// Ochs et al. 2018, Definition 1 with its linear extrapolation, and equation (12) of section 3.4.
VectorXd DefinedActivation::lifted(double u) const {
    const auto labels = static_cast<Index>(parameter_);
    const VectorXd t = VectorXd::LinSpaced(labels, -range_, range_);
    Index i = 0;
    while (i + 2 < labels && u > t[i + 1]) {
        ++i;
    }
    const double a = (u - t[i]) / (t[i + 1] - t[i]);
    VectorXd all = VectorXd::Zero(labels);
    all[i] = 1.0 - a;
    all[i + 1] = a;
    if (name_ == "lifting") {
        return all;
    }
    all = all.cwiseProduct(t);
    VectorXd kept(entries());
    for (Index from = 0, to = 0; from < labels; ++from) {
        if (labels % 2 == 0 || from != labels / 2) {
            kept[to++] = all[from];
        }
    }
    return kept;
}

Index DefinedActivation::entries() const {
    const auto labels = static_cast<Index>(parameter_);
    return name_ == "lifting" ? labels : name_ == "scaled_lifting" ? labels - labels % 2 : 1;
}

MatrixXd DefinedActivation::summed(const MatrixXd& x) const {
    MatrixXd sum = MatrixXd::Zero(x.rows() / entries(), x.cols());
    for (Index i = 0; i < x.rows(); ++i) {
        sum.row(i / entries()) += x.row(i);
    }
    return sum;
}

MatrixXd DefinedActivation::pulled(const MatrixXd& u, const MatrixXd& g) const {
    if (entries() == 1) {
        return of(u - g);
    }
    MatrixXd x(g.rows(), g.cols());
    for (Index j = 0; j < g.cols(); ++j) {
        for (Index i = 0; i < g.rows(); ++i) {
            x(i, j) = lifted(u(i / entries(), j) - g(i, j))[i % entries()];
        }
    }
    return x;
}

MatrixXd DefinedActivation::of(const MatrixXd& u) const {
    if (entries() > 1) {
        MatrixXd x(u.rows() * entries(), u.cols());
        for (Index j = 0; j < u.cols(); ++j) {
            for (Index i = 0; i < u.rows(); ++i) {
                x.col(j).segment(i * entries(), entries()) = lifted(u(i, j));
            }
        }
        return x;
    }
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
    if (entries() > 1) {  // on the interval of u each entry is a line
        constexpr double step = 1e-3;
        for (Index j = 0; j < u.cols(); ++j) {
            for (Index i = 0; i < u.rows(); ++i) {
                const double spacing = 2.0 * range_ / (parameter_ - 1.0);
                const double place =
                    std::clamp(std::floor((u(i, j) + range_) / spacing), 0.0, parameter_ - 2.0);
                const double middle = (place + 0.5) * spacing - range_;
                const VectorXd rise =
                    lifted(middle + step * spacing) - lifted(middle - step * spacing);
                d(i, j) =
                    rise.dot(e.col(j).segment(i * entries(), entries())) / (2.0 * step * spacing);
            }
        }
        return d;
    }
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
