#pragma once

#include <algorithm>
#include <functional>

#include "hoist/problem/model_file.hpp"
#include "hoist/train/step_fit.hpp"

namespace hoist {

/// What a method does on its way through an epoch.
struct EpochParts {
    /// Before the steps of a batch, where so large a share of the run is over.
    std::function<void(double position)> before = [](double) {};
    std::function<void(Index batch, int round, double rate)> step;
    /// Completes the batches that are under way.
    std::function<void()> finish = [] {};
};

/// Goes through the batches of an epoch from progress.batch on, until all are done or `stop` says yes, and takes
/// the weights at the end of the run into their average. Returns the batch that would come next.
template <typename Scalar>
Index take_steps(const Config& config, const Progress& progress, Index batches,
                 StepFit<Scalar>& fit, const std::function<bool()>& stop, const EpochParts& parts) {
    const Index steps = config.epochs * batches * config.rounds;
    const Index asked_every = config.staleness > 0 ? batches : (batches + 7) / 8;
    const Index averaged_every = std::max<Index>(batches / 20, 1);
    Index batch = progress.batch;
    const auto position = [&] {
        return static_cast<double>(progress.sweep * batches + batch) /
               static_cast<double>(config.epochs * batches);
    };
    while (batch < batches) {
        parts.before(position());
        for (int round = 0; round < config.rounds; ++round) {
            const Index at = (progress.sweep * batches + batch) * config.rounds + round;
            parts.step(batch, round, progress.plateau.scale * config.rate.at(at, steps));
        }
        ++batch;
        if (position() > 1.0 - config.average &&
            (batch % averaged_every == 0 || batch == batches)) {
            parts.finish();
            fit.average();
        }
        if (batch < batches && batch % asked_every == 0 && stop()) {
            break;
        }
    }
    return batch;
}

}  // namespace hoist
