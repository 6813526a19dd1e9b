#include "support/serial_batches.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "hoist/problem/batches.hpp"
#include "hoist/problem/problem.hpp"
#include "support/serial_network.hpp"

namespace hoist {

using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

MatrixXd with_ones(const MatrixXd& x) {
    MatrixXd result(x.rows() + 1, x.cols());
    result << x, MatrixXd::Ones(1, x.cols());
    return result;
}

MatrixXd mapped(const MatrixXd& map, const MatrixXd& x) { return map * with_ones(x); }

MatrixXd columns_of(const MatrixXd& all, const std::vector<Index>& samples) {
    MatrixXd result(all.rows(), static_cast<Index>(samples.size()));
    for (std::size_t j = 0; j < samples.size(); ++j) {
        result.col(static_cast<Index>(j)) = all.col(samples[j]);
    }
    return result;
}

// [W 0]
MatrixXd without_bias(MatrixXd map) {
    map.rightCols(1).setZero();
    return map;
}

// @param ridge of the first `weights` rows.
MatrixXd damped_inverse(const MatrixXd& gram, double damping, double ridge = 0.0,
                        Index weights = 0) {
    const Index n = gram.rows();
    MatrixXd damped = gram;
    damped.diagonal().array() += damping * gram.trace() / static_cast<double>(n);
    damped.diagonal().head(weights).array() += ridge;
    return damped.fullPivLu().inverse();
}

}  // namespace

SerialBatches::SerialBatches(const SmallProblem& problem,
                             const std::vector<Weights<double>>& weights, std::vector<Index> delays)
    : problem_(problem), delays_(std::move(delays)), solvers_(weights.size()) {
    for (const Weights<double>& map : weights) {
        MatrixXd joined(map.matrix.rows(), map.matrix.cols() + 1);
        joined << map.matrix, map.bias;
        weights_.push_back(joined);
    }
    delays_.resize(weights.size(), 0);
    for (const auto& activation : problem.config.network.activations) {
        activations_.emplace_back(activation->name());
    }
    for (std::size_t l = 0; l < solvers_.size(); ++l) {
        const Index m = weights_[l].rows();
        const Index n = weights_[l].cols();
        solvers_[l].first = solvers_[l].second = MatrixXd::Zero(m, n);
        solvers_[l].input_gram = MatrixXd::Zero(n, n);
        solvers_[l].signal_gram = MatrixXd::Zero(m, m);
    }
}

std::vector<Index> SerialBatches::all_samples() const {
    std::vector<Index> all(static_cast<std::size_t>(problem_.inputs.cols()));
    std::iota(all.begin(), all.end(), Index{0});
    return all;
}

SerialBatches::Passage SerialBatches::forward(const Matrices& at,
                                              const std::vector<Index>& samples) const {
    Passage passage;
    passage.y = columns_of(problem_.targets, samples);
    passage.x.push_back(columns_of(problem_.inputs, samples));
    for (std::size_t l = 0; l < at.size(); ++l) {
        passage.u.push_back(mapped(at[l], passage.x[l]));
        if (l + 1 < at.size()) {
            passage.x.push_back(activations_[l].of(passage.u[l]));
        }
    }
    return passage;
}

VectorXd SerialBatches::losses(const MatrixXd& y, const MatrixXd& u) const {
    VectorXd result(y.cols());
    const Output output = problem_.config.network.output;
    const double lambda = problem_.config.formulation.output_lambda();
    const MatrixXd p =
        output == Output::simplex ? simplex_block(y, u, lambda) : softmax_by_definition(u);
    for (Index j = 0; j < y.cols(); ++j) {
        if (output == Output::linear) {
            result(j) = 0.5 * (y.col(j) - u.col(j)).squaredNorm();
            continue;
        }
        Index label = 0;
        y.col(j).maxCoeff(&label);
        result(j) = -std::log(p(label, j));
        if (output == Output::simplex) {
            result(j) += 0.5 * lambda * (p.col(j) - u.col(j)).squaredNorm();
        }
    }
    return result;
}

MatrixXd SerialBatches::output_slope(const MatrixXd& y, const MatrixXd& u) const {
    const double lambda = problem_.config.formulation.output_lambda();
    switch (problem_.config.network.output) {
        case Output::linear:
            return u - y;
        case Output::simplex:
            return lambda * (u - simplex_block(y, u, lambda));
        case Output::softmax:
            break;
    }
    return softmax_by_definition(u) - y;
}

double SerialBatches::plain_loss(const Matrices& at, const std::vector<Index>& samples) const {
    const Passage passage = forward(at, samples);
    return losses(passage.y, passage.u.back()).mean();
}

SerialBatches::Matrices SerialBatches::gradients(const Passage& passage, const Matrices& s) const {
    Matrices result;
    for (std::size_t l = 0; l < s.size(); ++l) {
        result.push_back(s[l] * with_ones(passage.x[l]).transpose() /
                         static_cast<double>(passage.y.cols()));
    }
    return result;
}

SerialBatches::Matrices SerialBatches::back_propagated(const Matrices& at,
                                                       const std::vector<Index>& samples) const {
    const Passage passage = forward(at, samples);
    Matrices s(at.size());
    s.back() = output_slope(passage.y, passage.u.back());
    for (std::size_t l = at.size() - 1; l > 0; --l) {
        const MatrixXd g = at[l].leftCols(at[l].cols() - 1).transpose() * s[l];
        s[l - 1] = activations_[l - 1].pull_back(passage.u[l - 1], g);
    }
    return gradients(passage, s);
}

double SerialBatches::lambda(Index layer) const {
    const FormulationOptions& options = problem_.config.formulation;
    if (options.name == "contrastive" && options.contrast == Contrast::clamped) {
        return std::pow(options.gamma, static_cast<double>(layer - maps()));
    }
    return options.lambda_of(layer);
}

MatrixXd SerialBatches::signal(Index layer, const MatrixXd& x, const MatrixXd& u) const {
    const DefinedActivation& phi = activations_[static_cast<std::size_t>(layer - 1)];
    const std::string& name = problem_.config.formulation.name;
    if (name == "classical") {
        return lambda(layer) * (u - x);
    }
    const MatrixXd distance = lambda(layer) * (phi.of(u) - x);
    return name == "mac" ? phi.pull_back(u, distance) : distance;
}

// The minimizer of lambda D(x, u) + <g, x>.
MatrixXd SerialBatches::state_for(Index layer, const MatrixXd& u, const MatrixXd& g) const {
    const DefinedActivation& phi = activations_[static_cast<std::size_t>(layer - 1)];
    return problem_.config.formulation.name == "mac" ? MatrixXd(phi.of(u) - g / lambda(layer))
                                                     : phi.of(u - g / lambda(layer));
}

MatrixXd SerialBatches::answer(Index layer, const MatrixXd& u, const MatrixXd& g) const {
    const FormulationOptions& options = problem_.config.formulation;
    if (options.name == "contrastive" && options.contrast == Contrast::dual) {
        const double toward = options.nudge == Nudge::positive   ? 1.0
                              : options.nudge == Nudge::negative ? 0.0
                                                                 : 0.5;
        const double beta = options.beta / lambda(layer);
        const DefinedActivation& phi = activations_[static_cast<std::size_t>(layer - 1)];
        const MatrixXd plus = phi.of(u - toward * beta * g);
        const MatrixXd minus = phi.of(u + (1.0 - toward) * beta * g);
        return (minus - plus) / beta;
    }
    return signal(layer, state_for(layer, u, g), u);
}

MatrixXd SerialBatches::minimized_block(
    Index layer, const MatrixXd& map, const MatrixXd& u, double weight_above,
    const std::function<MatrixXd(const MatrixXd&)>& slope) const {
    const MatrixXd w = map.leftCols(map.cols() - 1);
    const double step = 1.0 / (1.0 + weight_above * w.squaredNorm() / lambda(layer));
    MatrixXd x = activations_[static_cast<std::size_t>(layer - 1)].of(u);
    for (int i = 0; i < 200000; ++i) {
        const MatrixXd move = state_for(layer, u, w.transpose() * slope(mapped(map, x))) - x;
        x += step * move;
        if (move.cwiseAbs().maxCoeff() < 1e-14) {
            break;
        }
    }
    return x;
}

double SerialBatches::curvature_above(Index map) const {
    const NetworkSpec& network = problem_.config.network;
    if (map + 1 == maps()) {
        switch (network.output) {
            case Output::softmax:
                return 0.5;
            case Output::simplex:
                return problem_.config.formulation.output_lambda();
            case Output::linear:
                break;
        }
        return 1.0;
    }
    const std::string activation = network.activation(map + 1).name();
    const std::string& name = problem_.config.formulation.name;
    const double lipschitz = activation == "sigmoid" ? 0.25 : activation == "softmax" ? 0.5 : 1.0;
    const double power = name == "classical" ? 0.0 : name == "mac" ? 2.0 : 1.0;
    return lambda(map + 1) * std::pow(lipschitz, power);
}

SerialBatches::Matrices SerialBatches::signals(const Matrices& below,
                                               const Passage& passage) const {
    Matrices s(below.size());
    s.back() = output_slope(passage.y, passage.u.back());
    if (problem_.config.formulation.iterations == 1) {
        for (std::size_t l = below.size() - 1; l > 0; --l) {
            const MatrixXd g = below[l].leftCols(below[l].cols() - 1).transpose() * s[l];
            s[l - 1] = answer(static_cast<Index>(l), passage.u[l - 1], g);
        }
        return s;
    }
    std::function<MatrixXd(const MatrixXd&)> slope = [&](const MatrixXd& u) {
        return output_slope(passage.y, u);
    };
    for (std::size_t l = below.size() - 1; l > 0; --l) {
        const auto layer = static_cast<Index>(l);
        const MatrixXd x =
            minimized_block(layer, below[l], passage.u[l - 1], curvature_above(layer), slope);
        slope = [this, layer, x](const MatrixXd& u) { return signal(layer, x, u); };
        s[l - 1] = slope(passage.u[l - 1]);
    }
    return s;
}

SerialBatches::Matrices SerialBatches::lifted(const Matrices& forward_weights,
                                              const Matrices& backward_weights,
                                              const std::vector<Index>& samples) const {
    const Passage passage = forward(forward_weights, samples);
    return gradients(passage, signals(backward_weights, passage));
}

SerialBatches::Matrices SerialBatches::at_joint_minimum(const Matrices& at,
                                                        const std::vector<Index>& samples) const {
    Passage passage = forward(at, samples);
    const auto last = static_cast<Index>(at.size());
    for (int sweep = 0; sweep < 1000; ++sweep) {
        double moved = 0.0;
        for (Index l = last - 1; l > 0; --l) {
            const auto here = static_cast<std::size_t>(l);
            const auto slope = [&](const MatrixXd& u) {
                return l + 1 == last ? output_slope(passage.y, u)
                                     : signal(l + 1, passage.x[here + 1], u);
            };
            const MatrixXd x =
                minimized_block(l, at[here], passage.u[here - 1], curvature_above(l), slope);
            moved = std::max(moved, (x - passage.x[here]).cwiseAbs().maxCoeff());
            passage.x[here] = x;
            passage.u[here] = mapped(at[here], x);
        }
        if (moved < 1e-13) {
            break;
        }
    }
    Matrices s(at.size());
    for (Index l = 1; l < last; ++l) {
        const auto here = static_cast<std::size_t>(l);
        s[here - 1] = signal(l, passage.x[here], passage.u[here - 1]);
    }
    s.back() = output_slope(passage.y, passage.u.back());
    return gradients(passage, s);
}

// lambda D(x, u) of each column; for relu F and F* are half of squares.
VectorXd SerialBatches::penalty(Index layer, const MatrixXd& x, const MatrixXd& u) const {
    const MatrixXd phi = activations_[static_cast<std::size_t>(layer - 1)].of(u);
    const VectorXd d =
        problem_.config.formulation.name == "mac"
            ? VectorXd(0.5 * (x - phi).colwise().squaredNorm())
            : VectorXd(0.5 * x.colwise().squaredNorm() + 0.5 * phi.colwise().squaredNorm() -
                       x.cwiseProduct(u).colwise().sum());
    return lambda(layer) * d;
}

SerialBatches::Energies SerialBatches::energies_of_two_passes(
    const Matrices& at, const std::vector<Index>& samples) const {
    Passage passage = forward(at, samples);
    const Matrices s = signals(at, passage);
    Energies energies;
    energies.feedforward = losses(passage.y, passage.u.back());
    energies.lifted = VectorXd::Zero(passage.y.cols());
    for (std::size_t l = 1; l < at.size(); ++l) {
        const MatrixXd& u = passage.u[l - 1];
        const auto layer = static_cast<Index>(l);
        const MatrixXd g = at[l].leftCols(at[l].cols() - 1).transpose() * s[l];
        const MatrixXd x = state_for(layer, u, g);
        energies.lifted += penalty(layer, x, u);
        passage.u[l] = mapped(at[l], x);
    }
    energies.lifted += losses(passage.y, passage.u.back());
    return energies;
}

void SerialBatches::epoch() {
    const Config& config = problem_.config;
    const ColumnBlocks ranges = training_blocks(config, problem_.inputs.cols());
    Batches batches(ranges, config.batch, config.seed);
    batches.shuffle(epoch_, {0, ranges.count()});
    const Index steps = config.epochs * batches.count() * config.rounds;
    std::vector<Matrices> history{weights_};
    double sum = 0.0;
    for (Index batch = 0; batch < batches.count(); ++batch) {
        std::vector<Index> samples;
        for (Index block = 0; block < ranges.count(); ++block) {
            const auto part = batches.samples(batch, block);
            samples.insert(samples.end(), part.begin(), part.end());
        }
        for (int round = 0; round < config.rounds; ++round) {
            Matrices old = weights_;
            for (std::size_t l = 0; l < old.size() && delays_[l] > 0; ++l) {
                const auto at = static_cast<std::size_t>(std::max(batch - delays_[l], Index{0}));
                old[l] = history[at][l];
                if (config.look_ahead && at > 0) {
                    old[l] += static_cast<double>(delays_[l]) * (old[l] - history[at - 1][l]);
                }
            }
            const Passage passage = forward(old, samples);
            sum += losses(passage.y, passage.u.back()).sum();
            const Matrices s = signals(weights_, passage);
            const Matrices gradient = gradients(passage, s);
            const Index at = (epoch_ * batches.count() + batch) * config.rounds + round;
            for (Index l = 0; l < maps(); ++l) {
                const auto here = static_cast<std::size_t>(l);
                step(l, gradient[here], with_ones(passage.x[here]), s[here], round,
                     config.rate.at(at, steps));
            }
        }
        history.push_back(weights_);
    }
    loss_ = sum / static_cast<double>(problem_.inputs.cols() * config.rounds);
    ++epoch_;
}

void SerialBatches::step(Index map, const MatrixXd& gradient, const MatrixXd& x, const MatrixXd& s,
                         int round, double rate) {
    const auto here = static_cast<std::size_t>(map);
    const WeightSolverOptions options = problem_.config.solver(map, 0);
    const double count = static_cast<double>(x.cols());
    MatrixXd& w = weights_[here];
    Solver& solver = solvers_[here];
    const MatrixXd slope = gradient + 2.0 * problem_.config.ridge[here] * without_bias(w);
    const MatrixXd input_gram = x * x.transpose() / count;
    ++solver.steps;
    if (options.kind == WeightSolverOptions::Kind::implicit) {
        // The minimizer V of <gradient + decay w, V - w> + c/2 tr((V - w) A (V - w)') + ridge |V|^2
        // + |V - center|^2 / (2 rate).
        if (round == 0) {
            const MatrixXd before = solver.previous.size() > 0 ? solver.previous : w;
            solver.center = w + options.momentum * (w - before);
            solver.previous = w;
        }
        const double hidden = problem_.config.curvature;
        const double c = map + 1 < maps() && hidden > 0.0 ? hidden : curvature_above(map);
        const Index n = x.rows();
        MatrixXd left = c * input_gram + MatrixXd::Identity(n, n) / rate;
        left.diagonal().head(n - 1).array() += 2.0 * problem_.config.ridge[here];
        const MatrixXd right =
            c * w * input_gram + solver.center / rate - gradient - options.decay * without_bias(w);
        w = right * left.fullPivLu().inverse();
        return;
    }
    const MatrixXd kept = w - rate * options.decay * without_bias(w);
    if (options.kind == WeightSolverOptions::Kind::adam) {
        const double b1 = options.momentum;
        const double b2 = options.second_momentum;
        solver.first = b1 * solver.first + (1.0 - b1) * slope;
        solver.second = b2 * solver.second + (1.0 - b2) * slope.cwiseAbs2();
        const double t = static_cast<double>(solver.steps);
        const MatrixXd mean = solver.first / (1.0 - std::pow(b1, t));
        const MatrixXd square = solver.second / (1.0 - std::pow(b2, t));
        w = kept.array() - rate * mean.array() / (square.array().sqrt() + 1e-8);
        return;
    }
    MatrixXd direction = slope;
    if (options.kind == WeightSolverOptions::Kind::gram) {
        const double newest = std::max(options.memory, 1.0 / static_cast<double>(solver.steps));
        solver.input_gram = (1.0 - newest) * solver.input_gram + newest * input_gram;
        solver.signal_gram =
            (1.0 - newest) * solver.signal_gram + newest * s * s.transpose() / count;
        const Index before = solver.steps - 1;
        if (before < 4 || before % options.refresh == 0) {
            double ridge = 2.0 * problem_.config.ridge[here] / curvature_above(map);
            if (options.sides == GramSides::both) {
                solver.signal_inverse = damped_inverse(solver.signal_gram, options.damping);
                const double size = std::sqrt(solver.signal_gram.diagonal().mean());
                ridge =
                    2.0 * problem_.config.ridge[here] *
                    std::min(1.0 / (options.damping * size),
                             size * solver.signal_inverse.cwiseAbs().rowwise().sum().maxCoeff());
            }
            solver.input_inverse =
                damped_inverse(solver.input_gram, options.damping, ridge, x.rows() - 1);
        }
        direction = options.sides == GramSides::both
                        ? MatrixXd(std::sqrt(solver.signal_gram.diagonal().mean()) *
                                   solver.signal_inverse * slope * solver.input_inverse)
                        : MatrixXd(slope * solver.input_inverse / curvature_above(map));
    }
    solver.first = options.momentum * solver.first + direction;
    w = kept - rate * solver.first;
}

}  // namespace hoist
