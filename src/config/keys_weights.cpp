#include <algorithm>
#include <array>

#include "hoist/base/text.hpp"
#include "key.hpp"

namespace hoist {

namespace {

void read_solver(const Value& value, Config& config) {
    using Kind = WeightSolverOptions::Kind;
    static const std::vector<std::string> names{"adam", "sgd", "gram", "implicit", "muon"};
    config.chooses = value.text == "choice";
    if (value.text == "ridge" || config.chooses ||
        (value.text == "auto" && config.formulation.name == "classical")) {
        config.fit = Fit::sweeps;
        config.solvers.assign(static_cast<std::size_t>(config.network.layers()), Kind::adam);
        return;
    }
    config.fit = Fit::batches;
    const std::string own = config.formulation.name == "bregman" ? "implicit" : "adam";
    std::vector<std::string> chosen = split(value.text == "auto" ? own : value.text, ',');
    const auto maps = static_cast<std::size_t>(config.network.layers());
    if (chosen.size() == 1) {
        std::vector<std::string> all{"auto", "ridge", "choice"};
        std::ranges::copy(names, std::back_inserter(all));
        Value{value.name, std::string(trim(chosen.front()))}.choice(all);
        chosen.resize(maps, chosen.front());
    }
    if (chosen.size() != maps) {
        value.refuse("it names " + std::to_string(chosen.size()) + " solvers and the network has " +
                         std::to_string(maps) + " maps",
                     "give one, or one for each map with commas");
    }
    config.solvers.clear();
    for (const std::string& name : chosen) {
        constexpr std::array kinds{Kind::adam, Kind::sgd, Kind::gram, Kind::implicit, Kind::muon};
        config.solvers.push_back(kinds[Value{value.name, std::string(trim(name))}.choice(names)]);
    }
}

// Minimizes activations where that is what the formulation is made for.
void choose_passes(Config& config) {
    FormulationOptions& formulation = config.formulation;
    if (formulation.passes == 0) {
        const bool minimizes = formulation.name == "bregman" && config.fit == Fit::batches &&
                               formulation.iterations == 1;
        formulation.passes = minimizes ? 3 : 1;
    }
}

// The mean of mu / 2 |W (x + e) + b - T|^2 over errors e of variance v is that at x plus mu / 2 v |W|^2.
double uncertainty_ridge(const Config& config) {
    if (config.input_variance == 0.0 || config.formulation.lambda.empty()) {
        return 0.0;
    }
    const double mu = config.network.hidden() > 0 ? config.formulation.lambda_of(1) : 1.0;
    return 0.5 * mu * config.input_variance;
}

// Implicit steps may be of any length.
void read_steps(const Value& value, Config& config) {
    if (value.text == "auto") {
        config.step_shares.clear();
        for (const WeightSolverOptions::Kind kind : config.solvers) {
            config.step_shares.push_back(kind == WeightSolverOptions::Kind::implicit ? 0.5 : 1e-3);
        }
    } else {
        config.step_shares = value.numbers(config.network.layers(), 0.0, 1e9);
    }
    config.rate.peak = std::ranges::max(config.step_shares);
    for (double& step : config.step_shares) {
        step = config.rate.peak > 0.0 ? step / config.rate.peak : 1.0;
    }
}

}  // namespace

std::vector<Key> weights_keys() {
    return {
        {{"weights.solver", "auto",
          "how weights are fitted: ridge (all samples, in sweeps), or on mini-batches adam, sgd, "
          "gram, implicit, muon (one, or one per map); choice: each weight of lifted inputs is the "
          "label of least cost, see data.lift and network.output = spline; auto: ridge for "
          "classical, implicit for bregman, else adam"},
         [](const Value& v, Config& c) {
             read_solver(v, c);
             choose_passes(c);
         }},
        {{"weights.step", "auto",
          "length of the steps on mini-batches, at their peak, one or one per map; auto: 0.5 for "
          "implicit, else 1e-3"},
         read_steps},
        {{"weights.schedule", "one_cycle",
          "of the steps: constant, one_cycle, cosine, linear, plateau"},
         [](const Value& v, Config& c) {
             c.rate.kind = static_cast<RateSchedule::Kind>(
                 v.choice({"constant", "one_cycle", "cosine", "linear", "plateau"}));
         }},
        {{"weights.warmup", "0.3", "share of the run in which the steps grow (one_cycle, linear)"},
         [](const Value& v, Config& c) { c.rate.warmup = v.number(0.0, 1.0); }},
        {{"weights.factor", "0.5", "of the steps when nothing improves (plateau)"},
         [](const Value& v, Config& c) { c.rate.factor = v.number(0.0, 1.0); }},
        {{"weights.patience", "2", "epochs without improvement that are borne (plateau)"},
         [](const Value& v, Config& c) { c.rate.patience = v.whole_number(0); }},
        {{"weights.momentum", "0.9",
          "of the gradient (adam, sgd, gram, muon), of the proximal center (implicit)"},
         [](const Value& v, Config& c) { c.weights.momentum = v.number(0.0, 0.9999); }},
        {{"weights.second_momentum", "0.999", "of its square (adam)"},
         [](const Value& v, Config& c) { c.weights.second_momentum = v.number(0.0, 0.999999); }},
        {{"weights.decay", "0", "decoupled weight decay, times the step"},
         [](const Value& v, Config& c) { c.weights.decay = v.number(0.0, 1e6); }},
        {{"weights.sides", "both", "Gram matrices of the inputs of a map, or of both sides (gram)"},
         [](const Value& v, Config& c) {
             c.weights.sides = static_cast<GramSides>(v.choice({"input", "both"}));
         }},
        {{"weights.damping", "1", "added to the Gram matrices, in units of the mean diagonal"},
         [](const Value& v, Config& c) { c.weights.damping = v.number(0.0, 1e12); }},
        {{"weights.refresh", "10", "steps between two factorizations (gram)"},
         [](const Value& v, Config& c) { c.weights.refresh = v.whole_number(1); }},
        {{"weights.memory", "0.05", "weight of the newest batch in the mean Gram matrix (gram)"},
         [](const Value& v, Config& c) { c.weights.memory = v.number(1e-6, 1.0); }},
        {{"weights.curvature", "1",
          "of what stands above maps below the output in implicit steps: a number, or majorizer"},
         [](const Value& v, Config& c) {
             c.curvature = v.text == "majorizer" ? 0.0 : v.number(1e-12, 1e12);
         }},
        {{"weights.average", "0", "share of the run, at its end, whose weights are averaged"},
         [](const Value& v, Config& c) { c.average = v.number(0.0, 1.0); }},
        {{"weights.orthogonal", "false",
          "whether maps below the output keep orthonormal rows or columns: true, false"},
         [](const Value& v, Config& c) { c.weights.orthogonal = v.yes_or_no(); }},
        {{"weights.ridge", "1e-5",
          "rho, the weight of |W|^2 beside the mean over samples, one or one per map"},
         [](const Value& v, Config& c) {
             c.ridge = v.numbers(c.network.layers(), 0.0);
             c.ridge.front() += uncertainty_ridge(c);
             if (c.chooses) {  // among labels, which have no ridge
                 c.ridge.assign(c.ridge.size(), 0.0);
             }
         }},
    };
}

}  // namespace hoist
