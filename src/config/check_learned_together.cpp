#include <algorithm>

#include "hoist/base/error.hpp"
#include "key.hpp"

namespace hoist {

namespace {

// Splines are learned from the first-order answer of their block.
void check_learned(const Config& config) {
    const bool learned = std::ranges::any_of(config.network.activations,
                                             [](const auto& phi) { return phi->traits().learned; });
    if (!learned) {
        return;
    }
    if (config.fit == Fit::sweeps) {
        throw UsageError("network.activation = " + config.network.activation_text() +
                             " does not go with weights.solver = ridge",
                         "splines are learned on mini-batches",
                         "use weights.solver = adam or muon");
    }
    if (config.formulation.iterations > 1) {
        throw UsageError("network.activation = " + config.network.activation_text() +
                             " does not go with formulation.iterations = " +
                             std::to_string(config.formulation.iterations),
                         "splines are learned from one step of each block",
                         "set formulation.iterations = 1");
    }
}

// Steps along gradients add up over layers.
void check_shared_weights(const Config& config) {
    if (!config.network.shares_weights()) {
        return;
    }
    const auto refuse = [&](const std::string& setting, const std::string& why,
                            const std::string& advice) {
        throw UsageError(
            setting + " does not go with network.layers = " + config.network.layers_text(), why,
            advice);
    };
    if (!follows_gradients(config)) {
        refuse("weights.solver = ridge, gram or implicit",
               "several of its maps have the same weights, whose gradients add up",
               "use sgd, adam or muon");
    }
    if (config.staleness > 0) {
        refuse("train.staleness = " + std::to_string(config.staleness),
               "maps with the same weights would take steps of different batches",
               "set train.staleness = 0");
    }
}

}  // namespace

bool follows_gradients(const Config& config) {
    using Kind = WeightSolverOptions::Kind;
    return config.fit == Fit::batches && std::ranges::all_of(config.solvers, [](Kind kind) {
               return kind == Kind::sgd || kind == Kind::adam || kind == Kind::muon;
           });
}

void check_learned_together(const Config& config) {
    check_learned(config);
    check_shared_weights(config);
}

}  // namespace hoist
