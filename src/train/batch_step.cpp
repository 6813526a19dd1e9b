#include "hoist/train/batch_step.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "counter_random.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/random.hpp"
#include "hoist/math/learned_activation.hpp"

namespace hoist {

WeightSolverOptions solver_options(const Config& config, Index layer) {
    WeightSolverOptions options = config.weights;
    const NetworkSpec& network = config.network;
    options.ridge = config.ridge[static_cast<std::size_t>(layer)];
    if (layer + 1 == network.layers()) {
        options.curvature =
            make_output_block<double>(network.output, config.formulation.output_lambda())->weight();
        options.orthogonal = false;
    } else {
        options.curvature =
            make_formulation<double>(network, config.formulation)->pull_weight(layer + 1);
    }
    return options;
}

std::vector<SolverState> solver_entries(const Config& config, Index layer) {
    const NetworkSpec& network = config.network;
    const Index inputs = network.width(layer);
    const Index outputs = network.map_outputs(layer);
    std::vector<SolverState> entries =
        solver_states(solver_options(config, layer), inputs, outputs);
    entries.push_back({"average", outputs, inputs + 1});
    entries.push_back({"slope", 1, 4});
    return entries;
}

template <typename Scalar>
BatchStep<Scalar>::BatchStep(const Config& config, const Communicator& world,
                             const Communicator& peers, const Placement& placement,
                             const Samples<Scalar>& samples, Stage<Scalar>& stage)
    : config_(config),
      peers_(peers),
      samples_(samples),
      stage_(stage),
      first_(placement.first(world.rank())),
      last_(placement.last(world.rank())),
      minimizes_(config.formulation.iterations > 1),
      delay_(static_cast<std::size_t>(std::min<Index>(
          config.staleness, placement.grid.stages() - 1 - placement.grid.stage_of(world.rank())))),
      order_(placement.grid.order(world.rank(), samples.blocks.count())),
      batches_(samples.blocks, config.batch, config.seed),
      exchange_(world, placement, samples.blocks.count(), Exchange::Channel::training),
      formulation_(make_formulation<Scalar>(config.network, config.formulation)),
      output_(make_output_block<Scalar>(config.network.output, config.formulation.output_lambda())),
      passages_(delay_ + 1) {
    const PhaseClock clock(times_.weights);
    const NetworkSpec& network = config.network;
    if (first_) {
        inputs_ = std::make_unique<BatchInputs<Scalar>>(
            samples.inputs, samples.columns.begin, network.map_outputs(0),
            Augmentation(config.augmentation, network.inputs()), config.seed);
    }
    for (const Layer<Scalar>& layer : stage.layers) {
        const Index inputs = network.width(layer.index);
        const Index outputs = network.map_outputs(layer.index);
        WeightSolverOptions options = solver_options(config, layer.index);
        options.batch = batches_.most_columns();
        solvers_.push_back(make_weight_solver<Scalar>(options, inputs, outputs));
        average_.push_back(Matrix<Scalar>::Zero(outputs, inputs + 1));
    }
    for (const Layer<Scalar>& layer : stage.layers) {
        slopes_.push_back(Matrix<Scalar>::Zero(1, 4));
        learned_.push_back(layer.index > 0 ? dynamic_cast<const LearnedActivation*>(
                                                 &network.activation(layer.index))
                                           : nullptr);
    }
    slope_gradients_.resize(learned_.size());
    sums_.emplace(stage, solvers_, batches_.most_columns());
    first_column_.resize(static_cast<std::size_t>(batches_.count()));
    for (Index batch = 0; batch < batches_.count(); ++batch) {
        for (Index block = 0; block < samples.own.begin; ++block) {
            first_column_[static_cast<std::size_t>(batch)] += batches_.columns(batch, block);
        }
    }
    for (std::size_t i = 0; i < stage.layers.size(); ++i) {
        prepare(i);
    }
    // In the order of the data, so that the blocks of a batch lie side by side.
    for (Passage& passage : passages_) {
        passage.blocks.resize(order_.size());
        Index columns = 0;
        for (Index block = samples.own.begin; block < samples.own.end; ++block) {
            columns += batches_.most_columns(block);
        }
        for (const Layer<Scalar>& layer : stage.layers) {
            const Index width = network.width(layer.index);
            const Index outputs = network.map_outputs(layer.index);
            const bool hidden = layer.index > 0;
            passage.x.emplace_back(hidden ? width : 0, hidden ? columns : 0);
            passage.u.emplace_back(hidden ? network.map_outputs(layer.index - 1) : 0,
                                   hidden ? columns : 0);
            passage.residual.emplace_back(hidden && minimizes_ ? width : 0,
                                          hidden && minimizes_ ? columns : 0);
            passage.s.emplace_back(outputs, columns);
        }
        const Index top = stage.highest().index + 1;
        passage.above.resize(network.map_outputs(top - 1), columns);
        passage.residual_above.resize(minimizes_ && !last_ ? network.width(top) : 0, columns);
        const Index lowest = stage.lowest().index;
        passage.below.resize(
            first_ ? 0 : (minimizes_ ? network.width(lowest) : network.map_outputs(lowest - 1)),
            columns);
        passage.targets.resize(last_ ? network.outputs() : 0, last_ ? columns : 0);
        passage.inputs.resize(first_ ? order_.size() : 0);
        passage.from_below.resize(order_.size());
        passage.from_above.resize(order_.size());
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
    Passage& passage = passages_[begun_++ % passages_.size()];
    passage.batch = batch;
    passage.round = round;
    passage.rate = rate;
    start(passage);
    const bool completes = begun_ - completed_ > delay_;
    Passage& oldest = passages_[completed_ % passages_.size()];
    if (completes) {
        sums_->begin(batches_.columns(oldest.batch));
    }
    for (std::size_t i = 0; i < order_.size(); ++i) {
        if (completes) {
            answer_meanwhile(oldest, &oldest == &passage ? i : order_.size(),
                             arrival(passage.from_below, i));
        }
        forward(passage, i);
        if (last_) {
            backward(passage, i);
        }
    }
    if (completes) {
        complete(oldest);
    }
}

template <typename Scalar>
void BatchStep<Scalar>::finish() {
    while (completed_ < begun_) {
        Passage& oldest = passages_[completed_ % passages_.size()];
        sums_->begin(batches_.columns(oldest.batch));
        complete(oldest);
    }
}

// What has come down goes on before what goes up, since every stage below waits for it; sums over
// columns, for which nobody waits, fill the time until `awaited` has arrived.
template <typename Scalar>
void BatchStep<Scalar>::answer_meanwhile(Passage& passage, std::size_t forwarded,
                                         Request& awaited) {
    for (;;) {
        if (!last_ && passage.answered < forwarded &&
            arrival(passage.from_above, passage.answered).over()) {
            backward(passage, passage.answered);
        } else if (passage.groups.ready() && !awaited.over()) {
            add_group(passage);
        } else {
            return;
        }
    }
}

// Everything that is left to do after the forward pass.
template <typename Scalar>
void BatchStep<Scalar>::complete(Passage& passage) {
    ++completed_;
    while (passage.answered < order_.size()) {
        while (passage.groups.ready() && !arrival(passage.from_above, passage.answered).over()) {
            add_group(passage);
        }
        backward(passage, passage.answered);
    }
    while (!passage.groups.done()) {
        add_group(passage);
    }
    refit(passage);
    for (Request& request : passage.sent) {
        wait(request);
    }
    passage.sent.clear();
}

template <typename Scalar>
void BatchStep<Scalar>::start(Passage& passage) {
    Index offset = 0;
    for (std::size_t own = 0; own < order_.size(); ++own) {
        const Index block = samples_.own.begin + static_cast<Index>(own);
        const Index columns = batches_.columns(passage.batch, block);
        passage.blocks[own] = {offset, offset + columns};
        offset += columns;
    }
    passage.answered = 0;
    passage.groups = ColumnGroups(passage.blocks, batch_group_columns);
    const PhaseClock clock(times_.exchange);
    for (const Index block : order_) {
        const auto own = static_cast<std::size_t>(block - samples_.own.begin);
        const Range range = passage.blocks[own];
        if (!first_) {
            passage.from_below[own] = exchange_.template receive_from_below<Scalar>(
                block, part(passage.u.front(), range));
        }
        if (!last_) {
            Matrix<Scalar>& from_above = minimizes_ ? passage.residual_above : passage.s.back();
            passage.from_above[own] =
                exchange_.template receive_from_above<Scalar>(block, part(from_above, range));
        }
    }
}

template <typename Scalar>
Matrix<Scalar>& BatchStep<Scalar>::u_above(Passage& passage, std::size_t position) {
    return is_highest(position) ? passage.above : passage.u[position + 1];
}

template <typename Scalar>
void BatchStep<Scalar>::forward(Passage& passage, std::size_t turn) {
    const PhaseClock clock(times_.activations);
    const Index block = order_[turn];
    const auto own = static_cast<std::size_t>(block - samples_.own.begin);
    const Range range = passage.blocks[own];
    const std::span<const Index> samples = batches_.samples(passage.batch, block);
    for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
        const Layer<Scalar>& layer = stage_.layers[i];
        const auto u_next = part(u_above(passage, i), range);
        if (layer.index == 0) {
            inputs_->fill(epoch_, samples, passage.inputs[own]);
            passage.inputs[own].apply(layer.weights, u_next);
            continue;
        }
        if (i == 0) {
            wait(passage.from_below[own]);
        }
        auto x = part(passage.x[i], range);
        config_.network.activation(layer.index).apply(part(passage.u[i], range), x);
        drop(passage, own, layer.index, x);
        layer.weights.apply(x, u_next);
    }
    if (last_) {
        for (std::size_t j = 0; j < samples.size(); ++j) {
            passage.targets.col(range.begin + static_cast<Index>(j)) =
                samples_.targets.col(samples[j] - samples_.columns.begin);
        }
        return;
    }
    const PhaseClock sending(times_.exchange);
    passage.sent.push_back(
        exchange_.template send_above<Scalar>(block, part(passage.above, range)));
}

template <typename Scalar>
void BatchStep<Scalar>::backward(Passage& passage, std::size_t turn) {
    const PhaseClock clock(times_.activations);
    const Index block = order_[turn];
    const auto own = static_cast<std::size_t>(block - samples_.own.begin);
    const Range range = passage.blocks[own];
    if (last_) {
        const auto y = part(passage.targets, range);
        const auto u = part(passage.above, range);
        output_->slope(y, u, part(passage.s.back(), range));
        loss_ += output_->energy(y, u).sum();
    } else {
        wait(passage.from_above[own]);
    }
    for (std::size_t i = stage_.layers.size(); i-- > 0;) {
        minimizes_ ? minimize(passage, own, i) : answer(passage, own, i);
    }
    if (!first_) {
        const PhaseClock sending(times_.exchange);
        passage.sent.push_back(
            exchange_.template send_below<Scalar>(block, part(passage.below, range)));
    }
    passage.groups.complete(own);
    ++passage.answered;
}

// s_l from s_{l+1}, at the feed-forward state.
template <typename Scalar>
void BatchStep<Scalar>::answer(Passage& passage, std::size_t block, std::size_t position) {
    const Layer<Scalar>& layer = stage_.layers[position];
    if (layer.index == 0) {
        return;
    }
    const Range range = passage.blocks[block];
    const auto u = part(passage.u[position], range);
    const auto x = part(passage.x[position], range);
    const auto s = part(position > 0 ? passage.s[position - 1] : passage.below, range);
    Matrix<Scalar> g(x.rows(), x.cols());
    layer.weights.pull_back(part(passage.s[position], range), g);
    const auto respond = [&](const ConstMatrixRef<Scalar>& forward) {
        formulation_->respond(layer.index, u, g, forward, s);
        if (learned_[position] != nullptr) {
            slope_gradients_[position] += formulation_->parameter_slope(layer.index, u, g, forward);
        }
    };
    if (dropout(layer.index) > 0.0) {
        drop(passage, block, layer.index, g);
        Matrix<Scalar> whole(x.rows(), x.cols());
        config_.network.activation(layer.index).apply(u, whole);
        respond(whole);
    } else {
        respond(x);
    }
}

// Moves x_l from phi(u_l) against what is above it, and takes the signal of W_l before that.
template <typename Scalar>
void BatchStep<Scalar>::minimize(Passage& passage, std::size_t block, std::size_t position) {
    const Layer<Scalar>& layer = stage_.layers[position];
    const Range range = passage.blocks[block];
    const auto u_next = part(u_above(passage, position), range);
    const auto move = [&](const ChangeAbove<Scalar>& above) {
        if (layer.index > 0) {
            formulation_->minimize(
                layer.index, layer.weights, part(passage.u[position], range), above,
                part(position > 0 ? passage.residual[position] : passage.below, range));
        }
    };
    if (is_output(position)) {
        move(OutputChange<Scalar>(*output_, part(passage.targets, range), u_next));
        return;
    }
    const Index next = layer.index + 1;
    const auto r =
        part(is_highest(position) ? passage.residual_above : passage.residual[position + 1], range);
    formulation_->residual_signal(next, r, u_next, part(passage.s[position], range));
    Matrix<Scalar> x_next(r.rows(), r.cols());
    config_.network.activation(next).apply(u_next, x_next);
    move(PenaltyChange<Scalar>(*formulation_, next, r, u_next, x_next));
}

template <typename Scalar>
void BatchStep<Scalar>::add_group(Passage& passage) {
    const PhaseClock clock(times_.weights);
    const auto [blocks, columns] = passage.groups.take();
    const Index first = first_column_[static_cast<std::size_t>(passage.batch)] + columns.begin;
    for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
        const auto s = part(passage.s[i], columns);
        if (stage_.layers[i].index == 0) {
            const auto inputs = std::span<const InputBlock<Scalar>>(passage.inputs);
            sums_->add(i, first,
                       inputs.subspan(static_cast<std::size_t>(blocks.begin),
                                      static_cast<std::size_t>(blocks.size())),
                       s);
        } else {
            sums_->add(i, first, part(passage.x[i], columns), s);
        }
    }
}

template <typename Scalar>
void BatchStep<Scalar>::refit(Passage& passage) {
    const PhaseClock clock(times_.weights);
    if (peers_.size() > 1) {
        {
            const PhaseClock waiting(times_.wait);
            peers_.barrier();
        }
        const PhaseClock summing(times_.exchange);
        peers_.sum(sums_->values());
    }
    for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
        Layer<Scalar>& layer = stage_.layers[i];
        if (passage.round == 0) {
            solvers_[i]->begin(layer.weights.matrix, layer.weights.bias);
        }
        try {
            solvers_[i]->step(sums_->equations(i), passage.rate, layer.weights.matrix,
                              layer.weights.bias);
        } catch (const NumericalError& error) {
            failure_ = error;  // the same on every shard; the stages that wait for this one go on
        }
        prepare(i);
    }
    learn_slopes(passage);
}

// A step of Adam on each slope, which stays between 0.001 and 0.999.
template <typename Scalar>
void BatchStep<Scalar>::learn_slopes(const Passage& passage) {
    if (!config_.learn_slopes) {
        return;
    }
    const PhaseClock summing(times_.exchange);
    peers_.sum(std::span<double>(slope_gradients_));
    const auto samples = static_cast<double>(batches_.columns(passage.batch));
    for (std::size_t i = 0; i < learned_.size(); ++i) {
        const double gradient = std::exchange(slope_gradients_[i], 0.0) / samples;
        if (learned_[i] == nullptr) {
            continue;
        }
        auto state = slopes_[i].row(0);
        state[0] += Scalar{1};
        state[1] = static_cast<Scalar>(0.9 * state[1] + 0.1 * gradient);
        state[2] = static_cast<Scalar>(0.999 * state[2] + 0.001 * gradient * gradient);
        const auto steps = static_cast<double>(state[0]);
        const double mean = state[1] / (1.0 - std::pow(0.9, steps));
        const double deviation = std::sqrt(state[2] / (1.0 - std::pow(0.999, steps)));
        const double slope = *learned_[i]->parameter() - passage.rate * mean / (deviation + 1e-8);
        state[3] = static_cast<Scalar>(std::clamp(slope, 0.001, 0.999));
        learned_[i]->set(state[3]);
    }
}

template <typename Scalar>
void BatchStep<Scalar>::restore_slopes() {
    for (std::size_t i = 0; i < learned_.size(); ++i) {
        if (learned_[i] != nullptr && slopes_[i](0, 0) > Scalar{0}) {
            learned_[i]->set(slopes_[i](0, 3));
        }
    }
}

template <typename Scalar>
void BatchStep<Scalar>::prepare(std::size_t position) {
    const Layer<Scalar>& layer = stage_.layers[position];
    if (minimizes_ && layer.index > 0) {
        const double above =
            is_output(position) ? output_->weight() : formulation_->pull_weight(layer.index + 1);
        formulation_->prepare(layer.index, layer.weights, above);
    }
}

// Sets the units that drop out to zero and scales the others, in x and likewise in its gradient.
template <typename Scalar>
void BatchStep<Scalar>::drop(const Passage& passage, std::size_t block, Index layer,
                             MatrixRef<Scalar> x) const {
    const double share = dropout(layer);
    if (share <= 0.0) {
        return;
    }
    // A byte of randomness per unit decides, but for the one value that the share cuts: there a
    // number of its own does, so that any share is exact.
    const double scaled = 256.0 * share;
    const auto threshold = static_cast<std::uint64_t>(scaled);
    const double rest = scaled - static_cast<double>(threshold);
    const auto kept = static_cast<Scalar>(1.0 / (1.0 - share));
    const std::span<const Index> samples =
        batches_.samples(passage.batch, samples_.own.begin + static_cast<Index>(block));
    for (Index j = 0; j < x.cols(); ++j) {
        CounterRandom random(config_.seed, Purpose::dropout,
                             {epoch_, layer, samples[static_cast<std::size_t>(j)]});
        Scalar* column = x.col(j).data();
        for (Index i = 0; i < x.rows(); i += 8) {
            const std::uint64_t bytes = random.next();
            const Index count = std::min<Index>(8, x.rows() - i);
            for (Index k = 0; k < count; ++k) {
                const std::uint64_t byte = (bytes >> (8 * k)) & 255;
                const bool dropped = byte < threshold ||
                                     (byte == threshold && rest > 0.0 && random.uniform() < rest);
                column[i + k] = dropped ? Scalar{0} : column[i + k] * kept;
            }
        }
    }
}

template <typename Scalar>
double BatchStep<Scalar>::dropout(Index layer) const {
    return config_.dropout[static_cast<std::size_t>(layer - 1)];
}

template <typename Scalar>
void BatchStep<Scalar>::average() {
    const PhaseClock clock(times_.weights);
    ++averaged_;
    const Scalar share = Scalar{1} / static_cast<Scalar>(averaged_);
    for (std::size_t i = 0; i < average_.size(); ++i) {
        const Weights<Scalar>& weights = stage_.layers[i].weights;
        const Index n = weights.matrix.cols();
        average_[i].leftCols(n) += share * (weights.matrix - average_[i].leftCols(n));
        average_[i].col(n) += share * (weights.bias - average_[i].col(n));
    }
}

template <typename Scalar>
void BatchStep<Scalar>::swap_average() {
    if (averaged_ == 0) {
        return;
    }
    for (std::size_t i = 0; i < average_.size(); ++i) {
        Weights<Scalar>& weights = stage_.layers[i].weights;
        const Index n = weights.matrix.cols();
        weights.matrix.swap(average_[i].leftCols(n));
        weights.bias.swap(average_[i].col(n));
    }
}

template <typename Scalar>
std::vector<std::vector<Matrix<Scalar>*>> BatchStep<Scalar>::solver_state() {
    std::vector<std::vector<Matrix<Scalar>*>> all;
    for (std::size_t i = 0; i < solvers_.size(); ++i) {
        std::vector<Matrix<Scalar>*>& entries = all.emplace_back();
        for (Matrix<Scalar>& matrix : solvers_[i]->state()) {
            entries.push_back(&matrix);
        }
        entries.push_back(&average_[i]);
        entries.push_back(&slopes_[i]);
    }
    return all;
}

template <typename Scalar>
void BatchStep<Scalar>::wait(Request& request) {
    const PhaseClock clock(times_.wait);
    request.wait();
}

template class BatchStep<float>;
template class BatchStep<double>;

}  // namespace hoist
