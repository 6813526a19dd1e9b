#include "hoist/train/lrrn_step.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/train/batch_samples.hpp"

namespace hoist {

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
      kept_{layers_.moved().begin, std::min(stage.layers.end + 1, stage.network.layers())},
      output_(make_output_block<Scalar>(config.network.output, config.formulation)),
      layout_(static_cast<std::size_t>(samples.own.size())) {
    if (stage.lowest() == 0) {
        inputs_ = make_batch_inputs(config, stage.network, samples);
        input_blocks_.resize(layout_.size());
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
            input_blocks_[position_of(block)].apply(stage_.map(0), u);
        },
        [this](Index block, const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> slope) {
            slope_of_loss(block, u, slope);
            return true;
        });
    scatter(batch);
    const PhaseClock clock(times_.weights);
    fit_.begin(columns_);
    add_gradients();
    fit_.sum();
    fit_.step(round, rate);
    keep_norms();
}

// The states of the batch's samples, as they were left, and their inputs.
template <typename Scalar>
void LrrnStep<Scalar>::gather(Index batch) {
    const PhaseClock clock(times_.activations);
    Index offset = 0;
    for (Index block = samples_.own.begin; block < samples_.own.end; ++block) {
        const std::size_t position = position_of(block);
        layout_[position] = {offset, offset + batches_.columns(batch, block)};
        offset = layout_[position].end;
        if (inputs_) {
            inputs_->fill(epoch_, batches_.samples(batch, block), input_blocks_[position]);
        }
    }
    relaxation_.resize(layout_, true);
    for_each_state(batch, [](auto kept, auto relaxed) { relaxed = kept; });
    if (layers_.output_moves() && stage_.layers.end == stage_.network.layers()) {
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
        Index column = layout_[position_of(block)].begin;
        for (const Index sample : batches_.samples(batch, block)) {
            for (Index k = kept_.begin; k < kept_.end; ++k) {
                visit(states_.x(k).col(sample - samples_.columns.begin), layers_.z(k).col(column));
            }
            ++column;
        }
    }
}

// Of the mean over the batch.
template <typename Scalar>
void LrrnStep<Scalar>::slope_of_loss(Index block, const ConstMatrixRef<Scalar>& u,
                                     MatrixRef<Scalar> slope) {
    Matrix<Scalar> y(u.rows(), u.cols());
    take_targets<Scalar>(samples_, batches_.samples(batch_, block),
                         static_cast<Scalar>(config_.label_smoothing), y);
    loss_ += output_->energy(y, u).sum();
    output_->slope(y, u, slope);
    slope /= static_cast<Scalar>(columns_);
}

template <typename Scalar>
void LrrnStep<Scalar>::add_gradients() {
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        const MapSpec& map = stage_.network.map(l);
        Matrix<Scalar> gradient = Matrix<Scalar>::Zero(map.outputs(), map.inputs() + 1);
        if (l == 0) {
            layers_.term(0).add_input_gradient(
                [this](const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> g) {
                    for (std::size_t i = 0; i < layout_.size(); ++i) {
                        input_blocks_[i].add_moment(part(s, layout_[i]), g);
                    }
                },
                layers_.z(1), layers_.w(1), gradient);
        } else if (l + 1 < stage_.network.layers() || layers_.output_moves()) {
            layers_.term(l).add_gradient(config_.formulation.gamma, layers_.z(l), layers_.w(l),
                                         layers_.z(l + 1), layers_.w(l + 1), gradient);
        } else {  // the output follows z
            const Matrix<Scalar>& slope = relaxation_.slope();
            gradient.leftCols(map.inputs()).noalias() = slope * layers_.z(l).transpose();
            gradient.col(map.inputs()) = slope.rowwise().sum();
        }
        fit_.add_gradient(l, gradient);
    }
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
