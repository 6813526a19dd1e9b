#include <algorithm>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "key.hpp"

namespace hoist {

// Its states are relaxed and its gradient is that of their minimum, which other settings know nothing of.
void check_lrrn_method(const Config& config) {
    const FormulationOptions& formulation = config.formulation;
    if (!formulation.is_lrrn()) {
        if (formulation.temperature != 1.0) {
            throw UsageError(
                "formulation.temperature does not go with formulation.name = " + formulation.name,
                "only the loss of lrrn has one", "leave it at 1");
        }
        return;
    }
    const auto refuse = [](bool given, const std::string& setting, const std::string& why,
                           const std::string& advice) {
        if (given) {
            throw UsageError("formulation.name = lrrn does not go with " + setting, why, advice);
        }
    };
    using Kind = WeightSolverOptions::Kind;
    const std::string gradient = "its weights follow a gradient that is not made of one product";
    const std::string solver = "use weights.solver = adam, muon or sgd";
    refuse(config.fit == Fit::sweeps, "weights.solver = ridge", gradient, solver);
    for (const Kind kind : config.solvers) {
        refuse(kind == Kind::gram, "weights.solver = gram", gradient, solver);
        refuse(kind == Kind::implicit, "weights.solver = implicit", gradient, solver);
    }
    refuse(formulation.iterations > 1,
           "formulation.iterations = " + std::to_string(formulation.iterations),
           "its blocks are relaxed together", "use formulation.sweeps");
    refuse(formulation.passes > 1, "formulation.passes = " + std::to_string(formulation.passes),
           "its blocks are relaxed together", "use formulation.sweeps");
    refuse(!formulation.constant(), "formulation.lambda_end", "its terms have no lambda",
           "leave it out, or use formulation.beta");
    refuse(config.staleness > 0, "train.staleness = " + std::to_string(config.staleness),
           "a block comes down through the stages many times in a batch",
           "set train.staleness = 0");
    refuse(config.rounds > 1, "train.rounds = " + std::to_string(config.rounds),
           "a batch is relaxed once", "set train.rounds = 1");
    refuse(config.probe, "train.probe = true", "it has no back-propagated gradient beside it",
           "leave it out");
    refuse(config.learn_slopes, "network.learn_slopes = true", "no activation of it has a slope",
           "leave it out");
    refuse(config.scale != 1.0, "network.scale = " + to_text(config.scale),
           "a scaled block has another reconstruction", "leave it at 1");
    refuse(std::ranges::any_of(config.dropout, [](double share) { return share > 0.0; }),
           "train.dropout", "a block that is not there has no reconstruction",
           "use data.dropout or data.noise");
}

}  // namespace hoist
