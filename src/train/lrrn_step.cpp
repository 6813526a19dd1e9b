#include "hoist/train/lrrn_step.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/train/batch_samples.hpp"

namespace hoist {

namespace {

After what_follows(const Config& config) {
    if (config.network.unsupervised()) {
        return After::nothing;
    }
    switch (config.formulation.phase) {
        case LrrnPhase::adjoint:
            return After::adjoint;
        case LrrnPhase::nudged:
            return After::nudged;
        case LrrnPhase::clamped:
        case LrrnPhase::class_energy:
            break;
    }
    return After::clamped;
}

}  // namespace

template <typename Scalar>
LrrnStep<Scalar>::LrrnStep(const Config& config, const Communicator& world,
                           const Communicator& peers, const Placement& placement,
                           const Samples<Scalar>& samples, Stage<Scalar>& stage,
                           Variables<Scalar>& states)
    : config_(config),
      samples_(samples),
      stage_(stage),
      states_(states),
      batches_(samples.blocks, config.batch, config.seed),
      fit_(config, peers, stage, batches_.most_columns(), times_),
      relaxation_(config.formulation, world, placement, stage, samples.blocks.count(), samples.own,
                  times_, Exchange::Channel::training),
      layers_(relaxation_.layers()),
      kept_{layers_.moved().begin, std::min(stage.layers.end, stage.network.hidden()) + 1},
      output_(make_output_block<Scalar>(config.network.output, config.formulation)),
      after_(what_follows(config)),
      labeled_(labeled_samples(samples.blocks.samples(), config.labeled, config.seed)) {
    samples_per_label_ = static_cast<double>(labeled_.size()) /
                         static_cast<double>(std::ranges::count(labeled_, true));
    layout().resize(static_cast<std::size_t>(samples.own.size()));
    if (stage.lowest() == 0) {
        inputs_ = make_batch_inputs(config, stage.network, samples);
        inputs_of_batch_.blocks.resize(layout().size());
    }
    for (Index k = kept_.begin; k < kept_.end; ++k) {
        states.x(k).setZero(stage.network.block(k).size(), samples.columns.size());
    }
    keep_norms();
}

template <typename Scalar>
void LrrnStep<Scalar>::begin_epoch(Index epoch) {
    epoch_ = epoch;
    batches_.shuffle(epoch, samples_.own);
    loss_ = 0.0;
    energy_ = 0.0;
    relaxation_.clear_figures();
}

template <typename Scalar>
void LrrnStep<Scalar>::operator()(Index batch, int round, double rate) {
    batch_ = batch;
    columns_ = batches_.columns(batch);
    relaxation_.prepare();
    gather(batch);
    relaxation_(
        {config_.formulation.sweeps, config_.formulation.tolerance},
        [this](Index block, MatrixRef<Scalar> u) {
            inputs_of_batch_.blocks[position_of(block)].apply(stage_.map(0), u);
            if (inputs_of_batch_.first.size() > 0) {
                part(inputs_of_batch_.first, relaxation_.columns(block)) = u;
            }
        },
        [this](Index block, const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> given) {
            return meet_targets(block, u, given);
        });
    scatter(batch);
    const PhaseClock clock(times_.weights);
    using Phase = typename LrrnLayers<Scalar>::Phase;
    const FormulationOptions& options = config_.formulation;
    fit_.begin(stage_.layers, columns_);
    LrrnGradient<Scalar> gradient(options, stage_, layers_, inputs_of_batch_);
    if (options.energy > 0.0) {
        energy_ += gradient.add_energies(Phase::free, options.energy);
    }
    if (options.phase == LrrnPhase::class_energy) {
        energy_ += gradient.add_energies(Phase::clamped, 1.0);
    } else if (after_ == After::clamped) {
        loss_ += gradient.add_contrast();
    } else if (after_ != After::nothing) {
        gradient.add_loss(after_, relaxation_.given());
    }
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        Matrix<Scalar>& of_map = gradient.of(l);
        of_map /= static_cast<Scalar>(columns_);
        if (config_.without_bias) {
            of_map.rightCols(1).setZero();
        }
        fit_.add_gradient(l, of_map);
    }
    fit_.sum(stage_.layers, true);
    fit_.step(stage_.layers, round, rate);
    keep_norms();
}

// The states of the batch's samples, as they were left, and their inputs.
template <typename Scalar>
void LrrnStep<Scalar>::gather(Index batch) {
    const PhaseClock clock(times_.activations);
    Index offset = 0;
    for (Index block = samples_.own.begin; block < samples_.own.end; ++block) {
        const std::size_t position = position_of(block);
        layout()[position] = {offset, offset + batches_.columns(batch, block)};
        offset = layout()[position].end;
        if (inputs_) {
            inputs_->fill(epoch_, batches_.samples(batch, block),
                          inputs_of_batch_.blocks[position]);
        }
    }
    relaxation_.resize(layout(), after_);
    if (inputs_ && counts_energies(config_.formulation)) {
        inputs_of_batch_.first.resize(stage_.network.block(1).size(), offset);
    }
    for_each_state(batch, [](auto kept, auto relaxed) { relaxed = kept; });
    if (layers_.output_moves() && !stage_.network.unsupervised() &&
        stage_.layers.end == stage_.network.layers()) {
        layers_.z(layers_.top()).setZero();  // it is not kept
    }
}

template <typename Scalar>
void LrrnStep<Scalar>::scatter(Index batch) {
    const PhaseClock clock(times_.activations);
    for_each_state(batch, [](auto kept, auto relaxed) { kept = relaxed; });
}

// Of the batch's samples in this stage, and of the block above.
template <typename Scalar>
template <typename Visit>
void LrrnStep<Scalar>::for_each_state(Index batch, const Visit& visit) {
    for (Index block = samples_.own.begin; block < samples_.own.end; ++block) {
        Index column = layout()[position_of(block)].begin;
        for (const Index sample : batches_.samples(batch, block)) {
            for (Index k = kept_.begin; k < kept_.end; ++k) {
                visit(states_.x(k).col(sample - samples_.columns.begin), layers_.z(k).col(column));
            }
            ++column;
        }
    }
}

// Whether they have a say, and fills what the outputs u meet.
template <typename Scalar>
bool LrrnStep<Scalar>::meet_targets(Index block, const ConstMatrixRef<Scalar>& u,
                                    MatrixRef<Scalar> given) {
    if (after_ == After::nothing) {
        return false;
    }
    Matrix<Scalar> y(u.rows(), u.cols());
    take_targets<Scalar>(samples_, 0, batches_.samples(batch_, block),
                         static_cast<Scalar>(config_.label_smoothing), y);
    if (after_ == After::clamped) {
        given = y;
    } else {
        Vector<double> losses = output_->energy(y, u);
        output_->slope(y, u, given);
        Index column = 0;
        for (const Index sample : batches_.samples(batch_, block)) {
            const double weight =
                labeled_[static_cast<std::size_t>(sample)] ? samples_per_label_ : 0.0;
            losses[column] *= weight;
            given.col(column++) *= static_cast<Scalar>(weight);
        }
        loss_ += losses.sum();
    }
    return true;
}

template <typename Scalar>
void LrrnStep<Scalar>::keep_norms() {
    if (std::isinf(config_.formulation.lipschitz)) {
        return;
    }
    const double most = norm_limit(config_.formulation);
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        if (config_.formulation.beta_of_map(l) == 0.0) {
            stage_.of(l).limit_norm(most);
        }
    }
}

template <typename Scalar>
void LrrnStep<Scalar>::require_success() const {
    fit_.require_success();
    layers_.require_success();
    const FormulationOptions& options = config_.formulation;
    const double left = std::max(figures().change, figures().later_change);
    if (options.phase == LrrnPhase::clamped && left > options.tolerance) {
        throw NumericalError(
            "a relaxation ended after formulation.sweeps = " + std::to_string(options.sweeps) +
                " with a change of " + to_text(left) + " in its last sweep",
            "the difference of a clamped and a free energy would be made of what is left",
            "the last checkpoint is good; raise formulation.sweeps, use a larger weights.ridge, "
            "or formulation.phase = adjoint, which is exact sooner");
    }
}

template <typename Scalar>
std::vector<std::vector<Matrix<Scalar>*>> LrrnStep<Scalar>::solver_state() {
    std::vector<std::vector<Matrix<Scalar>*>> all;
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        all.push_back(fit_.state(l));
    }
    return all;
}

template class LrrnStep<float>;
template class LrrnStep<double>;

}  // namespace hoist
