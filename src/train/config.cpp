#include "hoist/train/config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/math/learned_activation.hpp"

namespace hoist {

namespace {

/// One value on its way from text into the configuration.
struct Value {
    std::string name;
    std::string text;

    [[noreturn]] void refuse(const std::string& why, const std::string& advice) const {
        throw UsageError(name + " = " + text + " is not valid", why, advice);
    }

    double number(double least, double most = INFINITY) const {
        const auto value = to_number(text);
        if (!value || !std::isfinite(*value)) {
            refuse("it is not a number", "give a number");
        }
        return in_range(*value, least, most);
    }
    Index whole_number(Index least, Index most = Index{1} << 40) const {
        const auto value = to_whole_number(text);
        if (!value) {
            refuse("it is not a whole number", "give a whole number");
        }
        return in_range(*value, least, most);
    }
    bool yes_or_no() const { return choice({"false", "true"}) == 1; }
    std::size_t choice(const std::vector<std::string>& choices) const {
        const auto found = std::ranges::find(choices, text);
        if (found == choices.end()) {
            const auto meant = nearest(text, choices);
            refuse("it is none of " + join(choices, ", "),
                   meant ? "did you mean " + *meant + "?" : "use one of these");
        }
        return static_cast<std::size_t>(found - choices.begin());
    }
    /// A list of numbers with commas; one number stands for all.
    std::vector<double> numbers(Index count, double least, double most = INFINITY) const {
        std::vector<double> values;
        for (const std::string& piece : split(text, ',')) {
            values.push_back(Value{name, piece}.number(least, most));
        }
        if (values.empty()) {
            refuse("it is empty", "give a number");
        }
        if (values.size() == 1) {
            values.resize(static_cast<std::size_t>(std::max<Index>(count, 1)), values.front());
        }
        if (static_cast<Index>(values.size()) != count && count > 0) {
            refuse("it has " + std::to_string(values.size()) + " numbers and the network needs " +
                       std::to_string(count),
                   "give one, or " + std::to_string(count) + " with commas");
        }
        return values;
    }

  private:
    template <typename Number>
    Number in_range(Number value, Number least, Number most) const {
        if (value < least || value > most) {
            refuse("it must be " + (std::isinf(static_cast<double>(most))
                                        ? "at least " + to_text(static_cast<double>(least))
                                        : "from " + to_text(static_cast<double>(least)) + " to " +
                                              to_text(static_cast<double>(most))),
                   "choose a value in this range");
        }
        return value;
    }
};

struct Key : ConfigKey {
    std::function<void(const Value&, Config&)> read;
};

void read_checkpoint_interval(const Value& value, Config& config) {
    CheckpointOptions& options = config.checkpoint;
    options.every_sweeps = 0;
    options.every_seconds = 0.0;
    if (value.text.ends_with('s')) {
        options.every_seconds =
            Value{value.name, value.text.substr(0, value.text.size() - 1)}.number(0.0);
    } else {
        options.every_sweeps = value.whole_number(0);
    }
}

void read_shards(const Value& value, Config& config) {
    config.grid.shards.clear();
    if (value.text == "auto") {
        return;
    }
    for (const std::string& piece : split(value.text, ',')) {
        config.grid.shards.push_back(
            static_cast<int>(Value{value.name, piece}.whole_number(1, 1 << 20)));
    }
}

void read_validation(const Value& value, Config& config) {
    const double share = value.number(0.0);
    config.validation = share < 1.0 ? share : static_cast<double>(value.whole_number(1));
}

void read_start(const Value& value, Config& config) {
    static const std::vector<std::string> names{"he", "xavier", "normal", "variance_scaling"};
    const auto found = std::ranges::find(names, value.text);
    if (found != names.end()) {
        config.start = static_cast<Start>(found - names.begin());
        return;
    }
    const auto meant = nearest(value.text, names);
    if (!value.text.ends_with(".h5") && value.text.find('/') == std::string::npos) {
        value.refuse("it is none of " + join(names, ", ") + " and no .h5 file",
                     meant ? "did you mean " + *meant + "?" : "use one of these, or a model");
    }
    config.start_file = value.text;
}

void read_solver(const Value& value, Config& config) {
    using Kind = WeightSolverOptions::Kind;
    const std::size_t chosen =
        value.choice({"auto", "ridge", "adam", "sgd", "gram", "implicit", "muon"});
    const bool ridge = chosen == 1 || (chosen == 0 && config.formulation.name == "classical");
    config.fit = ridge ? Fit::sweeps : Fit::batches;
    constexpr std::array kinds{Kind::adam, Kind::adam,     Kind::adam, Kind::sgd,
                               Kind::gram, Kind::implicit, Kind::muon};
    config.weights.kind = kinds[chosen];
}

// The order is that of reading too: a key may depend on those above it.
const std::vector<Key>& keys() {
    static const std::vector<Key> table{
        {{"data.format", "glyphs",
          "kind of the data: " + join(data_formats(), ", ") + "; glyphs are drawn by hoist itself"},
         [](const Value& v, Config& c) {
             c.data.format = data_formats()[v.choice(data_formats())];
         }},
        {{"data.path", "", "folder of the data files"},
         [](const Value& v, Config& c) { c.data.path = v.text; }},
        {{"data.train", "",
          "training file in data.path, or an absolute name (csv, hdf5, numpy), or set there (idx)"},
         [](const Value& v, Config& c) { c.data.train = v.text; }},
        {{"data.test", "",
          "test file in data.path, or an absolute name (csv, hdf5, numpy), or set there (idx)"},
         [](const Value& v, Config& c) { c.data.test = v.text; }},
        {{"data.inputs", "",
          "array of the inputs (hdf5, numpy); default inputs, x, images, ..., beside x_train and "
          "x_test the part of each"},
         [](const Value& v, Config& c) { c.data.inputs = v.text; }},
        {{"data.target", "",
          "column to predict (csv: its name, or its number from 1; default the last) or array "
          "(hdf5, numpy; default labels, targets, y, ...)"},
         [](const Value& v, Config& c) { c.data.target = v.text; }},
        {{"data.ignore", "", "columns to leave out, by name or number, with commas (csv)"},
         [](const Value& v, Config& c) { c.data.ignore = split(v.text, ','); }},
        {{"data.header", "auto",
          "whether the first line names the columns (csv): true, false, or auto: where no field "
          "but the target's is a number"},
         [](const Value& v, Config& c) {
             c.data.header = static_cast<TableHeader>(v.choice({"auto", "true", "false"}));
         }},
        {{"data.missing", "error",
          "what becomes of samples with missing values (csv): error, mean (of the training part "
          "instead), drop"},
         [](const Value& v, Config& c) {
             c.data.missing = static_cast<MissingValues>(v.choice({"error", "mean", "drop"}));
         }},
        {{"data.limit", "0", "use only the first so many training samples; 0 for all"},
         [](const Value& v, Config& c) { c.limit = v.whole_number(0); }},
        {{"data.validation", "0",
          "training samples set aside to choose settings by: a share below 1, of at least one "
          "sample, or a count"},
         read_validation},
        {{"data.standardize", "false",
          "shift and scale each input to mean 0 and variance 1: true, false"},
         [](const Value& v, Config& c) { c.standardize = v.yes_or_no(); }},
        {{"data.noise", "0", "standard deviation of noise added to the inputs of mini-batches"},
         [](const Value& v, Config& c) { c.augmentation.noise = v.number(0.0, 1e6); }},
        {{"data.dropout", "0", "share of the inputs of mini-batches that are set to zero"},
         [](const Value& v, Config& c) { c.augmentation.dropout = v.number(0.0, 0.99); }},
        {{"data.shift", "0", "images in mini-batches are shifted by up to so many pixels"},
         [](const Value& v, Config& c) { c.augmentation.shift = v.number(0.0, 1e3); }},
        {{"data.rotation", "0", "and rotated by up to so many degrees"},
         [](const Value& v, Config& c) { c.augmentation.rotation = v.number(0.0, 180.0); }},
        {{"data.scale", "0", "and scaled by up to this share"},
         [](const Value& v, Config& c) { c.augmentation.scale = v.number(0.0, 0.9); }},
        {{"data.shear", "0", "and sheared by up to this share"},
         [](const Value& v, Config& c) { c.augmentation.shear = v.number(0.0, 1.0); }},
        {{"data.elastic", "0", "and warped smoothly by about so many pixels"},
         [](const Value& v, Config& c) { c.augmentation.elastic = v.number(0.0, 1e3); }},
        {{"data.samples", "12000", "training samples to draw (glyphs)"},
         [](const Value& v, Config& c) { c.data.samples = v.whole_number(1); }},
        {{"data.test_samples", "2000", "test samples to draw (glyphs)"},
         [](const Value& v, Config& c) { c.data.test_samples = v.whole_number(0); }},
        {{"data.seed", "1", "seed of the drawing (glyphs)"},
         [](const Value& v, Config& c) {
             c.data.seed = static_cast<std::uint64_t>(v.whole_number(0));
         }},

        {{"network.layers", "784-300-100-10", "widths from the input to the output"},
         [](const Value&, Config&) {}},
        {{"network.activation", "relu",
          "of the hidden layers, one or one per layer: " + join(activation_names(), ", ")},
         [](const Value&, Config&) {}},
        {{"network.learn_slopes", "false",
          "whether mini-batches also train the slopes of leaky_relu: true, false"},
         [](const Value& v, Config& c) {
             c.learn_slopes = v.yes_or_no();
             for (auto& activation : c.network.activations) {
                 if (c.learn_slopes && activation->name().starts_with("leaky_relu")) {
                     activation = std::make_shared<LearnedActivation>(activation);
                 }
             }
         }},
        {{"network.output", "softmax",
          "softmax (cross-entropy), simplex (cross-entropy of an explicit block), linear (squared "
          "error; regression where "
          "it has width 1)"},
         [](const Value&, Config&) {}},
        {{"network.init", "he",
          "start of the weights: he, xavier, normal, variance_scaling, or a model file"},
         read_start},
        {{"network.bias", "0", "start of the biases"},
         [](const Value& v, Config& c) { c.bias = v.number(-1e6, 1e6); }},
        {{"network.scale", "1",
          "of the hidden blocks at the start: multiplies the first map and the hidden biases and "
          "divides the last map, which leaves the network's function"},
         [](const Value& v, Config& c) { c.scale = v.number(1e-6, 1e6); }},

        {{"formulation.name", "classical",
          "what replaces x = phi(u): " + join(formulation_names(), ", ")},
         [](const Value& v, Config& c) {
             c.formulation.name = formulation_names()[v.choice(formulation_names())];
         }},
        {{"formulation.lambda", "10", "penalty weight, one or one per block"},
         [](const Value& v, Config& c) {
             const Index blocks =
                 c.network.layers() - 1 + (c.network.output == Output::simplex ? 1 : 0);
             c.formulation.lambda = v.numbers(blocks, 1e-30, 1e30);
         }},
        {{"formulation.step", "blocks",
          "activations move one layer after another (blocks) or all at once (joint)"},
         [](const Value& v, Config& c) {
             c.activation_step = static_cast<ActivationStep>(v.choice({"blocks", "joint"}));
         }},
        {{"formulation.joint_iterations", "20",
          "accelerated gradient steps of the joint step per sweep"},
         [](const Value& v, Config& c) {
             c.joint_iterations = static_cast<int>(v.whole_number(1, 1000000));
         }},
        {{"formulation.nnls", "coordinate_descent",
          "solver of the blocks: coordinate_descent, block_pivoting"},
         [](const Value& v, Config& c) {
             c.formulation.nnls.method = static_cast<NnlsOptions::Method>(
                 v.choice({"coordinate_descent", "block_pivoting"}));
         }},
        {{"formulation.nnls_sweeps", "2", "most sweeps of coordinate descent"},
         [](const Value& v, Config& c) {
             c.formulation.nnls.sweeps = static_cast<int>(v.whole_number(1, 1000000));
         }},
        {{"formulation.nnls_tolerance", "0",
          "relative change at which coordinate descent stops earlier; 0: never"},
         [](const Value& v, Config& c) { c.formulation.nnls.tolerance = v.number(0.0, 1.0); }},

        {{"formulation.iterations", "1",
          "proximal-gradient steps of a block; on mini-batches 1 is one step of any length"},
         [](const Value& v, Config& c) {
             c.formulation.iterations = static_cast<int>(v.whole_number(1, 1000000));
         }},
        {{"formulation.method", "accelerated",
          "of these steps (bregman): plain, accelerated, adaptive"},
         [](const Value& v, Config& c) {
             c.formulation.method =
                 static_cast<BlockMethod>(v.choice({"plain", "accelerated", "adaptive"}));
         }},
        {{"formulation.contrast", "dual",
          "states of contrastive: dual (propagation), clamped (with a discount)"},
         [](const Value& v, Config& c) {
             c.formulation.contrast = static_cast<Contrast>(v.choice({"dual", "clamped"}));
         }},
        {{"formulation.nudge", "both", "of the output (dual): positive, negative, both"},
         [](const Value& v, Config& c) {
             c.formulation.nudge = static_cast<Nudge>(v.choice({"positive", "negative", "both"}));
         }},
        {{"formulation.beta", "1", "strength of the nudge (dual)"},
         [](const Value& v, Config& c) { c.formulation.beta = v.number(1e-12, 1e12); }},
        {{"formulation.gamma", "0.5", "discount per layer (clamped)"},
         [](const Value& v, Config& c) { c.formulation.gamma = v.number(1e-6, 1.0); }},

        {{"weights.solver", "auto",
          "how weights are fitted: ridge (all samples, in sweeps), or on mini-batches adam, sgd, "
          "gram, implicit, muon; auto: ridge for classical, else adam"},
         read_solver},
        {{"weights.step", "1e-3", "length of the steps on mini-batches, at their peak"},
         [](const Value& v, Config& c) { c.rate.peak = v.number(0.0, 1e9); }},
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
        {{"weights.momentum", "0.9", "of the gradient (adam, sgd, gram)"},
         [](const Value& v, Config& c) { c.weights.momentum = v.number(0.0, 0.9999); }},
        {{"weights.second_momentum", "0.999", "of its square (adam)"},
         [](const Value& v, Config& c) { c.weights.second_momentum = v.number(0.0, 0.999999); }},
        {{"weights.decay", "0", "decoupled weight decay, times the step (adam, sgd, gram)"},
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
        {{"weights.average", "0", "share of the run, at its end, whose weights are averaged"},
         [](const Value& v, Config& c) { c.average = v.number(0.0, 1.0); }},
        {{"weights.orthogonal", "false",
          "whether maps below the output keep orthonormal rows or columns: true, false"},
         [](const Value& v, Config& c) { c.weights.orthogonal = v.yes_or_no(); }},
        {{"weights.ridge", "1e-5",
          "rho, the weight of |W|^2 beside the mean over samples, one or one per map"},
         [](const Value& v, Config& c) { c.ridge = v.numbers(c.network.layers(), 0.0); }},

        {{"train.sweeps", "10", "sweeps over all activations and weights (weights.solver = ridge)"},
         [](const Value& v, Config& c) { c.sweeps = v.whole_number(0); }},
        {{"train.epochs", "10", "passes over the data (all other weights.solver)"},
         [](const Value& v, Config& c) { c.epochs = v.whole_number(0); }},
        {{"train.batch", "100", "samples per mini-batch; 0: all"},
         [](const Value& v, Config& c) { c.batch = v.whole_number(0); }},
        {{"train.rounds", "1",
          "passes over a mini-batch before the next, so that an epoch is as many passes over the "
          "data"},
         [](const Value& v, Config& c) { c.rounds = static_cast<int>(v.whole_number(1, 10000)); }},
        {{"train.staleness", "0",
          "mini-batches that the lower stages may run ahead of the signals from above: 0 (exact), "
          "1, 2"},
         [](const Value& v, Config& c) { c.staleness = v.whole_number(0, 2); }},
        {{"train.dropout", "0",
          "share of hidden units that drop out on mini-batches, one or one per hidden layer"},
         [](const Value& v, Config& c) {
             c.dropout = v.numbers(c.network.layers() - 1, 0.0, 0.99);
         }},
        {{"train.inner", "10", "majorization steps of the output weights in each sweep"},
         [](const Value& v, Config& c) { c.inner = static_cast<int>(v.whole_number(1, 1000000)); }},
        {{"train.schedule", "wavefront", "order of the block updates: wavefront, checkerboard"},
         [](const Value& v, Config& c) {
             c.schedule = static_cast<Schedule>(v.choice({"wavefront", "checkerboard"}));
         }},
        {{"train.seed", "1", "seed of the weights and of the validation split"},
         [](const Value& v, Config& c) { c.seed = static_cast<std::uint64_t>(v.whole_number(0)); }},
        {{"train.precision", "float", "of data and products: float, double"},
         [](const Value& v, Config& c) {
             c.precision = static_cast<Precision>(v.choice({"float", "double"}));
         }},
        {{"train.target_accuracy", "0", "stop at this test accuracy in per cent; 0: never"},
         [](const Value& v, Config& c) { c.target_accuracy = v.number(0.0, 100.0); }},
        {{"train.time_limit", "0", "stop with a checkpoint after so many seconds; 0: never"},
         [](const Value& v, Config& c) { c.time_limit = v.number(0.0); }},
        {{"train.watchdog", "0",
          "end the job, saying what it waits for, after so many seconds without progress; longer "
          "than the longest reading, sweep or checkpoint; 0: never"},
         [](const Value& v, Config& c) { c.watchdog = v.number(0.0, 1e9); }},

        {{"grid.stages", "auto",
          "groups of consecutive layers on ranks of their own: auto, or a number"},
         [](const Value& v, Config& c) {
             c.grid.stages = v.text == "auto" ? 0 : static_cast<int>(v.whole_number(1, 1 << 20));
         }},
        {{"grid.shards", "auto",
          "ranks that share the samples of a stage: auto, a number, or one per stage"},
         read_shards},
        {{"grid.block", "auto", "columns per block: auto, or a number"},
         [](const Value& v, Config& c) {
             c.grid.block = v.text == "auto" ? 0 : v.whole_number(1, 1 << 20);
         }},

        {{"checkpoint.every", "600s",
          "sweeps, or seconds (600s), between checkpoints; 0: only when stopped"},
         read_checkpoint_interval},
        {{"checkpoint.keep", "2", "checkpoints kept"},
         [](const Value& v, Config& c) { c.checkpoint.keep = v.whole_number(1); }},
        {{"checkpoint.required", "true",
          "whether one that cannot be written ends the run: true, false"},
         [](const Value& v, Config& c) { c.checkpoint.required = v.yes_or_no(); }},
    };
    return table;
}

std::string value_of(const ConfigText& text, const ConfigKey& key) {
    const auto found = text.find(key.name);
    return found == text.end() ? key.default_text : std::string(trim(found->second));
}

// config.ini and the copy in the model could not hold it.
void refuse_comment_signs(const ConfigText& text) {
    for (const auto& [name, value] : text) {
        if (value.find_first_of("#\n\r") != std::string::npos) {
            throw UsageError(name + " = " + value + " is not valid", "it holds a # or a line break",
                             "rename the file or folder");
        }
    }
}

// What each key allows by itself and the method as a whole does not.
void check_choices(const Config& config) {
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
        return;
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
    Augmentation(config.augmentation, config.network.inputs());
}

bool needs_folder(const DataConfig& data) {
    const auto lies_there = [](const std::string& file) {
        return !file.empty() && !std::filesystem::path(file).is_absolute();
    };
    return data.format != "glyphs" && ((data.train.empty() && data.test.empty()) ||
                                       lies_there(data.train) || lies_there(data.test));
}

// What chooses or counts the data, ends a run or belongs to the machine is not searched.
bool searchable(const ConfigKey& key) {
    static const std::vector<std::string> fixed{
        "data.limit", "data.validation", "data.samples",          "data.test_samples",
        "data.seed",  "train.seed",      "train.target_accuracy", "train.time_limit"};
    return to_number(key.default_text) && !key.name.starts_with("checkpoint.") &&
           std::ranges::find(fixed, key.name) == fixed.end();
}

void refuse_unknown(const ConfigText& text) {
    std::vector<std::string> names;
    for (const auto* list : {&config_keys(), &tune_keys()}) {
        for (const ConfigKey& key : *list) {
            names.push_back(key.name);
        }
    }
    for (const auto& [name, value] : text) {
        if (std::ranges::find(names, name) == names.end()) {
            if (name.starts_with("tune.") &&
                std::ranges::find(names, name.substr(5)) != names.end()) {
                throw UsageError(name + " is not a configuration key",
                                 name.substr(5) + " is no number that trials may choose",
                                 "leave it out of [tune]");
            }
            const auto meant = nearest(name, names);
            throw UsageError(
                name + " is not a configuration key", "",
                meant ? "did you mean " + *meant + "?" : "`hoist train --help` lists them");
        }
    }
}

}  // namespace

const std::vector<ConfigKey>& config_keys() {
    static const std::vector<ConfigKey> list(keys().begin(), keys().end());
    return list;
}

const std::vector<ConfigKey>& tune_keys() {
    static const std::vector<ConfigKey> list = [] {
        std::vector<ConfigKey> found;
        for (const ConfigKey& key : config_keys()) {
            if (searchable(key)) {
                found.push_back({"tune." + key.name, "", "LOW HIGH [log] [integer]"});
            }
        }
        return found;
    }();
    return list;
}

Config parse_config(const ConfigText& text) {
    refuse_unknown(text);
    refuse_comment_signs(text);
    Config config;
    const auto named = [&](const std::string& name) {
        return value_of(text, *std::ranges::find(config_keys(), name, &ConfigKey::name));
    };
    config.network = parse_network(named("network.layers"), named("network.activation"),
                                   named("network.output"));
    for (const Key& key : keys()) {
        key.read({key.name, value_of(text, key)}, config);
    }
    check_formulation(config.network, config.formulation);
    check_choices(config);
    if (needs_folder(config.data) && config.data.path.empty()) {
        throw UsageError("data.path is not set",
                         "data.format = " + config.data.format + " reads files",
                         "add --set data.path=DIR");
    }
    return config;
}

ConfigText read_resolved_ini(const std::string& ini) {
    ConfigText values;
    std::string section;
    for (const std::string& line : split(ini, '\n')) {
        const auto equals = line.find('=');
        if (line.starts_with('[')) {
            section = line.substr(1, line.find(']') - 1);
        } else if (equals != std::string::npos) {
            values[section + "." + std::string(trim(line.substr(0, equals)))] =
                trim(line.substr(equals + 1));
        }
    }
    return values;
}

std::string resolved_ini(const ConfigText& text) {
    std::string ini;
    std::string section;
    for (const ConfigKey& key : config_keys()) {
        const auto dot = key.name.find('.');
        if (key.name.substr(0, dot) != section) {
            section = key.name.substr(0, dot);
            ini += (ini.empty() ? "[" : "\n[") + section + "]\n";
        }
        ini += key.name.substr(dot + 1) + " = " + value_of(text, key) + "\n";
    }
    std::string ranges;
    for (const ConfigKey& key : tune_keys()) {
        if (text.contains(key.name)) {
            ranges += key.name.substr(key.name.find('.') + 1) + " = " + value_of(text, key) + "\n";
        }
    }
    if (!ranges.empty()) {
        ini += "\n[tune]\n" + ranges;
    }
    return ini;
}

}  // namespace hoist
