#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "hoist/config/augmentation_options.hpp"
#include "hoist/config/rate_schedule.hpp"
#include "hoist/data/dataset.hpp"
#include "hoist/formulation/formulation.hpp"
#include "hoist/math/degradation.hpp"
#include "hoist/math/weight_solver.hpp"
#include "hoist/model/network_spec.hpp"
#include "hoist/model/weights.hpp"

namespace hoist {

enum class Schedule { wavefront, checkerboard };
enum class Precision { single, full };

/// As train.precision has it: float or double.
inline const char* to_text(Precision precision) {
    return precision == Precision::single ? "float" : "double";
}

/// Whether inputs are brought to mean 0 and variance 1, or to mean 0 alone.
enum class Standardize { no, yes, mean };

/// Whether a run evaluates its weights on the test part, or does not read it.
enum class TestPart { evaluated, unread };
/// Whether activations move block by block (the report's eq. 13) or all at once (its jointly convex
/// X-step).
enum class ActivationStep { blocks, joint };

/// The checkpoints of a run: every so many sweeps, or after so many seconds.
struct CheckpointOptions {
    Index every_sweeps = 0;
    double every_seconds = 600.0;
    Index keep = 2;
    bool required = true;
};

/// A number of ranks in each direction; 0 and empty: chosen from the cost of the layers.
struct GridOptions {
    int stages = 0;
    /// One number for all stages, or one per stage.
    std::vector<int> shards;
    /// Columns per block; 0: chosen from the number of samples.
    Index block = 0;
    /// Stages whose delays the steps on mini-batches have; 0: those of the run.
    int emulated_stages = 0;
};

/// How weights are fitted: by ridge regressions over all samples, sweep after sweep, or on
/// mini-batches by a WeightSolver.
enum class Fit { sweeps, batches };

/// Everything that a configuration says, checked and with its defaults.
struct Config {
    DataConfig data;
    /// 0: all.
    Index limit = 0;
    /// Below 1 a share, otherwise a count.
    double validation = 0.0;
    /// How many samples show their labels, likewise; 0: all.
    double labeled = 0.0;
    Standardize standardize = Standardize::no;
    /// Variance of the errors of each input, as the network sees it, that the first regression reckons with.
    double input_variance = 0.0;
    /// No key: a search leaves the test part alone.
    TestPart test_part = TestPart::evaluated;

    NetworkSpec network;
    Start start = Start::he;
    /// Whether network.init names it.
    bool start_is_chosen = false;
    /// A model to take the weights from instead.
    std::string start_file;
    double bias = 0.0;
    /// Whether biases stay 0.
    bool without_bias = false;
    /// Whether the first map starts as the whitening of its windows.
    bool whiten = false;
    /// Of the hidden blocks at the start.
    double scale = 1.0;
    bool learn_slopes = false;

    FormulationOptions formulation;
    ActivationStep activation_step = ActivationStep::blocks;
    int joint_iterations = 20;
    AugmentationOptions augmentation;
    /// What the pictures that a network of pictures is given have suffered; it makes them as they were.
    std::vector<DegradationStep> degradation;
    /// The side of the squares that are cut out of its training pictures; 0: whole pictures.
    Index patches = 0;
    /// Whether these are mirrored and turned by quarter turns, all eight ways alike.
    bool symmetries = false;
    Fit fit = Fit::sweeps;
    /// In sweeps: whether each weight of the lifted inputs is the label of least cost, and no regression's.
    bool chooses = false;
    /// On mini-batches; `kind`, `ridge`, `batch` and `curvature` are set for each map.
    WeightSolverOptions weights;
    /// Of each map.
    std::vector<WeightSolverOptions::Kind> solvers;
    /// Of the quadratic that an implicit step sees above a map below the output; 0: that of the majorizer.
    double curvature = 0.0;
    RateSchedule rate;
    /// What each map takes of the rate, whose peak is that of the longest steps.
    std::vector<double> step_shares;
    /// The share of the run, at its end, whose weights are averaged.
    double average = 0.0;
    /// rho_0, ..., rho_L.
    std::vector<double> ridge;

    Index epochs = 10;
    /// Samples per batch; 0: all.
    Index batch = 100;
    /// Passes over a batch before the next.
    int rounds = 1;
    Index staleness = 0;
    /// Batches after which late steps are waited for; 0: at the end of an epoch.
    Index drain_every = 0;
    /// Whether layers whose steps come late go up with predicted weights.
    bool look_ahead = false;
    /// Whether the gradient that the weights follow is compared with that of back-propagation.
    bool probe = false;
    /// Of each hidden layer, the share of units that drop out.
    std::vector<double> dropout;
    /// The share of a label of mini-batches that is spread evenly over the classes.
    double label_smoothing = 0.0;

    /// Sweeps or epochs between figures of the training part; 0: after the last alone.
    Index evaluate_every = 1;

    Index sweeps = 10;
    /// Majorization steps of the output weights per sweep (softmax, simplex).
    int inner = 10;
    Schedule schedule = Schedule::wavefront;
    std::uint64_t seed = 1;
    Precision precision = Precision::single;
    /// In per cent; 0: none.
    double target_accuracy = 0.0;
    /// In seconds; 0: none.
    double time_limit = 0.0;
    /// Seconds without progress after which the job is ended; 0: never.
    double watchdog = 0.0;

    GridOptions grid;
    CheckpointOptions checkpoint;

    /// Sweeps or epochs.
    Index length() const { return fit == Fit::sweeps ? sweeps : epochs; }
    /// Whether the training part is evaluated after so many of them, and the test part where it holds pictures, which
    /// are judged whole.
    bool evaluates_training(Index done) const {
        return done == 0 || done == length() || (evaluate_every > 0 && done % evaluate_every == 0);
    }
    /// lambda after so many of them: that of the last sweep, or of the batch that would come next. The
    /// last of all sweeps has the lambda at the end.
    std::vector<double> lambda_after(Index done) const;
    /// Whether the kappa of the input's regression changes from sweep to sweep.
    bool refactors_inputs() const { return !formulation.constant() && ridge.front() > 0.0; }
    /// How many of an epoch's batches follow one another before all their steps are done, where steps come late.
    Index unbroken(Index batches) const {
        return staleness > 0 && drain_every > 0 ? std::min(drain_every, batches) : batches;
    }
    /// The options of map l's solver, but for `curvature`, on batches of at most so many columns;
    /// where W looks at several windows of each, their system is never solved in their number.
    WeightSolverOptions solver(Index l, Index most_columns) const {
        WeightSolverOptions options = weights;
        options.kind = solvers[static_cast<std::size_t>(l)];
        options.ridge = ridge[static_cast<std::size_t>(l)];
        options.batch = network.map(l).dense() ? most_columns : 0;
        return options;
    }
    /// Whether a sweep goes on after the regression of the outputs, since their loss is no square.
    bool improves_output() const { return network.output != Output::linear && !chooses; }
    /// "sweep" or "epoch".
    std::string unit() const { return fit == Fit::sweeps ? "sweep" : "epoch"; }
    /// What the data are read for.
    Task task() const {
        return network.pictures()     ? Task::pictures
               : network.regression() ? Task::values
                                      : Task::classes;
    }
};

/// A key of the configuration, `section.key`.
struct ConfigKey {
    std::string name;
    std::string default_text;
    /// What it is and the values it takes, for --help.
    std::string help;
};

/// All keys in the order in which they are shown and written, but for those of [tune].
const std::vector<ConfigKey>& config_keys();

/// Keys `tune.section.key`, one for each key whose value is a number that a search may choose: the
/// range to search (see parse_search_range). They have no default, and only a search reads them.
const std::vector<ConfigKey>& tune_keys();

/// The values of keys as text; a key that is absent has its default.
using ConfigText = std::map<std::string, std::string>;

/// @throws UsageError for a key that does not exist (with the nearest), a value of the wrong type
/// or out of range, and choices that contradict one another.
Config parse_config(const ConfigText& text);

/// The values in what resolved_ini() wrote.
ConfigText read_resolved_ini(const std::string& ini);

/// `text` with all defaults as an INI file: a valid configuration.
std::string resolved_ini(const ConfigText& text);

}  // namespace hoist
