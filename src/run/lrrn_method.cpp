#include "lrrn_method.hpp"

#include <algorithm>

#include "epoch_method.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/train/lrrn_step.hpp"

namespace hoist {

namespace {

template <typename Scalar>
class LrrnMethod final : public EpochMethod<Scalar> {
  public:
    LrrnMethod(const Config& config, const Communicator& world, Problem<Scalar>& problem)
        : EpochMethod<Scalar>(config, world, problem),
          states_(problem.stage.layers),
          step_(config, world, problem.peers, problem.placement, problem.train, problem.stage,
                states_) {}

    void begin(const std::filesystem::path& checkpoint, const Progress& progress) override {
        if (checkpoint.empty()) {
            return;
        }
        agree(world_, [&] {
            read_activations(checkpoint, problem_.train, config_.network, states_);
            read_solver_state<Scalar>(checkpoint, config_, problem_.stage.layers,
                                      step_.solver_state());
        });
        step_.fit().set_averaged(progress.averaged);
    }

    void advance(Progress& progress, const std::function<bool()>& stop) override {
        const Index batches = step_.batches();
        step_.begin_epoch(progress.sweep);
        const Index batch = this->take_steps(
            progress, batches, stop,
            {.step = [this](Index at, int round, double rate) { step_(at, round, rate); }});
        agree(world_, [&] { step_.require_success(); });
        take_lift(progress, batch < batches);
        this->note_epoch(batch, batches, step_.loss(), progress);
    }

    // Beside that of other methods, the weighted energies in the objective.
    Energy energy() const override {
        Energy energy = EpochMethod<Scalar>::energy();
        energy.penalty = world_.rank() == 0 ? energy_ : 0.0;
        return energy;
    }
    const PhaseTimes& times() const override { return step_.times(); }
    Lift lift(Index) override { return lift_; }
    Evaluation evaluate_training(const Inference<Scalar>& inference,
                                 const OutputBlock<Scalar>& output) override {
        return evaluate(inference, problem_.stage.network, output, world_, problem_.train);
    }
    CheckpointState<Scalar> state() override {
        step_.fit().gather_state();
        return {&problem_.train, &states_, step_.solver_state(),
                [this](Index layer) { return solver_entries(config_, layer); }};
    }

  private:
    // Of the epoch so far, with what a checkpoint has brought of it.
    void take_lift(Progress& progress, bool goes_on) {
        const RelaxationFigures& own = step_.figures();
        double change = world_.max(std::max(own.change, own.later_change));
        double sweeps = world_.sum(own.sweeps);
        double blocks = world_.sum(own.blocks);
        double energy = world_.sum(step_.energy());
        if (progress.lift.size() == 4) {
            change = std::max(change, progress.lift[0]);
            sweeps += progress.lift[1];
            blocks += progress.lift[2];
            energy += progress.lift[3];
        }
        energy_ = energy / static_cast<double>(problem_.train.blocks.samples());
        lift_.residual = change;
        if (blocks > 0.0) {
            lift_.passes = sweeps / blocks;
        }
        progress.lift =
            goes_on ? std::vector<double>{change, sweeps, blocks, energy} : std::vector<double>{};
    }

    StepFit<Scalar>& fit() override { return step_.fit(); }

    using EpochMethod<Scalar>::config_;
    using EpochMethod<Scalar>::world_;
    using EpochMethod<Scalar>::problem_;
    Variables<Scalar> states_;
    LrrnStep<Scalar> step_;
    /// Of the last epoch, over all ranks.
    Lift lift_;
    double energy_ = 0.0;
};

}  // namespace

template <typename Scalar>
std::unique_ptr<Method<Scalar>> make_lrrn_method(const Config& config, const Communicator& world,
                                                 Problem<Scalar>& problem) {
    return std::make_unique<LrrnMethod<Scalar>>(config, world, problem);
}

template std::unique_ptr<Method<float>> make_lrrn_method(const Config&, const Communicator&,
                                                         Problem<float>&);
template std::unique_ptr<Method<double>> make_lrrn_method(const Config&, const Communicator&,
                                                          Problem<double>&);

}  // namespace hoist
