#include "hoist/base/error.hpp"
#include "key.hpp"

namespace hoist {

namespace {

void check_lift(const Config& config) {
    const InputLift& lift = config.data.lift;
    if (lift.empty()) {
        return;
    }
    const std::string shown = "data.lift = " + to_text(lift);
    if (lift.numbers(config.network.inputs()) == 0) {
        const std::string labels = std::to_string(lift.labels);
        throw UsageError(
            "network.layers = " + config.network.layers_text() + " contradicts " + shown,
            lift.kind == InputLift::Kind::each
                ? "every input becomes " + labels + " numbers"
                : "the inputs become as many numbers as a grid of " + labels +
                      " labels in each direction has vertices",
            "start it with " +
                (lift.kind == InputLift::Kind::each
                     ? labels + " times the inputs of a sample"
                     : labels + " for one input, " + labels + " x " + labels + " for two, ..."));
    }
    const auto refuse = [&](bool given, const std::string& setting, const std::string& why,
                            const std::string& advice) {
        if (given) {
            throw UsageError(setting + " does not go with " + shown, why, advice);
        }
    };
    refuse(config.network.pictures(), "a network of pictures", "pixels are not lifted one by one",
           "use lifting(LABELS) as an activation");
    refuse(config.standardize != Standardize::no, "data.standardize",
           "labels are in the unit of the data, and what is lifted lies between 0 and 1",
           "leave it out");
    refuse(config.augmentation != AugmentationOptions{},
           "a change of the inputs of mini-batches (data.noise, data.dropout, data.shift, ...)",
           "it would change what they have been lifted to", "leave it out");
}

// The outputs' loss is linear between labels: it has slopes and no curvature.
void check_spline_loss(const Config& config) {
    if (config.network.output != Output::spline) {
        if (config.chooses) {
            throw UsageError("weights.solver = choice needs network.output = spline",
                             "it chooses among the labels of a loss",
                             "give network.output = spline(LOWER,UPPER,LABELS,LOSS), as "
                             "spline(-2,2,41,truncated(0.5))");
        }
        return;
    }
    const auto refuse = [](const std::string& setting, const std::string& why,
                           const std::string& advice) {
        throw UsageError(setting + " does not go with network.output = spline", why, advice);
    };
    if (config.chooses) {
        if (config.data.lift.empty() || config.network.hidden() > 0) {
            throw UsageError(
                "weights.solver = choice needs one map of lifted inputs",
                "only there the least cost of every weight is known",
                "set data.lift = each(LOWER,UPPER,LABELS) or jointly(LOWER,UPPER,LABELS), and "
                "network.layers to what that makes, and 1, as 9-1");
        }
        return;
    }
    if (!follows_gradients(config)) {
        refuse("weights.solver = ridge, gram or implicit",
               "the loss has slopes and no curvature that they could use",
               "use choice on lifted inputs, or sgd, adam or muon");
    }
    if (config.formulation.is_lrrn()) {
        refuse("formulation.name = lrrn", "its energy has no such loss", "use contrastive");
    }
}

// Only a regression whose loss is a square has the mean over errors of its inputs in closed form.
void check_uncertainty(const Config& config) {
    if (config.input_variance == 0.0) {
        return;
    }
    const auto refuse = [](bool given, const std::string& setting, const std::string& why,
                           const std::string& advice) {
        if (given) {
            throw UsageError("data.uncertainty does not go with " + setting, why, advice);
        }
    };
    const bool squares = config.network.hidden() > 0 ? config.formulation.name == "classical"
                                                     : config.network.output == Output::linear;
    refuse(config.fit == Fit::batches, "steps on mini-batches", "they draw errors instead",
           "use data.noise, or weights.solver = ridge");
    refuse(!squares,
           config.network.hidden() > 0 ? "formulation.name = " + config.formulation.name
                                       : "network.output = " + to_text(config.network.output),
           "the mean over errors of its first regression is known for squares alone",
           config.network.hidden() > 0 ? "use formulation.name = classical"
                                       : "use network.output = linear");
    refuse(!config.formulation.constant(), "formulation.lambda_end",
           "the regression would weigh the errors otherwise in every sweep",
           "leave one of them out");
    refuse(!config.data.lift.empty(), "data.lift", "errors of what is lifted are not independent",
           "leave one of them out");
    refuse(!config.network.map(0).dense(), "a convolution as the first map",
           "windows share the errors of a pixel", "start with a dense map");
}

}  // namespace

void check_lifted_fits(const Config& config) {
    check_lift(config);
    check_uncertainty(config);
    check_spline_loss(config);
}

}  // namespace hoist
