#include "hoist/problem/problem.hpp"

namespace hoist {

template <typename Scalar>
std::vector<Weights<Scalar>> draw_weights(const Config& config, Range layers) {
    std::vector<Weights<Scalar>> drawn;
    for (Index l = layers.begin; l < layers.end; ++l) {
        drawn.push_back(initial_weights<Scalar>(config.network.width(l),
                                                config.network.map_outputs(l), config.start,
                                                config.bias, config.seed, l));
    }
    return drawn;
}

template std::vector<Weights<float>> draw_weights(const Config&, Range);
template std::vector<Weights<double>> draw_weights(const Config&, Range);

}  // namespace hoist
