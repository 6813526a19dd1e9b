#include "hoist/train/problem.hpp"

namespace hoist {

template <typename Scalar>
std::vector<Layer<Scalar>> draw_layers(const Config& config, Range layers) {
    std::vector<Layer<Scalar>> drawn;
    for (Index l = layers.begin; l < layers.end; ++l) {
        Layer<Scalar> layer;
        layer.index = l;
        layer.weights =
            initial_weights<Scalar>(config.network.width(l), config.network.map_outputs(l),
                                    config.start, config.bias, config.seed, l);
        drawn.push_back(std::move(layer));
    }
    return drawn;
}

template std::vector<Layer<float>> draw_layers(const Config&, Range);
template std::vector<Layer<double>> draw_layers(const Config&, Range);

}  // namespace hoist
