#include "hoist/train/ridge_refit.hpp"

#include <cmath>
#include <string>

#include "hoist/base/error.hpp"
#include "hoist/math/orthogonal.hpp"

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
    for (const Layer<Scalar>& layer : stage.layers) {
        const Index l = layer.index;
        const auto gram =
            l == 0 ? NormalEquations::Gram::constant : NormalEquations::Gram::included;
        equations_.emplace_back(network.width(l), network.map_outputs(l), gram);
    }
    if (stage.lowest().index == 0) {
        inputs_.emplace(network.inputs(), 1, NormalEquations::Gram::included);
    }
}

template <typename Scalar>
void RidgeRefit<Scalar>::add_inputs(const ConstMatrixRef<Scalar>& x) {
    inputs_->add_gram<Scalar>(x);
}

template <typename Scalar>
void RidgeRefit<Scalar>::factor_inputs() {
    if (inputs_) {
        sum_over_shards(inputs_->values());
        input_factor_.emplace(inputs_->gram(), kappa(0));
        inputs_.reset();
    }
}

template <typename Scalar>
void RidgeRefit<Scalar>::add(std::size_t position, const ConstMatrixRef<Scalar>& x,
                             const ConstMatrixRef<Scalar>& t) {
    if (stage_.layers[position].index == 0) {
        equations_[position].template add_moment<Scalar>(x, t);
    } else {
        equations_[position].template add<Scalar>(x, t);
    }
}

template <typename Scalar>
void RidgeRefit<Scalar>::solve() {
    for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
        NormalEquations& equations = equations_[i];
        Layer<Scalar>& layer = stage_.layers[i];
        sum_over_shards(equations.values());
        if (layer.index == 0) {
            assign(layer, input_factor_->solve(equations.moment()));
        } else {
            RidgeFactor factor(equations.gram(), kappa(i));
            assign(layer, factor.solve(equations.moment()));
            if (layer.index + 1 == config_.network.layers()) {
                output_factor_ = std::move(factor);
            }
        }
        equations.clear();
    }
}

// Nesterov's acceleration, restarted where the momentum points back, because plain steps gain
// little each.
template <typename Scalar>
void RidgeRefit<Scalar>::improve_output(int steps,
                                        const std::function<void(NormalEquations&)>& add_moments) {
    Layer<Scalar>& layer = stage_.highest();
    const RidgeFactor& factor = layer.index == 0 ? *input_factor_ : *output_factor_;
    NormalEquations moments(config_.network.width(layer.index), config_.network.outputs(),
                            NormalEquations::Gram::constant);
    Matrix<double> before = layer.weights.solution();
    double momentum = 1.0;
    for (int step = 1; step <= steps; ++step) {
        add_moments(moments);
        sum_over_shards(moments.values());
        const Matrix<double> from = layer.weights.solution();
        const Matrix<double> reached = factor.solve(moments.moment());
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
void RidgeRefit<Scalar>::assign(Layer<Scalar>& layer, const Matrix<double>& solution) {
    layer.weights.assign(solution);
    if (!layer.weights.matrix.allFinite() || !layer.weights.bias.allFinite()) {
        throw NumericalError(
            "the weights of layer " + std::to_string(layer.index) + " are not finite",
            "the activations grew beyond what the precision holds",
            "use more ridge, smaller or standardized data, or train.precision = double");
    }
    if (config_.weights.orthogonal && layer.index + 1 < config_.network.layers()) {
        make_orthogonal(layer.weights.matrix);
    }
}

template <typename Scalar>
void RidgeRefit<Scalar>::sum_over_shards(std::span<double> values) {
    if (peers_.size() == 1) {
        return;
    }
    {
        const PhaseClock clock(times_.wait);
        peers_.barrier();
    }
    const PhaseClock clock(times_.exchange);
    peers_.sum(values);
}

template <typename Scalar>
double RidgeRefit<Scalar>::kappa(std::size_t position) const {
    const double rho = config_.ridge[static_cast<std::size_t>(stage_.layers[position].index)];
    return 2.0 * samples_ * rho / weights_above_[position];
}

template class RidgeRefit<float>;
template class RidgeRefit<double>;

}  // namespace hoist
