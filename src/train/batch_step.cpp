#include "hoist/train/batch_step.hpp"

#include <algorithm>

#include "hoist/base/error.hpp"

namespace hoist {

template <typename Scalar>
BatchStep<Scalar>::BatchStep(const Config& config, const Communicator& world,
                             const Communicator& peers, const Placement& placement,
                             const Samples<Scalar>& samples, Stage<Scalar>& stage)
    : samples_(samples),
      stage_(stage),
      first_(placement.first(world.rank())),
      last_(placement.last(world.rank())),
      minimizes_(config.formulation.iterations > 1),
      delay_(static_cast<std::size_t>(std::min<Index>(
          config.staleness, placement.grid.stages() - 1 - placement.grid.stage_of(world.rank())))),
      order_(placement.grid.order(world.rank(), samples.blocks.count())),
      batches_(samples.blocks, config.batch, config.seed),
      formulation_(make_formulation<Scalar>(stage.network, config.formulation)),
      output_(make_output_block<Scalar>(config.network.output, config.formulation.output_lambda())),
      dropout_(config.dropout, config.seed),
      smoothing_(static_cast<Scalar>(config.label_smoothing)),
      fit_(config, peers, stage, batches_.most_columns(), times_),
      slopes_(config, peers, stage, times_) {
    const PhaseClock clock(times_.weights);
    const NetworkSpec& network = stage.network;
    if (first_) {
        const auto layout = image_layout(network.block(0), samples.stored_shape);
        inputs_ = std::make_unique<BatchInputs<Scalar>>(
            samples.inputs, samples.columns.begin, network.map(0),
            Augmentation(config.augmentation, network.inputs(), layout), config.seed);
    }
    first_column_.resize(static_cast<std::size_t>(batches_.count()));
    for (Index batch = 0; batch < batches_.count(); ++batch) {
        for (Index block = 0; block < samples.own.begin; ++block) {
            first_column_[static_cast<std::size_t>(batch)] += batches_.columns(batch, block);
        }
    }
    prepare();
    using Down = typename Passage<Scalar>::Down;
    for (std::size_t i = 0; i < delay_ + 1; ++i) {
        passages_.emplace_back(
            network, stage.layers, batches_, samples.own,
            minimizes_ ? Down::residuals : Down::signals,
            Halo<Scalar>(world, placement, samples.blocks.count(), samples.own, times_));
    }
}

template <typename Scalar>
void BatchStep<Scalar>::begin_epoch(Index epoch) {
    const PhaseClock clock(times_.activations);
    require(begun_ == completed_, "an epoch begins when no batch is under way");
    epoch_ = epoch;
    batches_.shuffle(epoch, samples_.own);
    begun_ = 0;
    completed_ = 0;
    loss_ = 0.0;
}

template <typename Scalar>
void BatchStep<Scalar>::operator()(Index batch, int round, double rate) {
    Passage<Scalar>& passage = passages_[begun_++ % passages_.size()];
    passage.round = round;
    passage.rate = rate;
    passage.start(batches_, batch, order_);
    const bool completes = begun_ - completed_ > delay_;
    Passage<Scalar>& oldest = passages_[completed_ % passages_.size()];
    if (completes) {
        fit_.begin(batches_.columns(oldest.batch));
    }
    for (std::size_t i = 0; i < order_.size(); ++i) {
        if (completes) {
            answer_meanwhile(oldest, &oldest == &passage ? i : order_.size(), passage, order_[i]);
        }
        forward(passage, order_[i]);
        if (last_) {
            backward(passage);
        }
    }
    if (completes) {
        complete(oldest);
    }
}

template <typename Scalar>
void BatchStep<Scalar>::finish() {
    while (completed_ < begun_) {
        Passage<Scalar>& oldest = passages_[completed_ % passages_.size()];
        fit_.begin(batches_.columns(oldest.batch));
        complete(oldest);
    }
}

// What has come down goes on before what goes up, since every stage below waits for it; sums over
// columns, for which nobody waits, fill the time until `block` of `awaited` has arrived.
template <typename Scalar>
void BatchStep<Scalar>::answer_meanwhile(Passage<Scalar>& passage, std::size_t forwarded,
                                         Passage<Scalar>& awaited, Index block) {
    for (;;) {
        if (!last_ && passage.answered < forwarded &&
            passage.halo.arrived_above(order_[passage.answered])) {
            backward(passage);
        } else if (passage.groups.ready() && !awaited.halo.arrived_below(block)) {
            add_group(passage);
        } else {
            return;
        }
    }
}

// Everything that is left to do after the forward pass.
template <typename Scalar>
void BatchStep<Scalar>::complete(Passage<Scalar>& passage) {
    ++completed_;
    while (passage.answered < order_.size()) {
        while (passage.groups.ready() && !passage.halo.arrived_above(order_[passage.answered])) {
            add_group(passage);
        }
        backward(passage);
    }
    while (!passage.groups.done()) {
        add_group(passage);
    }
    refit(passage);
    passage.halo.finish_sends();
}

template <typename Scalar>
void BatchStep<Scalar>::forward(Passage<Scalar>& passage, Index block) {
    const PhaseClock clock(times_.activations);
    const Range range = passage.columns(block);
    const std::span<const Index> samples = batches_.samples(passage.batch, block);
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        const LinearMap<Scalar> map = stage_.unnormalized(l);
        const auto u_next = part(passage.up.u(l + 1), range);
        if (l == 0) {
            auto& inputs = passage.inputs[passage.position(block)];
            inputs_->fill(epoch_, samples, inputs);
            inputs.apply(map, u_next);
            passage.normalize(block, 0, map);
            continue;
        }
        if (l == stage_.lowest()) {
            passage.halo.await_below(block);
        }
        auto x = part(passage.up.x(l), range);
        stage_.network.activation(l).apply(part(passage.up.u(l), range), x);
        dropout_.apply<Scalar>(epoch_, l, samples, x);
        map.apply(x, u_next);
        passage.normalize(block, l, map);
    }
    if (last_) {
        for (std::size_t j = 0; j < samples.size(); ++j) {
            passage.targets.col(range.begin + static_cast<Index>(j)) =
                samples_.targets.col(samples[j] - samples_.columns.begin);
        }
        auto y = part(passage.targets, range).array();
        y = (Scalar{1} - smoothing_) * y + smoothing_ / static_cast<Scalar>(y.rows());
        return;
    }
    passage.halo.send_up(block, part(passage.up.u(stage_.layers.end), range));
}

// Of the block whose turn it is.
template <typename Scalar>
void BatchStep<Scalar>::backward(Passage<Scalar>& passage) {
    const PhaseClock clock(times_.activations);
    const Index block = order_[passage.answered];
    const Range range = passage.columns(block);
    if (last_) {
        const auto y = part(passage.targets, range);
        const auto u = part(passage.up.u(stage_.layers.end), range);
        output_->slope(y, u, part(passage.down.u(stage_.layers.end), range));
        loss_ += output_->energy(y, u).sum();
    } else {
        passage.halo.await_above(block);
    }
    for (Index l = stage_.layers.end; l-- > stage_.layers.begin;) {
        minimizes_ ? minimize(passage, block, l) : answer(passage, block, l);
    }
    if (!first_) {
        passage.halo.send_down(block, part(passage.answer(stage_.lowest()), range));
    }
    passage.groups.complete(passage.position(block));
    ++passage.answered;
}

// s_l from s_{l+1}, at the feed-forward state.
template <typename Scalar>
void BatchStep<Scalar>::answer(Passage<Scalar>& passage, Index block, Index layer) {
    passage.pull_back(block, layer);
    if (layer == 0) {
        return;
    }
    const Range range = passage.columns(block);
    const auto u = part(passage.up.u(layer), range);
    const auto x = part(passage.up.x(layer), range);
    const auto s = part(passage.down.u(layer), range);
    Matrix<Scalar> g(x.rows(), x.cols());
    stage_.unnormalized(layer).pull_back(part(passage.down.u(layer + 1), range), g);
    const auto respond = [&](const ConstMatrixRef<Scalar>& forward) {
        formulation_->respond(layer, u, g, forward, s);
        slopes_.add(*formulation_, layer, u, g, forward);
    };
    if (dropout_.active(layer)) {
        dropout_.apply<Scalar>(epoch_, layer, batches_.samples(passage.batch, block), g);
        Matrix<Scalar> whole(x.rows(), x.cols());
        stage_.network.activation(layer).apply(u, whole);
        respond(whole);
    } else {
        respond(x);
    }
}

// Moves x_l from phi(u_l) against what is above it, and takes the signal of W_l before that.
template <typename Scalar>
void BatchStep<Scalar>::minimize(Passage<Scalar>& passage, Index block, Index layer) {
    const Range range = passage.columns(block);
    const auto u_next = part(passage.up.u(layer + 1), range);
    const auto move = [&](const ChangeAbove<Scalar>& above) {
        if (layer > 0) {
            formulation_->minimize(layer, stage_.map(layer), part(passage.up.u(layer), range),
                                   part(passage.up.x(layer), range), above,
                                   part(passage.down.x(layer), range));
        }
    };
    if (is_output(layer)) {
        move(OutputChange<Scalar>(*output_, part(passage.targets, range), u_next));
        return;
    }
    const Index next = layer + 1;
    const auto r = part(passage.down.x(next), range);
    formulation_->residual_signal(next, r, u_next, part(passage.down.u(next), range));
    const auto move_against = [&](const ConstMatrixRef<Scalar>& x_next) {
        move(PenaltyChange<Scalar>(*formulation_, next, r, u_next, x_next));
    };
    if (next < stage_.layers.end) {
        move_against(part(passage.up.x(next), range));
    } else {  // the stage above keeps its own
        Matrix<Scalar> x_next(r.rows(), r.cols());
        stage_.network.activation(next).apply(u_next, x_next);
        move_against(x_next);
    }
}

template <typename Scalar>
void BatchStep<Scalar>::add_group(Passage<Scalar>& passage) {
    const PhaseClock clock(times_.weights);
    const auto [blocks, columns] = passage.groups.take();
    const Index first = first_column_[static_cast<std::size_t>(passage.batch)] + columns.begin;
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        const auto s = part(passage.down.u(l + 1), columns);
        if (l == 0) {
            const auto inputs = std::span<const InputBlock<Scalar>>(passage.inputs);
            fit_.add_inputs(first,
                            inputs.subspan(static_cast<std::size_t>(blocks.begin),
                                           static_cast<std::size_t>(blocks.size())),
                            s);
        } else {
            fit_.add(l, first, part(passage.up.x(l), columns), s);
        }
        fit_.add_moments(l, passage.moments_of(l), blocks);
    }
}

template <typename Scalar>
void BatchStep<Scalar>::refit(Passage<Scalar>& passage) {
    const PhaseClock clock(times_.weights);
    fit_.step(passage.round, passage.rate);
    prepare();
    slopes_.step(batches_.columns(passage.batch), passage.rate);
}

template <typename Scalar>
void BatchStep<Scalar>::prepare() {
    for (Index l = std::max<Index>(stage_.layers.begin, 1); minimizes_ && l < stage_.layers.end;
         ++l) {
        const double above = is_output(l) ? output_->weight() : formulation_->pull_weight(l + 1);
        formulation_->prepare(l, stage_.map(l), above);
    }
}

template <typename Scalar>
std::vector<std::vector<Matrix<Scalar>*>> BatchStep<Scalar>::solver_state() {
    std::vector<std::vector<Matrix<Scalar>*>> all;
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        all.push_back(fit_.state(l));
        all.back().push_back(slopes_.state(l));
    }
    return all;
}

template class BatchStep<float>;
template class BatchStep<double>;

}  // namespace hoist
