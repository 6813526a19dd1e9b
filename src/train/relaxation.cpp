#include "hoist/train/relaxation.hpp"

#include <algorithm>

#include "joint_step.hpp"

namespace hoist {

template <typename Scalar>
Relaxation<Scalar>::Relaxation(const Config& config, const Communicator& world,
                               const Communicator& peers, const Placement& placement,
                               const Samples<Scalar>& samples, Stage<Scalar>& stage,
                               Variables<Scalar>& variables)
    : config_(config),
      world_(world),
      peers_(peers),
      samples_(samples),
      stage_(stage),
      variables_(variables),
      order_(placement.grid.order(world.rank(), samples.blocks.count())),
      terms_(config, samples, stage, variables),
      halo_(world, placement, samples.blocks.count(), samples.own, times_),
      outgoing_(Exchange(world, placement, samples.blocks.count(), Exchange::Channel::training),
                times_),
      lift_sums_(config.network.layers()),
      column_energy_(samples.columns.size()) {
    const NetworkSpec& network = config.network;
    const Index own = samples.columns.size();
    for (Index l = std::max<Index>(stage.layers.begin, 1); l < stage.layers.end; ++l) {
        variables.x(l).resize(network.block(l).size(), own);
        variables.u(l).resize(network.map(l - 1).to.size(), own);
    }
    const Index above = stage.layers.end;
    const bool last = terms_.is_output(stage.highest());
    (last ? variables.u(above) : variables.x(above)).resize(network.block(above).size(), own);
}

template <typename Scalar>
void Relaxation<Scalar>::forward() {
    const PhaseClock clock(times_.activations);
    terms_.prepare();
    begin_energy();
    for (const Index block : order_) {
        expect_below(block);
    }
    for (const Index block : order_) {
        for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
            if (l > 0) {
                halo_.await_below(block);
                terms_.activate(l, block);
            }
            const MatrixRef<Scalar> u = propagate(l, block, Send::yes);
            if (is_highest(l) && !terms_.is_output(l)) {
                // The stage above will set X_{e+1} = phi(U_{e+1}); it need not be sent.
                config_.network.activation(l + 1).apply(u, terms_.x(l + 1, block));
            }
            if (is_highest(l)) {
                add_energy(l, block, u);
            }
        }
        for (Index l = stage_.lowest(); l < stage_.highest(); ++l) {
            add_energy(l, block, terms_.u(l + 1, block));
        }
    }
}

template <typename Scalar>
void Relaxation<Scalar>::resume() {
    const PhaseClock clock(times_.activations);
    terms_.prepare();
    expect_preactivations();
    propagate(WeightsAre::changed);
}

template <typename Scalar>
void Relaxation<Scalar>::move(const std::function<void(Index)>& moved) {
    if (config_.activation_step == ActivationStep::joint) {
        move_jointly(moved);
    } else if (config_.schedule == Schedule::wavefront) {
        move_wavefront(moved);
    } else {
        move_checkerboard(moved);
    }
    expect_preactivations();
}

template <typename Scalar>
void Relaxation<Scalar>::move_wavefront(const std::function<void(Index)>& moved) {
    for (const Index block : order_) {
        expect_above(block);
    }
    for (const Index block : order_) {
        {
            const PhaseClock clock(times_.activations);
            halo_.await_above(block);
            for (Index l = stage_.layers.end; l-- > stage_.layers.begin;) {
                if (l == stage_.lowest()) {
                    halo_.await_below(block);
                }
                terms_.move(l, block);
            }
        }
        send_down(block);
        moved(block);  // while the message travels
    }
}

template <typename Scalar>
void Relaxation<Scalar>::move_checkerboard(const std::function<void(Index)>& moved) {
    const Index lowest = stage_.lowest();
    const Index above = stage_.layers.end;
    for (const Index block : order_) {
        if (moves_first(above, block)) {
            expect_above(block);
        }
        if (lowest > 0 && !sent_after_move(lowest, block)) {
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
        halo_.await_above(block);
        moved(block);
    }
}

template <typename Scalar>
void Relaxation<Scalar>::move_color(bool first_color) {
    for (const Index block : order_) {
        const PhaseClock clock(times_.activations);
        for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
            if (moves_first(l, block) != first_color) {
                continue;
            }
            if (is_highest(l) && !first_color) {
                halo_.await_above(block);  // the neighbor moved in the first half
            }
            if (l == stage_.lowest()) {
                halo_.await_below(block);
            }
            terms_.move(l, block);
            if (l == stage_.lowest()) {
                send_down(block);
            }
            if (first_color && l > 0 && !terms_.is_output(l)) {
                propagate(l, block, Send::yes);  // the layer above moves in the second half
            }
        }
    }
}

template <typename Scalar>
void Relaxation<Scalar>::move_jointly(const std::function<void(Index)>& moved) {
    JointStep<Scalar> step(config_, world_, peers_, stage_, variables_, samples_, terms_);
    const auto show_activations = [&] {
        for (const Index block : order_) {
            expect_above(block);
        }
        for (const Index block : order_) {
            send_down(block);
        }
    };
    {
        const PhaseClock clock(times_.activations);
        step.begin();
    }
    for (int iteration = 0; iteration < config_.joint_iterations; ++iteration) {
        for (const Index block : order_) {
            expect_below(block);
        }
        show_activations();
        step.begin_iteration();
        for (const Index block : order_) {
            const PhaseClock clock(times_.activations);
            std::vector<MatrixRef<Scalar>> above;
            for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
                above.push_back(propagate(l, block, Send::yes));
            }
            halo_.await_above(block);
            halo_.await_below(block);
            halo_.finish_send_down(block);
            step.move(block, above);
        }
        const PhaseClock clock(times_.wait);
        step.restart(order_);
    }
    for (const Index block : order_) {
        step.take_iterate(block);
    }
    show_activations();
    for (const Index block : order_) {
        halo_.await_above(block);
        moved(block);
    }
    halo_.finish_sends();
}

template <typename Scalar>
void Relaxation<Scalar>::propagate(WeightsAre weights) {
    const PhaseClock clock(times_.activations);
    begin_energy();
    for (const Index block : order_) {
        for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
            if (l == 0 && weights == WeightsAre::unchanged && !is_highest(l)) {
                add_energy(l, block, terms_.u(1, block));  // W_0 X_0 is what it was
                continue;
            }
            const Send send = sent_after_move(l + 1, block) ? Send::yes : Send::no;
            add_energy(l, block, propagate(l, block, send));
        }
    }
    halo_.finish_sends();
}

// Computes U_{l+1} of a block, for the next layer of the stage or to be sent. A view that lasts until
// the next blocks have been computed.
template <typename Scalar>
MatrixRef<Scalar> Relaxation<Scalar>::propagate(Index layer, Index block, Send send) {
    if (!is_highest(layer) || terms_.is_output(layer)) {
        terms_.apply(layer, block);
        return terms_.u(layer + 1, block);
    }
    Matrix<Scalar>& u =
        outgoing_.next(config_.network.map(layer).to.size(), samples_.local(block).size());
    terms_.apply(layer, block, u);
    if (send == Send::yes) {
        outgoing_.send(block);
    }
    return u;
}

template <typename Scalar>
void Relaxation<Scalar>::begin_energy() {
    energy_ = {};
    lift_sums_.clear();
    column_energy_.setZero();
    if (peers_.rank() == 0) {
        energy_.ridge = stage_.ridge(config_.ridge);
    }
}

template <typename Scalar>
void Relaxation<Scalar>::add_energy(Index layer, Index block, const ConstMatrixRef<Scalar>& u) {
    const double mean = 1.0 / static_cast<double>(samples_.blocks.samples());
    const Range range = samples_.local(block);
    const Vector<double> energies = terms_.energy(layer, block, u);
    (terms_.is_output(layer) ? energy_.loss : energy_.penalty) += mean * energies.sum();
    if (!terms_.is_output(layer)) {
        terms_.add_violation(layer, block, u, lift_sums_);
    }
    column_energy_.segment(range.begin, range.size()) += energies;
}

// Posted before the weights are refit, so that a neighbor that is done first need not wait.
template <typename Scalar>
void Relaxation<Scalar>::expect_preactivations() {
    for (const Index block : order_) {
        if (sent_after_move(stage_.lowest(), block)) {
            expect_below(block);
        }
    }
}

template <typename Scalar>
void Relaxation<Scalar>::expect_above(Index block) {
    if (!terms_.is_output(stage_.highest())) {
        halo_.expect_above(block, terms_.x(stage_.layers.end, block));
    }
}

template <typename Scalar>
void Relaxation<Scalar>::expect_below(Index block) {
    if (stage_.lowest() > 0) {
        halo_.expect_below(block, terms_.u(stage_.lowest(), block));
    }
}

template <typename Scalar>
void Relaxation<Scalar>::send_down(Index block) {
    if (stage_.lowest() > 0) {
        halo_.send_down(block, terms_.x(stage_.lowest(), block));
    }
}

template <typename Scalar>
void Relaxation<Scalar>::settle() {
    halo_.settle();
    outgoing_.finish();
}

template class Relaxation<float>;
template class Relaxation<double>;

}  // namespace hoist
