#pragma once

#include <algorithm>
#include <functional>

#include "hoist/run/method.hpp"
#include "hoist/train/step_fit.hpp"

namespace hoist {

/// What methods on mini-batches have in common: the way through an epoch's batches, and its figures.
template <typename Scalar>
class EpochMethod : public Method<Scalar> {
  public:
    EpochMethod(const Config& config, const Communicator& world, Problem<Scalar>& problem)
        : config_(config), world_(world), problem_(problem) {}

    // Of the passes of the epoch: each sample before the step that its batch took. There is no penalty.
    Energy energy() const override {
        Energy energy;
        const double samples = static_cast<double>(problem_.train.blocks.samples());
        energy.loss = own_loss_ / (samples * config_.rounds);
        if (problem_.peers.rank() == 0) {
            energy.ridge = problem_.stage.ridge(config_.ridge);
        }
        return energy;
    }
    void swap_weights() override { fit().swap_average(); }
    void note(const Evaluation& judged, Progress& progress) override {
        if (config_.rate.kind == RateSchedule::Kind::plateau) {
            progress.plateau.note(judged.loss, config_.rate);
        }
    }

  protected:
    virtual StepFit<Scalar>& fit() = 0;

    /// What a method does on its way.
    struct Parts {
        /// Before the steps of a batch, where so large a share of the run is over.
        std::function<void(double position)> before = [](double) {};
        std::function<void(Index batch, int round, double rate)> step;
        /// Completes the batches that are under way.
        std::function<void()> finish = [] {};
    };
    /// Goes through the batches of an epoch from progress.batch on, until all are done or `stop` says yes,
    /// and takes the weights at the end of the run into their average. Returns the batch that would come next.
    Index take_steps(const Progress& progress, Index batches, const std::function<bool()>& stop,
                     const Parts& parts) {
        const Index steps = config_.epochs * batches * config_.rounds;
        const Index eighth = (batches + 7) / 8;
        const Index unbroken = config_.staleness > 0 ? config_.unbroken(batches) : 1;
        const Index asked_every = (eighth + unbroken - 1) / unbroken * unbroken;
        const Index averaged_every = std::max<Index>(batches / 20, 1);
        Index batch = progress.batch;
        const auto position = [&] {
            return static_cast<double>(progress.sweep * batches + batch) /
                   static_cast<double>(config_.epochs * batches);
        };
        while (batch < batches) {
            parts.before(position());
            for (int round = 0; round < config_.rounds; ++round) {
                const Index at = (progress.sweep * batches + batch) * config_.rounds + round;
                parts.step(batch, round, progress.plateau.scale * config_.rate.at(at, steps));
            }
            ++batch;
            if (position() > 1.0 - config_.average &&
                (batch % averaged_every == 0 || batch == batches)) {
                parts.finish();
                fit().average();
            }
            if (batch < batches && batch % asked_every == 0 && stop()) {
                break;
            }
        }
        return batch;
    }
    /// Takes note of an epoch up to `batch`. @param loss of this rank's samples, from progress.batch on.
    /// Collective over the world.
    void note_epoch(Index batch, Index batches, double loss, Progress& progress) {
        progress.averaged = fit().averaged();
        progress.batch = batch % batches;
        own_loss_ = loss + (world_.rank() == 0 ? progress.loss : 0.0);
        if (progress.batch == 0) {
            ++progress.sweep;
            progress.loss = 0.0;
        } else {
            progress.loss = world_.sum(own_loss_);
        }
    }

    const Config& config_;
    const Communicator& world_;
    Problem<Scalar>& problem_;

  private:
    double own_loss_ = 0.0;
};

}  // namespace hoist
