#include <algorithm>
#include <filesystem>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "key.hpp"

namespace hoist {

namespace {

// The moments of a column block tie its samples together, and move with every step of the weights below.
void check_normalization(const Config& config) {
    if (std::ranges::none_of(config.network.maps, &MapSpec::normalized)) {
        return;
    }
    const auto refuse = [](const std::string& setting, const std::string& why,
                           const std::string& advice) {
        throw UsageError("batchnorm does not go with " + setting, why, advice);
    };
    if (config.fit == Fit::sweeps) {
        refuse(
            "weights.solver = ridge",
            "a map is normalized by the columns that it is trained on, and regressions take them "
            "one by one",
            "use weights.solver = muon or adam, or leave batchnorm out of network.layers");
    }
    const auto alone = [](const MapSpec& map) { return map.normalized && map.places() == 1; };
    if ((config.batch == 1 || config.grid.block == 1) &&
        std::ranges::any_of(config.network.maps, alone)) {
        refuse(config.batch == 1 ? "train.batch = 1" : "grid.block = 1",
               "one number has no deviation from its mean", "use blocks of 50 samples and more");
    }
    if (config.formulation.iterations > 1) {
        refuse("formulation.iterations = " + std::to_string(config.formulation.iterations),
               "the samples of a block would move one another", "set formulation.iterations = 1");
    }
    if (config.average > 0.0) {
        refuse("weights.average = " + to_text(config.average),
               "the moments of averaged weights are not known",
               "let the rate fall to 0 instead (weights.schedule)");
    }
    if (config.scale != 1.0) {
        refuse("network.scale = " + to_text(config.scale),
               "what is normalized does not depend on the scale below it", "leave it at 1");
    }
}

// Passes are steps of a fixed point over the signals of one batch.
void check_passes(const Config& config) {
    const FormulationOptions& formulation = config.formulation;
    if (formulation.passes == 1) {
        if (formulation.tolerance > 0.0 && !formulation.is_lrrn()) {
            throw UsageError("formulation.tolerance does not go with formulation.passes = 1",
                             "a batch that passes once stays at the feed-forward state",
                             "set formulation.passes to the most passes, as 20");
        }
        return;
    }
    const auto refuse = [&](const std::string& setting, const std::string& why,
                            const std::string& advice) {
        throw UsageError("formulation.passes = " + std::to_string(formulation.passes) +
                             " does not go with " + setting,
                         why, advice);
    };
    const std::string one = "set formulation.passes = 1";
    if (formulation.name == "classical") {
        refuse("formulation.name = classical", "its signals do not settle that way",
               "use fenchel or bregman");
    }
    if (formulation.name == "contrastive" && formulation.contrast == Contrast::dual) {
        refuse("formulation.contrast = dual", "dual propagation moves each block once",
               one + ", or formulation.contrast = clamped");
    }
    if (config.fit == Fit::sweeps) {
        refuse("weights.solver = ridge", "sweeps go over all samples and keep their activations",
               "use weights.solver = implicit, or train.sweeps for more sweeps");
    }
    if (formulation.iterations > 1) {
        refuse("formulation.iterations = " + std::to_string(formulation.iterations),
               "steps of single blocks and passes over all of them are two ways to one minimum",
               one);
    }
    if (config.staleness > 0) {
        refuse("train.staleness = " + std::to_string(config.staleness),
               "a pass needs the signals of the one before", one + ", or train.staleness = 0");
    }
    if (std::ranges::any_of(config.network.maps, &MapSpec::normalized)) {
        refuse("batchnorm", "the samples of a block would move one another", one);
    }
}

// A rate that falls where nothing improves has to look every time.
void check_plateau(const Config& config) {
    if (config.rate.kind == RateSchedule::Kind::plateau && config.validation == 0.0 &&
        config.evaluate_every != 1) {
        throw UsageError("train.evaluate_every = " + std::to_string(config.evaluate_every) +
                             " does not go with weights.schedule = plateau",
                         "it looks at the loss of the training part after every epoch",
                         "set data.validation, or train.evaluate_every = 1");
    }
}

void check_lambda_schedule(const Config& config) {
    const FormulationOptions& formulation = config.formulation;
    if (formulation.constant()) {
        return;
    }
    if (formulation.name == "contrastive" && formulation.contrast == Contrast::clamped) {
        throw UsageError("formulation.lambda_end does not go with formulation.contrast = clamped",
                         "its weights are powers of formulation.gamma", "leave it out");
    }
    using Kind = WeightSolverOptions::Kind;
    if (config.curvature == 0.0 &&
        std::ranges::find(config.solvers, Kind::implicit) != config.solvers.end()) {
        throw UsageError("formulation.lambda_end does not go with weights.curvature = majorizer",
                         "that quadratic would change with lambda",
                         "give weights.curvature a number, as 1");
    }
}

// What each key allows by itself and the method as a whole does not.
void check_method(const Config& config) {
    if (config.activation_step == ActivationStep::joint &&
        (config.formulation.name != "classical" || config.fit != Fit::sweeps)) {
        throw UsageError("formulation.step = joint does not go with this method",
                         "only the penalty of classical is convex in all activations together, and "
                         "they move so in sweeps over all samples",
                         "set formulation.step = blocks");
    }
    for (const auto& activation : config.network.activations) {
        if (config.scale != 1.0 && !activation->traits().homogeneous) {
            throw UsageError("network.scale does not go with " + activation->name(),
                             "it is not homogeneous: scaled blocks would give another function",
                             "use relu or leaky_relu, or leave network.scale at 1");
        }
    }
    if (config.fit == Fit::sweeps) {
        if (config.probe) {
            throw UsageError("train.probe does not go with weights.solver = ridge",
                             "regressions follow no gradient", "leave it out");
        }
        if (config.staleness > 0) {
            throw UsageError("train.staleness = " + std::to_string(config.staleness) +
                                 " does not go with weights.solver = ridge",
                             "sweeps over all samples have no batches that could be late",
                             "set train.staleness = 0, or another weights.solver");
        }
        if (config.learn_slopes) {
            throw UsageError("network.learn_slopes does not go with weights.solver = ridge",
                             "slopes are learned on mini-batches", "use weights.solver = adam");
        }
        if (config.formulation.name == "contrastive" &&
            config.formulation.contrast == Contrast::dual) {
            throw UsageError("weights.solver = ridge does not go with formulation.contrast = dual",
                             "its two states last for one mini-batch only",
                             "use weights.solver = adam, or formulation.contrast = clamped");
        }
        if (config.label_smoothing > 0.0) {
            throw UsageError("train.label_smoothing does not go with weights.solver = ridge",
                             "labels are smoothed on mini-batches", "use weights.solver = adam");
        }
        return;
    }
    if (config.label_smoothing > 0.0 && config.network.output != Output::softmax) {
        throw UsageError("train.label_smoothing does not go with network.output = " +
                             to_text(config.network.output),
                         "it spreads the labels of a softmax over the classes",
                         "use network.output = softmax, or leave train.label_smoothing at 0");
    }
    if (config.formulation.iterations > 1 &&
        std::ranges::any_of(config.dropout, [](double share) { return share > 0.0; })) {
        throw UsageError("train.dropout does not go with formulation.iterations = " +
                             std::to_string(config.formulation.iterations),
                         "it is defined for one step of each block",
                         "set formulation.iterations = 1");
    }
    if (config.learn_slopes && config.formulation.iterations > 1) {
        throw UsageError("network.learn_slopes does not go with formulation.iterations = " +
                             std::to_string(config.formulation.iterations),
                         "slopes are learned from one step of each block",
                         "set formulation.iterations = 1");
    }
    if (config.learn_slopes && config.formulation.name == "classical") {
        throw UsageError("network.learn_slopes does not go with formulation.name = classical",
                         "its penalty does not know the activation", "use fenchel");
    }
    if (config.rounds > 1 && config.staleness > 0) {
        throw UsageError(
            "train.rounds = " + std::to_string(config.rounds) +
                " does not go with train.staleness = " + std::to_string(config.staleness),
            "a second round needs the weights of the first", "set one of them to its default");
    }
    if (const Shape& picture = config.network.block(0); picture.places() > 1) {
        check_images(config.augmentation, picture.size(), image_layout(picture));
    }
}

void check_whitening(const Config& config) {
    if (!config.whiten) {
        return;
    }
    const MapSpec& map = config.network.map(0);
    const std::string problem = "network.whiten = true does not fit";
    if (map.outputs() % 2 != 0 || map.outputs() > 2 * map.inputs()) {
        throw UsageError(
            problem,
            "the first map makes " + std::to_string(map.outputs()) + " numbers of windows of " +
                std::to_string(map.inputs()) + ", and whitens in pairs of opposite sign",
            "give it an even number of outputs, " + std::to_string(2 * map.inputs()) + " at most");
    }
    if (!map.skips.empty() || config.scale != 1.0 || !config.start_file.empty()) {
        throw UsageError(problem,
                         !map.skips.empty()    ? "it adds what it looks at, or carries it along"
                         : config.scale != 1.0 ? "network.scale would change it"
                                               : "the weights start from " + config.start_file,
                         "leave one of them out");
    }
}

// What is learned from patches of pictures, and judged on whole ones.
void check_pictures(const Config& config) {
    const NetworkSpec& network = config.network;
    if (!network.pictures()) {
        if (!config.degradation.empty() || config.patches > 0 || config.symmetries) {
            throw UsageError(std::string(!config.degradation.empty() ? "data.degrade"
                                         : config.patches > 0        ? "data.patches"
                                                                     : "data.symmetries") +
                                 " does not go with network.layers = " + network.layers_text(),
                             "its outputs are no pictures",
                             "end it with a map that makes pictures as large as the input, as in "
                             "64x64x1-conv(24,3)-conv(1,3), with network.output = linear");
        }
        return;
    }
    const auto refuse = [](const std::string& setting, const std::string& why,
                           const std::string& advice) {
        throw UsageError(setting + " does not go with a network of pictures", why, advice);
    };
    const Shape& input = network.block(0);
    if (config.patches > 0 && (input.rows != config.patches || input.columns != config.patches)) {
        const std::string side = std::to_string(config.patches);
        throw UsageError(
            "data.patches = " + side + " contradicts network.layers = " + network.layers_text(),
            "it takes pictures of " + to_text(input),
            "start it with " + side + "x" + side + "x" + std::to_string(input.channels));
    }
    if (config.standardize != Standardize::no) {
        refuse("data.standardize", "what it makes are values from 0 to 1, as its inputs",
               "leave it out");
    }
    if (config.augmentation != AugmentationOptions{}) {
        refuse("a change of the inputs alone (data.noise, data.mirror, data.shift and the like)",
               "the picture that it makes would have to change, too",
               "use data.degrade and data.symmetries");
    }
    if (config.symmetries && input.rows != input.columns) {
        refuse("data.symmetries", "quarter turns of " + to_text(input) + " have other sides",
               "use square patches (data.patches)");
    }
}

bool needs_folder(const DataConfig& data) {
    const auto lies_there = [](const std::string& file) {
        return !file.empty() && !std::filesystem::path(file).is_absolute();
    };
    return data.format != "glyphs" && data.format != "memory" &&
           ((data.train.empty() && data.test.empty()) || lies_there(data.train) ||
            lies_there(data.test));
}

void check_data(const DataConfig& data) {
    if (needs_folder(data) && data.path.empty()) {
        throw UsageError("data.path is not set", "data.format = " + data.format + " reads files",
                         "add --set data.path=DIR");
    }
}

}  // namespace

void check_choices(const Config& config) {
    check_lrrn_method(config);
    check_learned_together(config);
    check_lifted_fits(config);
    check_method(config);
    check_passes(config);
    check_plateau(config);
    check_lambda_schedule(config);
    check_normalization(config);
    check_whitening(config);
    check_pictures(config);
    check_data(config.data);
}

}  // namespace hoist
