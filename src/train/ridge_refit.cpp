#include "hoist/train/ridge_refit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "hoist/base/error.hpp"
#include "hoist/math/orthogonal.hpp"
#include "hoist/train/shard_team.hpp"

namespace hoist {

template <typename Scalar>
RidgeRefit<Scalar>::RidgeRefit(const Config& config, const Communicator& peers, Index samples,
                               Stage<Scalar>& stage, std::vector<double> weights_above,
                               PhaseTimes& times)
    : config_(config),
      peers_(peers),
      samples_(static_cast<double>(samples)),
      stage_(stage),
      weights_above_(std::move(weights_above)),
      times_(times) {
    const NetworkSpec& network = config.network;
    for (Index l = stage.layers.begin; l < stage.layers.end; ++l) {
        // Until they are factored, the inputs' equations need no targets.
        const MapSpec& map = network.map(l);
        equations_.emplace_back(map.inputs(), l == 0 ? 1 : map.outputs(), shard());
        shifts_.push_back(0.0);
    }
}

template <typename Scalar>
void RidgeRefit<Scalar>::weigh(std::vector<double> weights_above) {
    const bool changed = stage_.lowest() == 0 && weights_above.front() != weights_above_.front();
    weights_above_ = std::move(weights_above);
    if (changed && input_equations_) {
        input_factor_.reset();  // its memory is needed
        input_factor_.emplace(factor(0, *input_equations_));
    }
}

template <typename Scalar>
void RidgeRefit<Scalar>::add_inputs(const ConstMatrixRef<Scalar>& x) {
    stage_.map(0).visit_windows(x, [this](const ConstMatrixRef<Scalar>& windows) {
        equations_.front().template add_gram<Scalar>(windows);
    });
}

template <typename Scalar>
void RidgeRefit<Scalar>::factor_inputs() {
    if (stage_.lowest() == 0) {
        NormalEquations& inputs = equations_.front();
        sum_over_shards(peers_, inputs.values(), times_);
        input_factor_.emplace(factor(0, inputs));
        if (config_.refactors_inputs()) {
            input_equations_ = std::move(inputs);
        }
        inputs = NormalEquations(input_factor_->center(peers_.rank()),
                                 config_.network.map(0).outputs(), shard());
    }
}

template <typename Scalar>
void RidgeRefit<Scalar>::add(Index layer, const ConstMatrixRef<Scalar>& x,
                             const ConstMatrixRef<Scalar>& t) {
    add(equations_[position(layer)], layer, x, t);
}

template <typename Scalar>
void RidgeRefit<Scalar>::add(NormalEquations& equations, Index layer,
                             const ConstMatrixRef<Scalar>& x,
                             const ConstMatrixRef<Scalar>& t) const {
    const LinearMap<Scalar> map = stage_.map(layer);
    Matrix<Scalar> scratch;
    map.pairs(x, map.target(x, t, scratch),
              [&](const ConstMatrixRef<Scalar>& windows, const ConstMatrixRef<Scalar>& targets,
                  Index) { equations.template add<Scalar>(windows, targets); });
}

template <typename Scalar>
void RidgeRefit<Scalar>::solve() {
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        NormalEquations& equations = equations_[position(l)];
        sum_over_shards(peers_, equations.values(), times_);
        if (l == 0) {
            assign(l, solution(*input_factor_, equations));
        } else {
            RidgeFactor own = factor(l, equations);
            assign(l, solution(own, equations));
            if (l + 1 == config_.network.layers()) {
                output_factor_ = std::move(own);
            }
        }
        equations.clear();
    }
}

template <typename Scalar>
Matrix<double> RidgeRefit<Scalar>::solution(const RidgeFactor& factor,
                                            const NormalEquations& equations) const {
    const Index rows = equations.inputs() + 1;
    const Index outputs = equations.outputs();
    if (peers_.size() == 1 || !worth_dividing(rows * outputs)) {
        return factor.solve(equations);
    }
    const ShardTeam<double> team(peers_, times_);
    const Range own = team.part(outputs);
    Matrix<double> all(rows, outputs);
    part(all, own) = factor.solve(equations, own);
    team.gather(all);
    return all;
}

// Nesterov's acceleration, restarted where the momentum points back, because plain steps gain
// little each.
template <typename Scalar>
void RidgeRefit<Scalar>::improve_output(int steps,
                                        const std::function<void(NormalEquations&)>& add_moments) {
    const Index layer = stage_.highest();
    const Weights<Scalar>& weights = stage_.of(layer);
    const RidgeFactor& factor = layer == 0 ? *input_factor_ : *output_factor_;
    NormalEquations moments(factor.center(peers_.rank()), config_.network.map(layer).outputs(),
                            shard());
    Matrix<double> before = weights.solution();
    double momentum = 1.0;
    for (int step = 1; step <= steps; ++step) {
        add_moments(moments);
        sum_over_shards(peers_, moments.values(), times_);
        const Matrix<double> from = weights.solution();
        const Matrix<double> reached = solution(factor, moments);
        moments.clear();
        const bool uphill = (from - reached).cwiseProduct(reached - before).sum() > 0.0;
        const double next = uphill ? 1.0 : 0.5 * (1.0 + std::sqrt(1.0 + 4.0 * momentum * momentum));
        const double extrapolation = uphill || step == steps ? 0.0 : (momentum - 1.0) / next;
        assign(layer, reached + extrapolation * (reached - before));
        before = reached;
        momentum = next;
    }
}

template <typename Scalar>
void RidgeRefit<Scalar>::assign(Index layer, const Matrix<double>& solution) {
    Weights<Scalar>& weights = stage_.of(layer);
    weights.assign(solution);
    if (!weights.matrix.allFinite() || !weights.bias.allFinite()) {
        throw NumericalError(
            "the weights of layer " + std::to_string(layer) + " are not finite",
            "they, or the activations and targets that they are fitted to, are too large",
            advice(layer));
    }
    if (config_.weights.orthogonal && layer + 1 < config_.network.layers()) {
        make_orthogonal(weights.matrix);
    }
}

template <typename Scalar>
RidgeFactor RidgeRefit<Scalar>::factor(Index layer, const NormalEquations& equations) {
    try {
        RidgeFactor result(equations, kappa(layer), std::numeric_limits<Scalar>::epsilon());
        double& shift = shifts_[position(layer)];
        shift = std::max(shift, result.shift());
        return result;
    } catch (const NumericalError&) {
        throw NumericalError(
            "the weights of layer " + std::to_string(layer) + " cannot be fitted",
            std::string(layer == 0 ? "the inputs are" : "the activations that they act on are") +
                " not finite, or too large to be squared",
            advice(layer));
    }
}

// Only what has not been done yet.
template <typename Scalar>
std::string RidgeRefit<Scalar>::advice(Index layer) const {
    std::string advice = "use ";
    if (config_.precision == Precision::single) {
        advice += "train.precision = double, or ";
    }
    if (config_.standardize == Standardize::no) {
        return advice + "data.standardize = true";
    }
    const bool ridge = config_.ridge[static_cast<std::size_t>(layer)] > 0.0;
    return advice + (ridge ? "a larger weights.ridge" : "a positive weights.ridge");
}

template <typename Scalar>
double RidgeRefit<Scalar>::kappa(Index layer) const {
    const double rho = config_.ridge[static_cast<std::size_t>(layer)];
    return 2.0 * samples_ * rho / weights_above_[position(layer)];
}

template class RidgeRefit<float>;
template class RidgeRefit<double>;

}  // namespace hoist
