#include "hoist/library/train.hpp"

#include <algorithm>

#include "hoist/comm/agree.hpp"
#include "hoist/run/trainer.hpp"
#include "model_state.hpp"

namespace hoist {

namespace {

/// Hands on what a run tells.
class Reporter final : public TrainObserver {
  public:
    Reporter(const Config& config, const TrainingOptions& options)
        : config_(config), options_(options) {}

    void started(const Placement&, Index, Index) override {}
    void noted(const std::string&) override {}
    void swept(const SweepRecord& record) override {
        if (!options_.report) {
            return;
        }
        const Figure figure = figure_of(config_.network);
        const auto value = [&](const std::optional<Evaluation>& part) {
            return part ? std::optional(part->value(figure)) : std::nullopt;
        };
        options_.report({.done = record.sweep,
                         .length = config_.length(),
                         .seconds = record.seconds,
                         .objective = record.energy.objective(),
                         .train = value(record.train),
                         .validation = value(record.validation),
                         .test = value(record.test)});
    }

  private:
    const Config& config_;
    const TrainingOptions& options_;
};

// The files of a run are not those of arrays.
ConfigText keys_for_memory(const std::map<std::string, std::string>& keys) {
    for (const char* name :
         {"data.format", "data.path", "data.train", "data.test", "data.inputs", "data.target"}) {
        if (keys.contains(name)) {
            throw UsageError(std::string(name) + " does not go with data in memory",
                             "it says where data are read from", "leave it out");
        }
    }
    ConfigText text = keys;
    text["data.format"] = "memory";
    return text;
}

std::string sizes_text(const DataInMemory& data) {
    std::string text;
    for (const SamplesInMemory* part : {&data.train, &data.test}) {
        for (const Index size : {part->inputs.rows(), part->inputs.columns(),
                                 std::ssize(part->classes), std::ssize(part->values)}) {
            text += std::to_string(size) + " ";
        }
    }
    return text;
}

/// Collective: the maps of all layers on every rank.
template <typename Scalar>
std::vector<Weights<Scalar>> gather_maps(const Problem<Scalar>& problem,
                                         const Communicator& world) {
    const NetworkSpec& network = problem.stage.network;
    std::vector<Weights<Scalar>> whole;
    for (int stage = 0; stage < problem.placement.grid.stages(); ++stage) {
        const int owner = problem.placement.grid.rank_of(stage, 0);
        const Range layers = problem.placement.layers[static_cast<std::size_t>(stage)];
        for (Index l = layers.begin; l < layers.end; ++l) {
            const MapSpec& map = network.map(l);
            Weights<Scalar> weights;
            if (world.rank() == owner) {
                weights = problem.stage.of(l);
            }
            const auto share = [&](auto& numbers, Index rows, Index columns) {
                numbers.resize(rows, columns);
                world.broadcast(std::span(numbers.data(), static_cast<std::size_t>(numbers.size())),
                                owner);
            };
            share(weights.matrix, map.outputs(), map.inputs());
            share(weights.bias, map.outputs(), 1);
            if (map.normalized) {
                share(weights.moments.mean, map.outputs(), 1);
                share(weights.moments.variance, map.outputs(), 1);
            }
            whole.push_back(std::move(weights));
        }
    }
    return whole;
}

template <typename Scalar>
Model train_as(const Config& config, const Communicator& world, const RunOptions& run,
               const TrainingOptions& options) {
    Reporter reporter(config, options);
    Trainer<Scalar> trainer(config, world, run, reporter);
    if (trainer() == Outcome::already_complete) {
        return Model::load(run.directory->model().string());
    }
    return Model(std::make_shared<const Model::State>(Model::State{
        LocalNetwork<Scalar>(trainer.header(), gather_maps(trainer.problem(), world))}));
}

}  // namespace

Model train(const std::map<std::string, std::string>& keys, const DataInMemory& data,
            MPI_Comm ranks, const TrainingOptions& options) {
    const Communicator world = Communicator::duplicate(ranks);
    ConfigText text;
    Config config;
    agree(world, [&] {
        text = keys_for_memory(keys);
        config = parse_config(text);
        if (options.resume && options.directory.empty()) {
            throw UsageError("there is nothing to resume", "no directory is named",
                             "set TrainingOptions::directory");
        }
    });
    require_equal(world, resolved_ini(text) + sizes_text(data) + options.directory,
                  "the ranks were given different keys or data");
    config.data.memory = &data;
    RunOptions run{.existing = options.resume ? Existing::resume : Existing::refuse,
                   .ini = resolved_ini(text),
                   .stop_requested = options.stop ? options.stop : [] { return false; }};
    if (!options.directory.empty()) {
        run.directory = RunDirectory(options.directory);
    }
    return config.precision == Precision::single ? train_as<float>(config, world, run, options)
                                                 : train_as<double>(config, world, run, options);
}

}  // namespace hoist
