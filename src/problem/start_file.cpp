#include "start_file.hpp"

#include <algorithm>

#include "hoist/base/error.hpp"
#include "start.hpp"

namespace hoist {

std::optional<ModelHeader> read_start(const Config& config) {
    if (config.start_file.empty()) {
        return std::nullopt;
    }
    ModelHeader header = read_model_header(config.start_file, true);
    const std::string named = "network.init = " + config.start_file + " does not fit";
    const std::string given = header.network.layers_text();
    const std::string wanted = config.network.layers_text();
    if (given != wanted && !(header.network.unsupervised() && wanted.starts_with(given + "-"))) {
        throw UsageError(named, "it is a model of " + given,
                         header.network.unsupervised()
                             ? "begin network.layers with that, or start from another"
                             : "set network.layers to that, or start from another");
    }
    const bool standardized = config.standardize != Standardize::no;
    if (header.standardization.empty() == standardized) {
        throw UsageError(named,
                         standardized ? "it was trained on inputs that are not standardized"
                                      : "it was trained on standardized inputs",
                         std::string("set data.standardize = ") +
                             (standardized ? "false" : "true") + ", or start from another");
    }
    return header;
}

NetworkSpec starting_network(const Config& config, const std::optional<ModelHeader>& start) {
    NetworkSpec network = config.network;
    for (std::size_t i = 0; start && i < start->network.activations.size(); ++i) {
        const Activation& learned = *start->network.activations[i];
        auto& phi = network.activations[i];
        if (learned.traits().learned && learned.name() == phi->name()) {
            phi = phi->with_coefficients(learned.coefficients());
        }
    }
    return network;
}

template <typename Scalar>
std::vector<Weights<Scalar>> starting_weights(const Config& config,
                                              const std::optional<ModelHeader>& start,
                                              Range layers) {
    if (!start) {
        return draw_weights<Scalar>(config, layers);
    }
    const Index read = start->network.layers();
    std::vector<Weights<Scalar>> weights =
        read_weights<Scalar>(config.start_file, config.network,
                             {std::min(layers.begin, read), std::min(layers.end, read)});
    for (Index l = std::max(layers.begin, read); l < layers.end; ++l) {
        weights.push_back(draw_weights<Scalar>(config, {l, l + 1}).front());
    }
    return weights;
}

template std::vector<Weights<float>> starting_weights(const Config&,
                                                      const std::optional<ModelHeader>&, Range);
template std::vector<Weights<double>> starting_weights(const Config&,
                                                       const std::optional<ModelHeader>&, Range);

}  // namespace hoist
