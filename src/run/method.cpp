#include "hoist/run/method.hpp"

#include <algorithm>
#include <functional>
#include <span>

#include "epoch_method.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/train/batch_step.hpp"
#include "hoist/train/gradient_probe.hpp"
#include "lrrn_method.hpp"

namespace hoist {

namespace {

// The smallest lambda of a hidden layer, after so many sweeps or epochs.
std::optional<double> smallest_lambda(const Config& config, Index done) {
    const auto hidden = config.network.layers() - 1;
    if (hidden == 0 || config.formulation.name == "contrastive") {  // which has others
        return std::nullopt;
    }
    const std::vector<double> lambda = config.lambda_after(done);
    return *std::min_element(lambda.begin(), lambda.begin() + hidden);
}

LiftSums over_ranks(const Communicator& world, LiftSums sums) {
    world.sum(sums.values());
    return sums;
}

/// Block-coordinate descent on persistent activations of all samples.
template <typename Scalar>
class SweepMethod final : public Method<Scalar> {
  public:
    SweepMethod(const Config& config, const Communicator& world, Problem<Scalar>& problem)
        : config_(config),
          world_(world),
          problem_(problem),
          variables_(problem.stage.layers),
          sweep_(config, world, problem.peers, problem.placement, problem.train, problem.stage,
                 variables_) {}

    void begin(const std::filesystem::path& checkpoint, const Progress& progress) override {
        weigh(progress.sweep);
        if (checkpoint.empty()) {
            sweep_.forward();
            return;
        }
        agree(world_,
              [&] { read_activations(checkpoint, problem_.train, config_.network, variables_); });
        sweep_.resume();
    }
    void advance(Progress& progress, const std::function<bool()>&) override {
        ++progress.sweep;
        weigh(progress.sweep);
        sweep_();
        sweep_.settle();
    }
    void settle() override { sweep_.settle(); }
    void require_success() const override { sweep_.require_success(); }
    Energy energy() const override { return sweep_.energy(); }
    const PhaseTimes& times() const override { return sweep_.times(); }
    std::vector<double> shifts() const override { return sweep_.shifts(); }
    Lift lift(Index sweep) override {
        Lift lift;
        lift.violation = over_ranks(world_, sweep_.lift_sums()).violation();
        lift.lambda = smallest_lambda(config_, sweep);
        return lift;
    }
    Evaluation evaluate_training(const Inference<Scalar>&,
                                 const OutputBlock<Scalar>& output) override {
        const ForwardPass<Scalar> forward(problem_.stage.network, world_, problem_.placement,
                                          problem_.stage);
        return hoist::evaluate_training(forward, config_.network, output, world_, problem_.train,
                                        variables_);
    }
    CheckpointState<Scalar> state() override { return {&problem_.train, &variables_, {}, {}}; }

  private:
    void weigh(Index sweep) {
        if (!config_.formulation.constant()) {
            sweep_.weigh(config_.lambda_after(sweep));
        }
    }

    const Config& config_;
    const Communicator& world_;
    Problem<Scalar>& problem_;
    Variables<Scalar> variables_;
    Sweep<Scalar> sweep_;
};

/// Mini-batches, each from its own feed-forward state.
template <typename Scalar>
class BatchMethod final : public EpochMethod<Scalar> {
  public:
    BatchMethod(const Config& config, const Communicator& world, Problem<Scalar>& problem)
        : EpochMethod<Scalar>(config, world, problem),
          step_(config, world, problem.peers, problem.placement, problem.train, problem.stage),
          sums_(config.network.layers()) {
        if (config.probe) {
            probe_.emplace(config, world, problem.peers, problem.placement, problem.train,
                           problem.stage);
        }
    }

    void begin(const std::filesystem::path& checkpoint, const Progress& progress) override {
        if (!checkpoint.empty()) {
            agree(world_, [&] {
                read_solver_state<Scalar>(checkpoint, config_, problem_.stage.layers,
                                          step_.solver_state());
            });
            if (config_.formulation.tolerance > 0.0 && progress.passes > 0) {
                step_.layers().set_passes(std::min(progress.passes, config_.formulation.passes));
            }
            step_.fit().set_averaged(progress.averaged);
            step_.coefficients().restore();
            step_.coefficients().share(world_);
        }
    }

    void advance(Progress& progress, const std::function<bool()>& stop) override {
        step_.begin_epoch(progress.sweep);
        double passes = 0.0;
        const Index batch = this->take_steps(
            progress, step_.batches(), stop,
            {.before = [this](double position) { weigh(config_.formulation.lambda_at(position)); },
             .step =
                 [&](Index at, int round, double rate) {
                     step_(at, round, rate);
                     passes += step_.layers().passes();
                     choose_passes();
                 },
             .finish = [this] { step_.finish(); }});
        agree(world_, [&] { step_.fit().require_success(); });
        step_.coefficients().share(world_);
        take_lift(progress, passes, batch);
        progress.passes = step_.layers().passes();
        this->note_epoch(batch, step_.batches(), step_.layers().loss(), progress);
    }

    const PhaseTimes& times() const override { return step_.times(); }
    Lift lift(Index epoch) override {
        const FormulationOptions& formulation = config_.formulation;
        Lift lift;
        lift.lambda = smallest_lambda(config_, epoch);
        lift.passes = passes_;
        lift.residual = sums_.residual();
        lift.violation = sums_.violation();
        lift.energy = sums_.energy();
        lift.rejected = sums_.rejected();
        const bool dual =
            formulation.name == "contrastive" && formulation.contrast == Contrast::dual;
        if (formulation.passes == 1) {
            lift.residual =
                formulation.iterations == 1 && !dual ? std::optional(1.0) : std::nullopt;
        }
        if (probe_) {
            weigh(config_.lambda_after(epoch));
            lift.cosine = (*probe_)(epoch, step_);
        }
        return lift;
    }
    Evaluation evaluate_training(const Inference<Scalar>& inference,
                                 const OutputBlock<Scalar>& output) override {
        return evaluate(inference, problem_.stage.network, output, world_, problem_.train,
                        [this](const LinearMap<Scalar>& map, Range columns, Matrix<Scalar>& u) {
                            step_.apply_first(map, columns, u);
                        });
    }
    CheckpointState<Scalar> state() override {
        step_.fit().gather_state();
        return {nullptr, nullptr, step_.solver_state(),
                [this](Index layer) { return solver_entries(config_, layer); }};
    }

  private:
    void weigh(const std::vector<double>& lambda) {
        if (!config_.formulation.constant()) {
            step_.layers().weigh(lambda);
        }
    }
    // Of the epoch up to `batch`, with what a checkpoint has brought of it.
    void take_lift(Progress& progress, double passes, Index batch) {
        sums_ = over_ranks(world_, step_.layers().sums());
        const std::span<double> values = sums_.values();
        std::vector<double>& lift = progress.lift;
        Index counted = batch - progress.batch;
        if (lift.size() == values.size() + 1) {
            counted = batch;
            std::ranges::transform(values, lift, values.begin(), std::plus<>());
            passes += lift.back();
        }
        passes_ = passes / static_cast<double>(counted * config_.rounds);
        lift.clear();
        if (batch < step_.batches()) {
            lift.assign(values.begin(), values.end());
            lift.push_back(passes);
        }
    }
    void choose_passes() {
        if (config_.formulation.tolerance > 0.0) {
            BatchLayers<Scalar>& layers = step_.layers();
            if (const auto residual = over_ranks(world_, layers.batch_sums()).residual()) {
                layers.set_passes(config_.formulation.next_passes(layers.passes(), *residual));
            }
        }
    }

    StepFit<Scalar>& fit() override { return step_.fit(); }

    using EpochMethod<Scalar>::config_;
    using EpochMethod<Scalar>::world_;
    using EpochMethod<Scalar>::problem_;
    BatchStep<Scalar> step_;
    std::optional<GradientProbe<Scalar>> probe_;
    /// Of the last epoch, over all ranks, and its mean number of passes; none before the first.
    LiftSums sums_;
    std::optional<double> passes_;
};

}  // namespace

template <typename Scalar>
std::unique_ptr<Method<Scalar>> make_method(const Config& config, const Communicator& world,
                                            Problem<Scalar>& problem) {
    if (config.fit == Fit::sweeps) {
        return std::make_unique<SweepMethod<Scalar>>(config, world, problem);
    }
    if (config.formulation.is_lrrn()) {
        return make_lrrn_method(config, world, problem);
    }
    return std::make_unique<BatchMethod<Scalar>>(config, world, problem);
}

template std::unique_ptr<Method<float>> make_method(const Config&, const Communicator&,
                                                    Problem<float>&);
template std::unique_ptr<Method<double>> make_method(const Config&, const Communicator&,
                                                     Problem<double>&);

}  // namespace hoist
