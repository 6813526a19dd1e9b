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
      output_(make_output_block<Scalar>(config.network.output, config.formulation.output_lambda())),
      arrivals_above_(order_.size()),
      arrivals_below_(order_.size()),
      column_energy_(samples.columns.size()) {
    const PhaseClock clock(times_.weights);
    const NetworkSpec& network = config.network;
    const Index own = samples.columns.size();
    for (Layer<Scalar>& layer : stage_.layers) {
        if (layer.index > 0) {
            layer.activations.resize(network.width(layer.index), own);
            layer.preactivations.resize(network.map_outputs(layer.index - 1), own);
        }
    }
    const Index top = stage_.highest().index + 1;
    (last_ ? stage_.outputs : stage_.above).resize(network.width(top), own);
    if (refit == Refit::no) {
        return;
    }
    std::vector<double> weights_above;
    for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
        weights_above.push_back(weight_above(i));
    }
    refit_.emplace(config, peers, samples.blocks.samples(), stage, std::move(weights_above),
                   times_);
    if (first_) {
        for (const Index block : order_) {
            refit_->add_inputs(columns(stage_.lowest().activations, block));
        }
        refit_->factor_inputs();
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
    move_all(Refit::yes);
    refit();
    send_preactivations(WeightsAre::changed);
}

template <typename Scalar>
void Sweep<Scalar>::move_activations() {
    move_all(Refit::no);
    send_preactivations(WeightsAre::unchanged);
}

template <typename Scalar>
void Sweep<Scalar>::move_all(Refit refit) {
    if (config_.activation_step == ActivationStep::joint) {
        move_jointly(refit);
    } else if (config_.schedule == Schedule::wavefront) {
        move_wavefront(refit);
    } else {
        move_checkerboard(refit);
    }
    expect_preactivations();
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
    const auto update = [&](const Above<Scalar>& above) {
        formulation_->update_activations(layer.index, layer.weights,
                                         columns(layer.preactivations, block), above,
                                         columns(layer.activations, block));
    };
    if (last_ && is_highest(position)) {
        update(OutputAbove<Scalar>(*output_, targets(block), target_above(position, block)));
    } else {
        update(PenaltyAbove<Scalar>(*formulation_, layer.index + 1, target_above(position, block)));
    }
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
    output_->target(targets(block), u, target_);
    return target_;
}

// T of the majorizer at the moved state, which the weights regress onto.
template <typename Scalar>
ConstMatrixRef<Scalar> Sweep<Scalar>::regression_target(std::size_t position, Index block) {
    const ConstMatrixRef<Scalar> above = target_above(position, block);
    if (formulation_->quadratic() || (last_ && is_highest(position))) {
        return above;
    }
    const Layer<Scalar>& layer = stage_.layers[position];
    const Range range = samples_.local(block);
    Matrix<Scalar> u(layer.weights.matrix.rows(), above.cols());
    layer.weights.apply(layer.activations.middleCols(range.begin, range.size()), u);
    target_.resize(u.rows(), u.cols());
    formulation_->signal(layer.index + 1, above, u, target_);
    target_ = u - static_cast<Scalar>(1.0 / weight_above(position)) * target_;
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
        refit_->add(i, x, regression_target(i, block));
    }
}

template <typename Scalar>
void Sweep<Scalar>::refit() {
    const PhaseClock clock(times_.weights);
    try {
        refit_->solve();
        if (last_ && !output_->quadratic()) {
            improve_output();
        }
        prepare();
    } catch (
        const Error&
            error) {  // the same on every shard of the stage; the sweep goes on, so that nobody waits in vain
        failure_ = error;
    }
}

template <typename Scalar>
void Sweep<Scalar>::improve_output() {
    const std::size_t top = stage_.layers.size() - 1;
    Layer<Scalar>& layer = stage_.highest();
    refit_->improve_output(config_.inner - 1, [&](NormalEquations& moments) {
        for (const Index block : order_) {
            const auto x = columns(layer.activations, block);
            layer.weights.apply(x, columns(stage_.outputs, block));
            moments.add<Scalar>(x, target_above(top, block));
        }
    });
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
double Sweep<Scalar>::weight_above(std::size_t position) const {
    return last_ && is_highest(position)
               ? output_->weight()
               : formulation_->pull_weight(stage_.layers[position].index + 1);
}

template class Sweep<float>;
template class Sweep<double>;

}  // namespace hoist
