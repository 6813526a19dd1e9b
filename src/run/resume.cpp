#include "resume.hpp"

#include "hoist/base/error.hpp"
#include "hoist/comm/agree.hpp"

namespace hoist {

namespace {

void require_same_network(const std::string& checkpoint, const Config& config,
                          const NetworkSpec& saved) {
    const NetworkSpec& now = config.network;
    if (saved.layers_text() != now.layers_text() ||
        (!config.learn_slopes && saved.activation_text() != now.activation_text()) ||
        saved.output != now.output) {
        throw UsageError("the run cannot be resumed with another architecture",
                         checkpoint + " has " + saved.layers_text() + ", " +
                             saved.activation_text() + ", " + to_text(saved.output),
                         "use the configuration of the run, or another --out");
    }
}

// What the mini-batches and the steps of a run are made from.
bool decides_the_steps(const std::string& key) {
    return key == "train.batch" || key == "train.epochs" || key == "train.rounds" ||
           key == "train.seed" || key == "grid.block" || key == "weights.solver";
}

void require_same_samples(const Config& config, const std::string& saved_ini,
                          const std::string& ini) {
    const ConfigText saved = read_resolved_ini(saved_ini);
    for (const auto& [key, value] : read_resolved_ini(ini)) {
        const bool chooses = (key.starts_with("data.") && key != "data.path") ||
                             (key == "train.seed" && config.validation > 0.0) ||
                             (config.fit == Fit::batches && decides_the_steps(key));
        const auto before = saved.find(key);
        if (chooses && before != saved.end() && before->second != value) {
            throw UsageError(
                "the run cannot be resumed with " + key + " = " + value,
                "it was started with " + before->second + ", which makes it another run",
                "use the configuration of the run, or another --out");
        }
    }
}

}  // namespace

TargetUnit unit_of_targets(const Config& config, const Communicator& world,
                           const RunDirectory& directory, Existing existing) {
    bool own = false;
    agree(world, [&] {
        if (world.rank() != 0 || existing != Existing::resume || !config.network.regression()) {
            return;
        }
        for (const auto& path : directory.checkpoints()) {
            try {
                own = read_model_header(path).targets.empty();
                return;
            } catch (const Error&) {
            }
        }
    });
    return world.max(own ? 1.0 : 0.0) > 0.0 ? TargetUnit::own : TargetUnit::standardized;
}

std::filesystem::path find_checkpoint(const RunDirectory& directory, const Communicator& world,
                                      const std::function<void(const std::string&)>& note) {
    std::string chosen;
    agree(world, [&] {
        if (world.rank() != 0) {
            return;
        }
        for (const auto& path : directory.checkpoints()) {
            try {
                read_model_header(path);
                chosen = path.string();
                return;
            } catch (const DataError& error) {
                note(std::string(error.what()) + "; trying the one before it");
            }
        }
        throw DataError("no checkpoint in " + directory.path().string() + " can be read",
                        "all are damaged", "start again with --overwrite");
    });
    return world.broadcast(chosen, 0);
}

Progress resumed_progress(const std::filesystem::path& checkpoint, const Config& config,
                          const std::string& ini) {
    const ModelHeader saved = read_model_header(checkpoint, true);
    require_same_network(checkpoint.string(), config, saved.network);
    require_same_samples(config, saved.config, ini);
    return saved.progress;
}

}  // namespace hoist
