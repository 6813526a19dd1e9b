#include "start.hpp"

namespace hoist {

template <typename Scalar>
std::vector<Weights<Scalar>> draw_weights(const Config& config, Range layers) {
    std::vector<Weights<Scalar>> drawn;
    for (Index l = layers.begin; l < layers.end; ++l) {
        const NetworkSpec& network = config.network;
        const Index first = network.weights_of(l);
        drawn.push_back(initial_weights<Scalar>(network.map(first), config.start, config.bias,
                                                config.seed, first));
        if (network.adds_input && l + 1 == network.layers() && first == l) {
            drawn.back().matrix *= Scalar(0.1);
        }
    }
    return drawn;
}

template <typename Scalar>
void scale_hidden_blocks(const Config& config, Stage<Scalar>& stage) {
    const auto scale = static_cast<Scalar>(config.scale);
    for (Index l = stage.layers.begin; l < stage.layers.end; ++l) {
        Weights<Scalar>& weights = stage.of(l);
        if (l == 0) {
            weights.matrix *= scale;
        }
        if (l + 1 == config.network.layers()) {
            weights.matrix /= scale;
        } else {
            weights.bias *= scale;
        }
    }
}

template <typename Scalar>
void change_unit(const Standardization& from, const Standardization& to, Weights<Scalar>& weights) {
    const auto mean_of = [](const Standardization& one) { return one.empty() ? 0.0 : one.mean[0]; };
    const auto scale_of = [](const Standardization& one) {
        return one.empty() ? 1.0 : one.scale[0];
    };
    const double factor = scale_of(to) / scale_of(from);
    const double shift = (mean_of(from) - mean_of(to)) * scale_of(to);
    if (factor == 1.0 && shift == 0.0) {
        return;
    }
    weights.matrix = (factor * weights.matrix.template cast<double>()).template cast<Scalar>();
    weights.bias =
        (factor * weights.bias.template cast<double>().array() + shift).template cast<Scalar>();
}

template std::vector<Weights<float>> draw_weights(const Config&, Range);
template std::vector<Weights<double>> draw_weights(const Config&, Range);
template void scale_hidden_blocks(const Config&, Stage<float>&);
template void scale_hidden_blocks(const Config&, Stage<double>&);
template void change_unit(const Standardization&, const Standardization&, Weights<float>&);
template void change_unit(const Standardization&, const Standardization&, Weights<double>&);

}  // namespace hoist
