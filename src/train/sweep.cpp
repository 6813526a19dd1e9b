#include "hoist/train/sweep.hpp"

#include <cmath>

#include "hoist/base/error.hpp"

namespace hoist {

template <typename Scalar>
Sweep<Scalar>::Sweep(const Config& config, const Communicator& world, const Communicator& peers,
                     const Placement& placement, const Samples<Scalar>& samples,
                     Stage<Scalar>& stage, Refit refit)
    : config_(config),
      world_(world),
      peers_(peers),
      samples_(samples),
      stage_(stage),
      first_(placement.first(world.rank())),
      last_(placement.last(world.rank())),
      order_(placement.grid.order(world.rank(), samples.blocks.count())),
      exchange_(world, placement, samples.blocks.count(), Exchange::Channel::training),
      formulation_(make_formulation<Scalar>(config.network, config.formulation)),
      output_(make_output_block<Scalar>(config.network.output, config.formulation.lambda.back())),
      arrivals_above_(order_.size()),
      arrivals_below_(order_.size()),
      column_energy_(samples.columns.size()) {
    const PhaseClock clock(times_.weights);
    const NetworkSpec& network = config.network;
    const Index own = samples.columns.size();
    for (Layer<Scalar>& layer : stage_.layers) {
        const Index l = layer.index;
        if (refit == Refit::yes) {
            const auto kind =
                l == 0 ? NormalEquations::Gram::constant : NormalEquations::Gram::included;
            equations_.emplace_back(network.width(l), network.width(l + 1), kind);
        }
        if (l > 0) {
            layer.activations.resize(network.width(l), own);
            layer.preactivations.resize(network.width(l), own);
        }
    }
    const Index top = network.width(stage_.highest().index + 1);
    (last_ ? stage_.outputs : stage_.above).resize(top, own);
    if (first_ && refit == Refit::yes) {
        NormalEquations inputs(network.inputs(), 1, NormalEquations::Gram::included);
        for (const Index block : order_) {
            inputs.add_gram<Scalar>(columns(stage_.lowest().activations, block));
        }
        sum_over_shards(inputs.values());
        const double samples_count = static_cast<double>(samples_.blocks.samples());
        input_factor_.emplace(inputs.gram(),
                              2.0 * samples_count * config_.ridge.front() / weight_above(0));
    }
}

template <typename Scalar>
void Sweep<Scalar>::forward() {
    const PhaseClock clock(times_.activations);
    prepare();
    energy_ = {};
    column_energy_.setZero();
    add_ridge();
    for (const Index block : order_) {
        expect_below(block);
    }
    const NetworkSpec& network = config_.network;
    for (const Index block : order_) {
        for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
            Layer<Scalar>& layer = stage_.layers[i];
            if (layer.index > 0) {
                wait(arrival(arrivals_below_, block));
                network.activation(layer.index)
                    .apply(columns(layer.preactivations, block), columns(layer.activations, block));
            }
            const MatrixRef<Scalar> u = propagate(i, block, Send::yes);
            if (is_highest(i) && !last_) {
                // The stage above will set X_{e+1} = phi(U_{e+1}); it need not be sent.
                network.activation(layer.index + 1).apply(u, columns(stage_.above, block));
            }
            if (is_highest(i)) {
                add_energy(i, block, u);
            }
        }
        for (std::size_t i = 0; i + 1 < stage_.layers.size(); ++i) {
            add_energy(i, block, columns(stage_.layers[i + 1].preactivations, block));
        }
    }
}

template <typename Scalar>
void Sweep<Scalar>::resume() {
    const PhaseClock clock(times_.activations);
    prepare();
    expect_preactivations();
    send_preactivations(WeightsAre::changed);
}

template <typename Scalar>
void Sweep<Scalar>::operator()() {
    if (config_.activation_step == ActivationStep::joint) {
        move_jointly(Refit::yes);
    } else if (config_.schedule == Schedule::wavefront) {
        move_wavefront(Refit::yes);
    } else {
        move_checkerboard(Refit::yes);
    }
    expect_preactivations();
    refit();
    send_preactivations(WeightsAre::changed);
}

template <typename Scalar>
void Sweep<Scalar>::move_activations() {
    if (config_.activation_step == ActivationStep::joint) {
        move_jointly(Refit::no);
    } else if (config_.schedule == Schedule::wavefront) {
        move_wavefront(Refit::no);
    } else {
        move_checkerboard(Refit::no);
    }
    expect_preactivations();
    send_preactivations(WeightsAre::unchanged);
}

template <typename Scalar>
void Sweep<Scalar>::move_wavefront(Refit refit) {
    for (const Index block : order_) {
        expect_above(block);
    }
    for (const Index block : order_) {
        {
            const PhaseClock clock(times_.activations);
            wait(arrival(arrivals_above_, block));
            for (std::size_t i = stage_.layers.size(); i-- > 0;) {
                move(i, block);
            }
        }
        send_below(block);
        if (refit == Refit::yes) {
            accumulate(block);  // while the message travels
        }
    }
}

template <typename Scalar>
void Sweep<Scalar>::move_checkerboard(Refit refit) {
    const Index lowest = stage_.lowest().index;
    const Index above = stage_.highest().index + 1;
    const auto move_color = [&](bool first_color) {
        for (const Index block : order_) {
            const PhaseClock clock(times_.activations);
            for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
                const Index l = stage_.layers[i].index;
                if (moves_first(l, block) != first_color) {
                    continue;
                }
                if (is_highest(i) && !first_color) {
                    wait(arrival(arrivals_above_, block));  // the neighbor moved in the first half
                }
                move(i, block);
                if (i == 0) {
                    send_below(block);
                }
                if (first_color && l > 0 && !(last_ && is_highest(i))) {
                    propagate(i, block, Send::yes);  // the layer above moves in the second half
                }
            }
        }
    };
    for (const Index block : order_) {
        if (moves_first(above, block)) {
            expect_above(block);
        }
        if (!first_ && !sent_after_refit(lowest, block)) {
            expect_below(block);
        }
    }
    move_color(true);
    for (const Index block : order_) {
        if (!moves_first(above, block)) {
            expect_above(block);
        }
    }
    move_color(false);
    for (const Index block : order_) {
        wait(arrival(arrivals_above_, block));
        if (refit == Refit::yes) {
            accumulate(block);
        }
    }
}

template <typename Scalar>
void Sweep<Scalar>::move(std::size_t position, Index block) {
    Layer<Scalar>& layer = stage_.layers[position];
    if (layer.index == 0) {
        return;
    }
    if (position == 0) {
        wait(arrival(arrivals_below_, block));
    }
    formulation_->update_activations(
        layer.index, layer.weights, columns(layer.preactivations, block),
        target_above(position, block), columns(layer.activations, block));
}

template <typename Scalar>
ConstMatrixRef<Scalar> Sweep<Scalar>::target_above(std::size_t position, Index block) {
    if (!is_highest(position)) {
        return columns(stage_.layers[position + 1].activations, block);
    }
    if (!last_) {
        return columns(stage_.above, block);
    }
    auto u = columns(stage_.outputs, block);
    target_.resize(u.rows(), u.cols());
    const Range range = samples_.local(block);
    output_->target(samples_.targets.middleCols(range.begin, range.size()), u, target_);
    return target_;
}

template <typename Scalar>
void Sweep<Scalar>::accumulate(Index block) {
    const PhaseClock clock(times_.weights);
    for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
        Layer<Scalar>& layer = stage_.layers[i];
        const auto x = columns(layer.activations, block);
        if (last_ && is_highest(i) && !output_->quadratic()) {
            layer.weights.apply(x,
                                columns(stage_.outputs, block));  // T is taken where x has moved to
        }
        const ConstMatrixRef<Scalar> target = target_above(i, block);
        if (layer.index == 0) {
            equations_[i].template add_moment<Scalar>(x, target);
        } else {
            equations_[i].template add<Scalar>(x, target);
        }
    }
}

template <typename Scalar>
void Sweep<Scalar>::refit() {
    const PhaseClock clock(times_.weights);
    for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
        sum_over_shards(equations_[i].values());
        solve(i);
        equations_[i].clear();
    }
    refit_output_again();
    prepare();
}

// Further majorization steps of W_L under a loss that is not quadratic: the Gram matrix stays, T follows the weights. The steps
// are accelerated (Nesterov's, restarted where the momentum points back), because plain ones gain little each.
template <typename Scalar>
void Sweep<Scalar>::refit_output_again() {
    if (!last_ || output_->quadratic()) {
        return;
    }
    const std::size_t position = stage_.layers.size() - 1;
    Layer<Scalar>& layer = stage_.layers[position];
    const RidgeFactor& factor = layer.index == 0 ? *input_factor_ : *output_factor_;
    NormalEquations moments(layer.activations.rows(), stage_.outputs.rows(), NormalEquations::Gram::constant);
    Matrix<double> before = layer.weights.solution();
    double momentum = 1.0;
    for (int step = 1; step < config_.inner; ++step) {
        for (const Index block : order_) {
            const auto x = columns(layer.activations, block);
            layer.weights.apply(x, columns(stage_.outputs, block));
            moments.add_moment<Scalar>(x, target_above(position, block));
        }
        sum_over_shards(moments.values());
        const Matrix<double> from = layer.weights.solution();
        const Matrix<double> reached = factor.solve(moments.moment());
        moments.clear();
        const bool uphill = (from - reached).cwiseProduct(reached - before).sum() > 0.0;
        const double next = uphill ? 1.0 : 0.5 * (1.0 + std::sqrt(1.0 + 4.0 * momentum * momentum));
        const double extrapolation = uphill || step + 1 == config_.inner ? 0.0 : (momentum - 1.0) / next;
        layer.weights.assign(reached + extrapolation * (reached - before));
        before = reached;
        momentum = next;
    }
}

template <typename Scalar>
void Sweep<Scalar>::solve(std::size_t position) {
    Layer<Scalar>& layer = stage_.layers[position];
    const NormalEquations& equations = equations_[position];
    if (layer.index == 0) {
        layer.weights.assign(input_factor_->solve(equations.moment()));
        return;
    }
    const double samples = static_cast<double>(samples_.blocks.samples());
    const double rho = config_.ridge[static_cast<std::size_t>(layer.index)];
    RidgeFactor factor(equations.gram(), 2.0 * samples * rho / weight_above(position));
    layer.weights.assign(factor.solve(equations.moment()));
    if (last_ && is_highest(position) && config_.inner > 1) {
        output_factor_ = std::move(factor);
    }
}

template <typename Scalar>
void Sweep<Scalar>::sum_over_shards(std::span<double> values) {
    if (peers_.size() == 1) {
        return;
    }
    {
        const PhaseClock clock(times_.wait);
        peers_.barrier();
    }
    const PhaseClock clock(times_.exchange);
    peers_.sum(values);
}

template <typename Scalar>
void Sweep<Scalar>::prepare() {
    for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
        if (stage_.layers[i].index > 0) {
            formulation_->prepare(stage_.layers[i].index, stage_.layers[i].weights,
                                  weight_above(i));
        }
    }
}

template <typename Scalar>
MatrixRef<Scalar> Sweep<Scalar>::propagate(std::size_t position, Index block, Send send) {
    Layer<Scalar>& layer = stage_.layers[position];
    const auto x = columns(layer.activations, block);
    if (!is_highest(position) || last_) {
        Matrix<Scalar>& above =
            is_highest(position) ? stage_.outputs : stage_.layers[position + 1].preactivations;
        layer.weights.apply(x, columns(above, block));
        return columns(above, block);
    }
    Outgoing& outgoing = outgoing_[next_outgoing_];
    next_outgoing_ = (next_outgoing_ + 1) % outgoing_.size();
    wait(outgoing.request);
    outgoing.columns.resize(layer.weights.matrix.rows(), x.cols());
    layer.weights.apply(x, outgoing.columns);
    if (send == Send::yes) {
        const PhaseClock clock(times_.exchange);
        outgoing.request = exchange_.send_above<Scalar>(block, outgoing.columns);
    }
    return outgoing.columns;
}

template <typename Scalar>
void Sweep<Scalar>::add_energy(std::size_t position, Index block, const ConstMatrixRef<Scalar>& u) {
    const double mean = 1.0 / static_cast<double>(samples_.blocks.samples());
    const Range range = samples_.local(block);
    const bool output = last_ && is_highest(position);
    const Vector<double> terms =
        output ? output_->energy(samples_.targets.middleCols(range.begin, range.size()), u)
               : formulation_->penalty(stage_.layers[position].index + 1,
                                       target_above(position, block), u);
    (output ? energy_.loss : energy_.penalty) += mean * terms.sum();
    column_energy_.segment(range.begin, range.size()) += terms;
}

template <typename Scalar>
void Sweep<Scalar>::add_ridge() {
    if (peers_.rank() == 0) {
        for (const Layer<Scalar>& layer : stage_.layers) {
            energy_.ridge += config_.ridge[static_cast<std::size_t>(layer.index)] *
                             layer.weights.matrix.template cast<double>().squaredNorm();
        }
    }
}

// Posted before the weights are refit, so that a neighbor that is done first need not wait.
template <typename Scalar>
void Sweep<Scalar>::expect_preactivations() {
    for (const Index block : order_) {
        if (sent_after_refit(stage_.lowest().index, block)) {
            expect_below(block);
        }
    }
}

template <typename Scalar>
void Sweep<Scalar>::send_preactivations(WeightsAre weights) {
    const PhaseClock clock(times_.activations);
    energy_ = {};
    column_energy_.setZero();
    add_ridge();
    for (const Index block : order_) {
        for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
            const Index l = stage_.layers[i].index;
            if (l == 0 && weights == WeightsAre::unchanged && !is_highest(i)) {
                add_energy(i, block, columns(stage_.layers[i + 1].preactivations, block));  // W_0 X_0 is what it was
                continue;
            }
            const Send send = sent_after_refit(l + 1, block) ? Send::yes : Send::no;
            add_energy(i, block, propagate(i, block, send));
        }
    }
    finish_sends();
}

template <typename Scalar>
void Sweep<Scalar>::finish_sends() {
    for (Request& request : sent_below_) {
        wait(request);
    }
    sent_below_.clear();
}

template <typename Scalar>
std::vector<double> Sweep<Scalar>::gaps() const {
    std::vector<double> gaps(config_.network.activations.size(), 0.0);
    for (const Layer<Scalar>& layer : stage_.layers) {
        if (layer.index > 0) {
            gaps[static_cast<std::size_t>(layer.index - 1)] =
                config_.network.activation(layer.index)
                    .gap(layer.activations, layer.preactivations) /
                static_cast<double>(samples_.blocks.samples());
        }
    }
    return gaps;
}

template <typename Scalar>
void Sweep<Scalar>::settle() {
    for (Request& request : arrivals_below_) {
        wait(request);
    }
    for (Outgoing& outgoing : outgoing_) {
        wait(outgoing.request);
    }
}

template <typename Scalar>
void Sweep<Scalar>::send_below(Index block) {
    if (first_) {
        return;
    }
    const PhaseClock clock(times_.exchange);
    sent_below_.push_back(
        exchange_.send_below<Scalar>(block, columns(stage_.lowest().activations, block)));
}

template <typename Scalar>
void Sweep<Scalar>::expect_above(Index block) {
    if (!last_) {
        const PhaseClock clock(times_.exchange);
        arrival(arrivals_above_, block) =
            exchange_.receive_from_above<Scalar>(block, columns(stage_.above, block));
    }
}

template <typename Scalar>
void Sweep<Scalar>::expect_below(Index block) {
    if (!first_) {
        const PhaseClock clock(times_.exchange);
        arrival(arrivals_below_, block) = exchange_.receive_from_below<Scalar>(
            block, columns(stage_.lowest().preactivations, block));
    }
}

template <typename Scalar>
void Sweep<Scalar>::wait(Request& request) {
    const PhaseClock clock(times_.wait);
    request.wait();
}

template <typename Scalar>
double Sweep<Scalar>::weight_above(std::size_t position) const {
    return last_ && is_highest(position)
               ? output_->weight()
               : formulation_->pull_weight(stage_.layers[position].index + 1);
}

template class Sweep<float>;
template class Sweep<double>;

}  // namespace hoist
