#include "support/serial_network.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hoist {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// min 1/2 x'Ax - c'x over a box, one coordinate after another until nothing moves.
void minimize_in_box(const MatrixXd& a, const VectorXd& c, double lower, double upper,
                     Eigen::Ref<VectorXd> x) {
    for (int sweep = 0; sweep < 100000; ++sweep) {
        double moved = 0.0;
        for (Index i = 0; i < x.size(); ++i) {
            const double gradient = a.row(i).dot(x) - c(i);
            const double next = std::clamp(x(i) - gradient / a(i, i), lower, upper);
            moved = std::max(moved, std::abs(next - x(i)));
            x(i) = next;
        }
        if (moved <= 1e-15 * (1.0 + x.cwiseAbs().maxCoeff())) {
            return;
        }
    }
}

}  // namespace

MatrixXd softmax_by_definition(const MatrixXd& u) {
    MatrixXd p = u.array().exp();
    for (Index i = 0; i < p.cols(); ++i) {
        p.col(i) /= p.col(i).sum();
    }
    return p;
}

MatrixXd simplex_block(const MatrixXd& y, const MatrixXd& u, double lambda) {
    MatrixXd z(u.rows(), u.cols());
    for (Index i = 0; i < u.cols(); ++i) {
        // The positive root of z^2 - (u + nu) z - y/lambda = 0 grows with nu.
        const auto at = [&](double nu) {
            const Eigen::ArrayXd v = 0.5 * (u.col(i).array() + nu);
            return VectorXd(v + (v.square() + y.col(i).array() / lambda).sqrt());
        };
        double low = -u.col(i).maxCoeff() - 1e3;
        double high = 1.0 - u.col(i).minCoeff();
        for (int step = 0; step < 200; ++step) {
            const double middle = 0.5 * (low + high);
            (at(middle).sum() < 1.0 ? low : high) = middle;
        }
        z.col(i) = at(0.5 * (low + high));
    }
    return z;
}

SerialNetwork::SerialNetwork(const Config& settings, const MatrixXd& inputs, const MatrixXd& y,
                             const std::vector<Weights<double>>& start)
    : targets(y), config(settings) {
    for (const Weights<double>& map : start) {
        weights.push_back(map.matrix);
        biases.push_back(map.bias);
    }
    activations.resize(start.size());
    activations.front() = inputs;
    forward();
}

MatrixXd SerialNetwork::above(Index layer) const {
    const auto l = static_cast<std::size_t>(layer);
    MatrixXd u = weights[l] * activations[l];
    u.colwise() += biases[l];
    return u;
}

double SerialNetwork::lower(Index layer) const {
    const std::string name = config.network.activation(layer).name();
    return name == "identity" ? -infinity : name == "hard_tanh" ? -1.0 : 0.0;
}

double SerialNetwork::upper(Index layer) const {
    const std::string name = config.network.activation(layer).name();
    return name == "identity" || name == "relu" ? infinity : 1.0;
}

MatrixXd SerialNetwork::activated(Index layer, const MatrixXd& u) const {
    if (config.network.activation(layer).name().starts_with("maxpool")) {
        const Index group = config.network.activation(layer).traits().group;
        MatrixXd x(u.rows() / group, u.cols());
        for (Index j = 0; j < x.cols(); ++j) {
            for (Index i = 0; i < x.rows(); ++i) {
                x(i, j) = u.col(j).segment(i * group, group).maxCoeff();
            }
        }
        return x;
    }
    return u.cwiseMax(lower(layer)).cwiseMin(upper(layer));
}

void SerialNetwork::forward() {
    for (Index l = 1; l < maps(); ++l) {
        activations[static_cast<std::size_t>(l)] = activated(l, above(l - 1));
    }
}

MatrixXd SerialNetwork::feed_forward(const MatrixXd& inputs) const {
    SerialNetwork copy = *this;
    copy.activations.front() = inputs;
    copy.forward();
    return copy.above(maps() - 1);
}

double SerialNetwork::pull_weight(Index layer) const {
    if (layer < maps() - 1) {
        return config.formulation.lambda_of(layer + 1);
    }
    switch (config.network.output) {
        case Output::softmax:
            return 0.5;
        case Output::simplex:
            return config.formulation.output_lambda();
        case Output::linear:
            break;
    }
    return 1.0;
}

MatrixXd SerialNetwork::output_target(const MatrixXd& y, const MatrixXd& u) const {
    switch (config.network.output) {
        case Output::softmax:
            return u - 2.0 * (softmax_by_definition(u) - y);
        case Output::simplex:
            return simplex_block(y, u, config.formulation.output_lambda());
        case Output::linear:
            break;
    }
    return y;
}

void SerialNetwork::move(Index layer, Index first, Index count) {
    const auto l = static_cast<std::size_t>(layer);
    const double lambda = config.formulation.lambda_of(layer);
    const double mu = pull_weight(layer);
    const MatrixXd u = above(layer - 1).middleCols(first, count);
    const MatrixXd target = layer < maps() - 1
                                ? MatrixXd(activations[l + 1].middleCols(first, count))
                                : output_target(targets.middleCols(first, count),
                                                above(layer).middleCols(first, count));
    const MatrixXd a = lambda * MatrixXd::Identity(weights[l].cols(), weights[l].cols()) +
                       mu * weights[l].transpose() * weights[l];
    for (Index i = 0; i < count; ++i) {
        const VectorXd c =
            lambda * u.col(i) + mu * weights[l].transpose() * (target.col(i) - biases[l]);
        minimize_in_box(a, c, lower(layer), upper(layer), activations[l].col(first + i));
    }
}

void SerialNetwork::refit(Index layer, const MatrixXd& target) {
    const auto l = static_cast<std::size_t>(layer);
    const Index n = weights[l].cols();
    MatrixXd with_ones(n + 1, activations[l].cols());
    with_ones << activations[l], MatrixXd::Ones(1, activations[l].cols());
    const double samples = static_cast<double>(targets.cols());
    MatrixXd gram = with_ones * with_ones.transpose();
    gram.diagonal().head(n).array() += 2.0 * samples * config.ridge[l] / pull_weight(layer);
    const MatrixXd solution = gram.fullPivLu().solve(with_ones * target.transpose());
    weights[l] = solution.topRows(n).transpose();
    biases[l] = solution.row(n).transpose();
}

void SerialNetwork::refit() {
    for (Index l = 0; l + 1 < maps(); ++l) {
        refit(l, activations[static_cast<std::size_t>(l + 1)]);
    }
    const int steps = config.network.output == Output::linear ? 1 : config.inner;
    for (int step = 0; step < steps; ++step) {
        refit(maps() - 1, output_target(targets, above(maps() - 1)));
    }
}

void SerialNetwork::sweep_backward() {
    for (Index l = maps() - 1; l >= 1; --l) {
        move(l, 0, targets.cols());
    }
    refit();
}

void SerialNetwork::sweep_in_two_colors(Index width) {
    for (const Index color : {1, 0}) {
        for (Index l = 1; l < maps(); ++l) {
            for (Index block = 0; block * width < targets.cols(); ++block) {
                if ((l + block) % 2 == color) {
                    const Index first = block * width;
                    move(l, first, std::min(width, targets.cols() - first));
                }
            }
        }
    }
    refit();
}

VectorXd SerialNetwork::losses(const MatrixXd& y, const MatrixXd& u) const {
    VectorXd result(y.cols());
    const double lambda =
        config.network.output == Output::simplex ? config.formulation.output_lambda() : 0.0;
    const MatrixXd z = config.network.output == Output::simplex ? simplex_block(y, u, lambda) : u;
    const MatrixXd p = softmax_by_definition(u);
    for (Index i = 0; i < y.cols(); ++i) {
        double sum = 0.0;
        for (Index k = 0; k < y.rows(); ++k) {
            if (config.network.output == Output::linear) {
                sum += 0.5 * (y(k, i) - u(k, i)) * (y(k, i) - u(k, i));
                continue;
            }
            const double probability = config.network.output == Output::softmax ? p(k, i) : z(k, i);
            sum -= y(k, i) > 0.0 ? y(k, i) * std::log(probability) : 0.0;
            sum += 0.5 * lambda * (z(k, i) - u(k, i)) * (z(k, i) - u(k, i));
        }
        result(i) = sum;
    }
    return result;
}

Energy SerialNetwork::energy() const {
    const double samples = static_cast<double>(targets.cols());
    Energy result;
    result.loss = losses(targets, above(maps() - 1)).sum() / samples;
    for (Index l = 0; l < maps(); ++l) {
        const auto here = static_cast<std::size_t>(l);
        result.ridge += config.ridge[here] * weights[here].squaredNorm();
        if (l + 1 < maps()) {
            result.penalty += config.formulation.lambda_of(l + 1) / (2.0 * samples) *
                              (activations[here + 1] - above(l)).squaredNorm();
        }
    }
    return result;
}

}  // namespace hoist
