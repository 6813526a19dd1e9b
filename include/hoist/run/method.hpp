#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "hoist/problem/problem.hpp"
#include "hoist/run/checkpoint.hpp"
#include "hoist/train/evaluation.hpp"
#include "hoist/train/sweep.hpp"

namespace hoist {

/// What a run repeats: a sweep over all samples, or an epoch of mini-batches. Functions are
/// collective over the world.
template <typename Scalar>
class Method {
  public:
    virtual ~Method() = default;

    /// Makes the state from which the first advance() departs: that of `checkpoint`, or a new one.
    virtual void begin(const std::filesystem::path& checkpoint, const Progress& progress) = 0;
    /// One sweep, or an epoch's mini-batches from progress.batch on. `stop` is asked now and then
    /// and gives the same answer on every rank; where it is yes, an epoch ends early and
    /// progress.batch is the batch to go on with.
    virtual void advance(Progress& progress, const std::function<bool()>& stop) = 0;
    /// Returns when no message is under way any more.
    virtual void settle() {}
    /// @throws NumericalError where this rank's last advance() failed.
    virtual void require_success() const {}

    /// This rank's terms of the objective.
    virtual Energy energy() const = 0;
    virtual const PhaseTimes& times() const = 0;
    /// RidgeFactor::shift() of each of this rank's layers, the largest so far; empty where weights
    /// are not found by regressions.
    virtual std::vector<double> shifts() const { return {}; }
    /// How lifted it was up to sweep or epoch `index`.
    virtual Lift lift(Index index) = 0;
    /// How well the training samples are fitted.
    virtual Evaluation evaluate_training(const Inference<Scalar>& inference,
                                         const OutputBlock<Scalar>& output) = 0;
    /// Exchanges the weights with those to be judged and kept, where they differ; twice is nothing.
    virtual void swap_weights() {}
    /// Takes note of the figures after an advance().
    virtual void note(const Evaluation&, Progress&) {}
    /// What a checkpoint holds beside weights and progress.
    virtual CheckpointState<Scalar> state() = 0;
};

/// @param world, problem, config must outlive it. Collective over the stage's ranks.
template <typename Scalar>
std::unique_ptr<Method<Scalar>> make_method(const Config& config, const Communicator& world,
                                            Problem<Scalar>& problem);

}  // namespace hoist
