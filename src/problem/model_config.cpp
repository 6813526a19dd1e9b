#include "hoist/problem/model_config.hpp"

#include "hoist/base/error.hpp"

namespace hoist {

Config config_of(const ModelHeader& header) try {
    ConfigText text = read_resolved_ini(header.config);
    // The grid that trained the model says nothing about the ranks that use it.
    text["grid.stages"] = "auto";
    text["grid.shards"] = "auto";
    Config config = parse_config(text);
    if (config.network.layers_text() != header.network.layers_text() ||
        config.network.output != header.network.output) {
        throw DataError("the model is inconsistent",
                        "its configuration is that of " + config.network.layers_text() +
                            " and its weights are those of " + header.network.layers_text(),
                        "use another model");
    }
    config.network = header.network;  // with the slopes that were learned
    config.formulation.lambda = config.lambda_after(header.trained.value_or(config.length()));
    config.formulation.lambda_end.clear();
    check_formulation(config.network, config.formulation);
    return config;
} catch (const UsageError& error) {  // a key or value that this version does not know
    throw DataError("the model's configuration cannot be used", error.what(),
                    "use the version of hoist that made it");
}

}  // namespace hoist
