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
      last_(placement.last(world.rank())),
      delay_(static_cast<std::size_t>(std::min<Index>(
          config.staleness, placement.grid.stages() - 1 - placement.grid.stage_of(world.rank())))),
      order_(placement.grid.order(world.rank(), samples.blocks.count())),
      batches_(samples.blocks, config.batch, config.seed),
      holders_(stage.network, world, peers, placement),
      fit_(config, peers, stage, batches_.most_columns(), times_, &holders_),
      coefficients_(config, peers, stage, holders_, times_),
      layers_(config, world, placement, samples, batches_, stage, coefficients_, times_) {
    const PhaseClock clock(times_.weights);
    first_column_.resize(static_cast<std::size_t>(batches_.count()));
    for (Index batch = 0; batch < batches_.count(); ++batch) {
        for (Index block = 0; block < samples.own.begin; ++block) {
            first_column_[static_cast<std::size_t>(batch)] += batches_.columns(batch, block);
        }
    }
    using Down = typename Passage<Scalar>::Down;
    using Channel = Exchange::Channel;
    const auto messages = [&](Channel channel) {
        return Halo<Scalar>(world, placement, samples.blocks.count(), samples.own, times_, channel);
    };
    for (std::size_t i = 0; i < delay_ + 1; ++i) {
        passages_.emplace_back(stage.network, stage.layers, batches_, samples.own,
                               config.formulation.iterations > 1 ? Down::residuals : Down::signals,
                               config.formulation.passes, messages(Channel::training),
                               messages(Channel::verdicts));
    }
}

template <typename Scalar>
void BatchStep<Scalar>::begin_epoch(Index epoch) {
    const PhaseClock clock(times_.activations);
    require(begun_ == completed_, "an epoch begins when no batch is under way");
    layers_.begin_epoch(epoch);
    batches_.shuffle(epoch, samples_.own);
    begun_ = 0;
    completed_ = 0;
}

template <typename Scalar>
void BatchStep<Scalar>::probe(Index batch) {
    (*this)(batch, 0, std::nullopt);
    finish();
    coefficients_.forget();
}

template <typename Scalar>
void BatchStep<Scalar>::operator()(Index batch, int round, std::optional<double> rate) {
    Passage<Scalar>& passage = passages_[begun_++ % passages_.size()];
    passage.round = round;
    passage.rate = rate;
    passage.start(batches_, batch, order_);
    layers_.begin_batch();
    const bool completes = begun_ - completed_ > delay_;
    Passage<Scalar>& oldest = passages_[completed_ % passages_.size()];
    if (completes) {
        fit_.begin(batches_.columns(oldest.batch));
    }
    for (std::size_t turn = 0; turn < turns(); ++turn) {
        while (turn >= order_.size() && passage.answered <= turn - order_.size()) {
            backward(passage);  // of the same block in the pass before
        }
        if (completes) {
            answer_meanwhile(oldest, &oldest == &passage ? turn : turns(), passage, turn);
        }
        layers_.forward(passage, block_of(turn), pass_of(turn));
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
// columns, for which nobody waits, fill the time until the block of a turn of `awaited` has arrived.
template <typename Scalar>
void BatchStep<Scalar>::answer_meanwhile(Passage<Scalar>& passage, std::size_t forwarded,
                                         Passage<Scalar>& awaited, std::size_t turn) {
    for (;;) {
        if (!last_ && passage.answered < forwarded &&
            passage.halo.arrived_above(block_of(passage.answered))) {
            backward(passage);
        } else if (passage.groups.ready() && !awaited.halo.arrived_below(block_of(turn))) {
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
    while (passage.answered < turns()) {
        while (passage.groups.ready() && !passage.halo.arrived_above(block_of(passage.answered))) {
            add_group(passage);
        }
        backward(passage);
    }
    while (!passage.groups.done()) {
        add_group(passage);
    }
    layers_.end_batch();
    refit(passage);
    passage.halo.finish_sends();
    passage.safeguard.finish_sends();
}

// Of the block whose turn it is.
template <typename Scalar>
void BatchStep<Scalar>::backward(Passage<Scalar>& passage) {
    const Index block = block_of(passage.answered);
    const int pass = pass_of(passage.answered);
    layers_.backward(passage, block, pass);
    if (pass + 1 == layers_.passes()) {
        passage.groups.complete(passage.position(block));
    }
    ++passage.answered;
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
    fit_.sum();
    if (passage.rate) {
        fit_.step(passage.round, *passage.rate);
        layers_.prepare();
        coefficients_.step(batches_.columns(passage.batch), *passage.rate);
    }
}

template <typename Scalar>
std::vector<std::vector<Matrix<Scalar>*>> BatchStep<Scalar>::solver_state() {
    std::vector<std::vector<Matrix<Scalar>*>> all;
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        all.push_back(fit_.state(l));
        all.back().push_back(coefficients_.state(l));
    }
    return all;
}

template class BatchStep<float>;
template class BatchStep<double>;

}  // namespace hoist
