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
      order_(placement.grid.order(world.rank(), samples.blocks.count())),
      batches_(samples.blocks, config.batch, config.seed),
      unbroken_(config.unbroken(batches_.count())),
      holders_(stage.network, world, peers, placement),
      fit_(config, peers, stage, batches_.most_columns(), times_, &holders_),
      coefficients_(config, peers, stage, holders_, times_),
      ahead_(stage, config.look_ahead),
      group_columns_(batch_group_columns(batches_.widest_block())),
      layers_(config, world, placement, samples, batches_, stage, coefficients_, ahead_, times_) {
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
    for (Index l = stage.layers.begin; l < stage.layers.end; ++l) {
        const Index delay = placement.delay(l, config.staleness);
        if (parts_.empty() || parts_.back().delay != delay) {
            parts_.push_back({{.delay = delay}, {l, l}});
        }
        parts_.back().layers.end = l + 1;
    }
    for (Index i = 0; i <= parts_.front().delay; ++i) {
        passages_.emplace_back(stage.network, stage.layers, batches_, samples.own,
                               config.formulation.iterations > 1 ? Down::residuals : Down::signals,
                               config.formulation.passes, messages(Channel::training),
                               messages(Channel::verdicts));
    }
    if (!first_ && placement.delay(stage.lowest() - 1, config.staleness) > 0) {
        inbox_.emplace(stage.network.map(stage.lowest() - 1).to.size(), batches_, samples.own,
                       messages(Channel::training));
    }
}

template <typename Scalar>
void BatchStep<Scalar>::begin_epoch(Index epoch) {
    const PhaseClock clock(times_.activations);
    require(parts_.front().stepped == begun_, "an epoch begins when no batch is under way");
    layers_.begin_epoch(epoch);
    ahead_.forget();
    batches_.shuffle(epoch, samples_.own);
    begun_ = 0;
    for (BatchPart& part : parts_) {
        part.risen = 0;
        part.stepped = 0;
    }
}

template <typename Scalar>
void BatchStep<Scalar>::probe(Index batch) {
    (*this)(batch, 0, std::nullopt);
    finish();
    coefficients_.forget();
}

template <typename Scalar>
void BatchStep<Scalar>::operator()(Index batch, int round, std::optional<double> rate) {
    Passage<Scalar>& next = passage(begun_++);
    next.round = round;
    next.rate = rate;
    const bool comes_below = inbox_ && !inbox_->empty();
    if (comes_below) {
        inbox_->hand_over(next);
    }
    next.start(batches_, batch, order_, comes_below);
    const Index after = batch + 1;
    const bool drains = rate && (after % unbroken_ == 0 || after == batches());
    if (inbox_ && rate && !drains) {
        inbox_->expect(batches_, after, order_);
    }
    layers_.begin_batch();
    for (BatchPart& part : parts_) {
        part.risen += order_.empty() ? 1 : 0;
        if (part.stepped + 1 == begun_) {
            open(part);
        }
    }
    advance(drains);
}

template <typename Scalar>
void BatchStep<Scalar>::finish() {
    advance(true);
}

// Until each part has taken the step that its next way up waits for, or the last one.
template <typename Scalar>
void BatchStep<Scalar>::advance(bool to_the_end) {
    const auto is_behind = [&](const BatchPart& part) {
        return part.is_behind(begun_, to_the_end);
    };
    while (std::ranges::any_of(parts_, is_behind)) {
        if (!act(to_the_end)) {
            await();
        }
    }
}

// Does one thing, if there is one that waits for no message. Steps come in the same order on all shards.
template <typename Scalar>
bool BatchStep<Scalar>::act(bool to_the_end) {
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
        if (part->must_step(begun_, to_the_end)) {
            if (part->can_step(begun_)) {
                step(*part);
                return true;
            }
            break;
        }
    }
    for (auto part = parts_.end(); part-- != parts_.begin();) {
        if (part->can_answer(begun_, turns()) && has_signal(part)) {
            backward(*part);
            return true;
        }
    }
    for (auto part = parts_.begin(); part != parts_.end(); ++part) {
        if (part->can_rise(begun_, order_.size()) && has_input(part)) {
            forward(*part);
            return true;
        }
    }
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
        if (part->can_sum(begun_)) {
            sum(*part);
            return true;
        }
    }
    return false;
}

// Returns when there is something to do; what is the only thing that can come is done.
template <typename Scalar>
void BatchStep<Scalar>::await() {
    BatchPart& lowest = parts_.front();
    BatchPart& highest = parts_.back();
    const bool from_below = lowest.can_rise(begun_, order_.size());
    const bool from_above = highest.can_answer(begun_, turns());
    if (from_below && from_above) {
        Halo<Scalar>::await_either(passage(lowest.risen).halo, block_of(lowest.rising),
                                   passage(highest.stepped).halo, block_of(highest.answered));
    } else if (from_above) {
        backward(highest);
    } else {
        require(from_below, "a rank that waits expects something");
        forward(lowest);
    }
}

template <typename Scalar>
bool BatchStep<Scalar>::has_input(PartAt part) {
    return part == parts_.begin()
               ? first_ || passage(part->risen).halo.arrived_below(block_of(part->rising))
               : (part - 1)->has_input_for(*part);
}

template <typename Scalar>
bool BatchStep<Scalar>::has_signal(PartAt part) {
    return part + 1 == parts_.end()
               ? last_ || passage(part->stepped).halo.arrived_above(block_of(part->answered))
               : (part + 1)->has_signal_for(*part);
}

// The next turn of the way up.
template <typename Scalar>
void BatchStep<Scalar>::forward(BatchPart& part) {
    layers_.forward(passage(part.risen), part.layers, block_of(part.rising), pass_of(part.rising));
    part.rise(turns());
}

// The next turn of the way down.
template <typename Scalar>
void BatchStep<Scalar>::backward(BatchPart& part) {
    Passage<Scalar>& going = passage(part.stepped);
    const Index block = block_of(part.answered);
    const int pass = pass_of(part.answered);
    layers_.backward(going, part.layers, block, pass);
    if (pass + 1 == layers_.passes()) {
        part.groups.complete(going.position(block));
    }
    ++part.answered;
}

// A part of the gradients of the next group.
template <typename Scalar>
void BatchStep<Scalar>::sum(BatchPart& part) {
    const PhaseClock clock(times_.weights);
    Passage<Scalar>& going = passage(part.stepped);
    if (part.summed == 0) {
        part.group = part.groups.take();
    }
    const auto [blocks, columns] = part.group;
    const Index first = first_column_[static_cast<std::size_t>(going.batch)] + columns.begin;
    Index most = 1;
    for (Index l = part.layers.begin; l < part.layers.end; ++l) {
        const auto s = hoist::part(going.down.u(l + 1), columns);
        const MapSpec& map = stage_.network.map(l);
        const Index parts = l > 0 && map.plain() ? gradient_parts(map.outputs(), blocks.size()) : 1;
        most = std::max(most, parts);
        if (part.summed >= parts) {
            continue;
        }
        if (parts > 1) {
            fit_.add_rows(l, first, hoist::part(going.up.x(l), columns), s,
                          gradient_rows(map.outputs(), parts, part.summed));
        } else if (l > 0) {
            fit_.add(l, first, hoist::part(going.up.x(l), columns), s);
        } else {
            const auto inputs = std::span<const InputBlock<Scalar>>(going.inputs);
            fit_.add_inputs(first,
                            inputs.subspan(static_cast<std::size_t>(blocks.begin),
                                           static_cast<std::size_t>(blocks.size())),
                            s);
        }
        if (part.summed + 1 == parts) {
            fit_.add_moments(l, going.moments_of(l), blocks);
        }
    }
    part.summed = (part.summed + 1) % most;
}

// Prepares for the way down of the next batch.
template <typename Scalar>
void BatchStep<Scalar>::open(BatchPart& part) {
    const Passage<Scalar>& next = passage(part.stepped);
    const PhaseClock clock(times_.weights);
    fit_.begin(part.layers, batches_.columns(next.batch));
    part.groups = ColumnGroups(next.blocks, group_columns_);
    part.answered = 0;
}

template <typename Scalar>
void BatchStep<Scalar>::step(BatchPart& part) {
    Passage<Scalar>& done = passage(part.stepped);
    {
        const PhaseClock clock(times_.weights);
        fit_.sum(part.layers, done.rate.has_value());
        if (done.rate) {
            const Index late = part.risen - (part.stepped + 1);
            ahead_.before_step(part.layers, late);
            fit_.step(part.layers, done.round, *done.rate);
            ahead_.after_step(part.layers, late);
            layers_.prepare(part.layers);
            coefficients_.step(part.layers, batches_.columns(done.batch), *done.rate);
        }
    }
    if (part.layers.begin == stage_.lowest()) {
        layers_.end_batch();
        done.halo.finish_sends();
        done.safeguard.finish_sends();
    }
    if (++part.stepped < begun_) {
        open(part);
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
