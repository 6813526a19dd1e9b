#include "hoist/train/lrrn_step.hpp"

#include <cmath>

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
      output_(make_output_block<Scalar>(config.network.output, config.formulation)),
      layout_(static_cast<std::size_t>(samples.own.size())) {
    const NetworkSpec& network = stage.network;
    if (stage.lowest() == 0) {
        inputs_ = std::make_unique<BatchInputs<Scalar>>(
            samples.inputs, samples.columns.begin, network.map(0),
            Augmentation(config.augmentation, network.inputs(),
                         image_layout(network.block(0), samples.stored_shape)),
            config.seed);
        input_blocks_.resize(layout_.size());
    }
    const Index end = std::min(stage.layers.end + 1, network.layers());  // one more from above
    for (Index k = relaxation_.layers().moved().begin; k < end; ++k) {
        states.x(k).setZero(network.block(k).size(), samples.columns.size());
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
            input_blocks_[static_cast<std::size_t>(block - samples_.own.begin)].apply(stage_.map(0),
                                                                                      u);
        },
        [this](Index block, const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> slope) {
            return slope_of_loss(block, u, slope);
        });
    scatter(batch);
    const PhaseClock clock(times_.weights);
    fit_.begin(columns_);
    add_gradients();
    fit_.sum();
    fit_.step(round, rate);
    keep_norms();
}

// The states of the batch's samples, as they were left.
template <typename Scalar>
void LrrnStep<Scalar>::gather(Index batch) {
    const PhaseClock clock(times_.activations);
    Index offset = 0;
    for (Index block = samples_.own.begin; block < samples_.own.end; ++block) {
        const Index count = batches_.columns(batch, block);
        layout_[static_cast<std::size_t>(block - samples_.own.begin)] = {offset, offset + count};
        offset += count;
    }
    relaxation_.resize(layout_, true);
    const Index end = std::min(stage_.layers.end + 1, stage_.network.layers());
    for (Index block = samples_.own.begin; block < samples_.own.end; ++block) {
        const std::span<const Index> samples = batches_.samples(batch, block);
        if (!input_blocks_.empty()) {
            inputs_->fill(epoch_, samples,
                          input_blocks_[static_cast<std::size_t>(block - samples_.own.begin)]);
        }
        Index column = relaxation_.columns(block).begin;
        for (const Index sample : samples) {
            for (Index k = relaxation_.layers().moved().begin; k < end; ++k) {
                relaxation_.layers().z(k).col(column) =
                    states_.x(k).col(sample - samples_.columns.begin);
            }
            ++column;
        }
    }
    if (relaxation_.layers().moved().end >
        stage_.network.layers()) {  // an output that moves starts anew
        relaxation_.layers().z(stage_.network.layers()).setZero();
    }
}

template <typename Scalar>
void LrrnStep<Scalar>::scatter(Index batch) {
    const PhaseClock clock(times_.activations);
    const Index end = std::min(stage_.layers.end + 1, stage_.network.layers());
    for (Index block = samples_.own.begin; block < samples_.own.end; ++block) {
        Index column = relaxation_.columns(block).begin;
        for (const Index sample : batches_.samples(batch, block)) {
            for (Index k = relaxation_.layers().moved().begin; k < end; ++k) {
                states_.x(k).col(sample - samples_.columns.begin) =
                    relaxation_.layers().z(k).col(column);
            }
            ++column;
        }
    }
}

// Of the mean over the batch.
template <typename Scalar>
bool LrrnStep<Scalar>::slope_of_loss(Index block, const ConstMatrixRef<Scalar>& u,
                                     MatrixRef<Scalar> slope) {
    const PhaseClock clock(times_.activations);
    const auto smoothing = static_cast<Scalar>(config_.label_smoothing);
    Matrix<Scalar> y(u.rows(), u.cols());
    Index column = 0;
    for (const Index sample : batches_.samples(batch_, block)) {
        y.col(column++) = samples_.targets.col(sample - samples_.columns.begin);
    }
    if (smoothing > Scalar{0}) {
        y = ((Scalar{1} - smoothing) * y).array() + smoothing / static_cast<Scalar>(y.rows());
    }
    loss_ += output_->energy(y, u).sum();
    output_->slope(y, u, slope);
    slope /= static_cast<Scalar>(columns_);
    return true;
}

template <typename Scalar>
void LrrnStep<Scalar>::add_gradients() {
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        const MapSpec& map = stage_.network.map(l);
        Matrix<Scalar> gradient = Matrix<Scalar>::Zero(map.outputs(), map.inputs() + 1);
        if (l == 0) {
            relaxation_.layers().term(0).add_input_gradient(
                [this](const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> g) {
                    for (std::size_t i = 0; i < layout_.size(); ++i) {
                        input_blocks_[i].add_moment(part(s, layout_[i]), g);
                    }
                },
                relaxation_.layers().z(1), relaxation_.layers().w(1), gradient);
        } else if (l + 1 < stage_.network.layers() || relaxation_.layers().output_moves()) {
            relaxation_.layers().term(l).add_gradient(
                config_.formulation.gamma, relaxation_.layers().z(l), relaxation_.layers().w(l),
                relaxation_.layers().z(l + 1), relaxation_.layers().w(l + 1), gradient);
        } else {  // the output follows z
            const Matrix<Scalar>& slope = relaxation_.slope();
            gradient.leftCols(map.inputs()).noalias() =
                slope * relaxation_.layers().z(l).transpose();
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
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        if (config_.formulation.beta_of_map(l) == 0.0) {
            stage_.of(l).limit_norm(norm_limit(config_.formulation));
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
