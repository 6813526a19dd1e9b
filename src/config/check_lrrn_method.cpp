#include <algorithm>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "key.hpp"

namespace hoist {

namespace {

// What only states that are relaxed know of.
void check_other_method(const Config& config) {
    const FormulationOptions& formulation = config.formulation;
    const FormulationOptions usual;
    const auto refuse = [&](bool given, const std::string& setting, const std::string& why,
                            const std::string& advice) {
        if (given) {
            throw UsageError(setting + " does not go with formulation.name = " + formulation.name,
                             why, advice);
        }
    };
    const std::string output = "network.output = " + to_text(config.network.output);
    refuse(config.network.unsupervised(), output, "only the energy of lrrn has no targets",
           "use formulation.name = lrrn");
    refuse(config.network.output == Output::hinge || config.network.output == Output::squared_hinge,
           output, "only the gradient of lrrn takes a loss that is no energy of a block",
           "use softmax");
    refuse(config.labeled > 0.0, "data.labeled", "only lrrn learns from samples without labels",
           "use data.limit to take fewer samples");
    refuse(config.without_bias, "network.bias = none", "only lrrn trains without biases",
           "give a number");
    refuse(formulation.temperature != 1.0, "formulation.temperature",
           "only the loss of lrrn has one", "leave it at 1");
    refuse(formulation.phase != usual.phase, "formulation.phase", "only lrrn has phases",
           "leave it out, or see formulation.contrast");
    refuse(formulation.nudge_strength != usual.nudge_strength, "formulation.nudge_strength",
           "only lrrn nudges so", "use formulation.beta");
    refuse(formulation.energy != 0.0, "formulation.energy", "only lrrn has a free energy",
           "leave it out");
    refuse(formulation.offset != 0.0, "formulation.offset", "only the loss of lrrn has one",
           "leave it out");
}

// What the weights of lrrn learn from.
void check_objective(const Config& config) {
    const FormulationOptions& formulation = config.formulation;
    const Output output = config.network.output;
    const auto refuse = [](bool given, const std::string& setting, const std::string& with,
                           const std::string& why, const std::string& advice) {
        if (given) {
            throw UsageError(setting + " does not go with " + with, why, advice);
        }
    };
    const std::string shown = "network.output = " + to_text(output);
    refuse(formulation.temperature != 1.0 && output != Output::softmax, "formulation.temperature",
           shown, "only a cross-entropy has one", "leave it at 1");
    refuse(formulation.offset != 0.0 && (output == Output::linear || config.network.unsupervised()),
           "formulation.offset", shown, "it compares no scores", "leave it out");
    if (config.network.unsupervised()) {
        refuse(formulation.energy <= 0.0, "formulation.energy = 0", shown,
               "there is nothing else to learn from", "leave it out");
        refuse(formulation.phase != LrrnPhase::adjoint, "formulation.phase", shown,
               "nothing follows the free phase where there are no targets", "leave it out");
        refuse(config.target_accuracy > 0.0, "train.target_accuracy", shown,
               "without classes there is no accuracy", "leave it out");
    }
    refuse(config.labeled > 0.0 && (config.network.unsupervised() || formulation.clamps()),
           "data.labeled", config.network.unsupervised() ? shown : std::string("a clamped output"),
           config.network.unsupervised() ? "no sample shows its label"
                                         : "each sample needs a target to hold",
           "leave it out");
    const bool contrast = formulation.phase == LrrnPhase::clamped;
    refuse(formulation.clamps() && output != Output::linear,
           contrast ? "formulation.phase = clamped" : "formulation.phase = class_energy", shown,
           "a clamped output is compared with its targets by squares",
           "use network.output = linear");
    refuse(formulation.phase == LrrnPhase::nudged && formulation.sweeps < 2,
           "formulation.phase = nudged", "formulation.sweeps = 1",
           "two nudged states differ only after they have moved", "use 6 or more");
    constexpr double converged = 1e-4;
    refuse(contrast && !(formulation.tolerance > 0.0 && formulation.tolerance <= converged),
           "formulation.phase = clamped",
           "formulation.tolerance = " + to_text(formulation.tolerance),
           "the difference of two energies is the error of the free one where that has not "
           "converged",
           "use formulation.tolerance = 1e-5 and formulation.sweeps = 1000, or "
           "formulation.phase = adjoint or nudged, which are exact sooner");
}

}  // namespace

// Its states are relaxed and its gradient is that of their minimum, which other settings know nothing of.
void check_lrrn_method(const Config& config) {
    const FormulationOptions& formulation = config.formulation;
    if (!formulation.is_lrrn()) {
        check_other_method(config);
        return;
    }
    check_objective(config);
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
