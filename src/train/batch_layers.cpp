#include "hoist/train/batch_layers.hpp"

#include <algorithm>

#include "hoist/train/batch_samples.hpp"

namespace hoist {

template <typename Scalar>
BatchLayers<Scalar>::BatchLayers(const Config& config, const Communicator& world,
                                 const Placement& placement, const Samples<Scalar>& samples,
                                 const Batches& batches, Stage<Scalar>& stage,
                                 LearnedCoefficients<Scalar>& coefficients,
                                 const LookAhead<Scalar>& ahead, PhaseTimes& times)
    : samples_(samples),
      batches_(batches),
      stage_(stage),
      coefficients_(coefficients),
      ahead_(ahead),
      times_(times),
      first_(placement.first(world.rank())),
      last_(placement.last(world.rank())),
      minimizes_(config.formulation.iterations > 1),
      passes_(config.formulation.first_passes()),
      formulation_(make_formulation<Scalar>(stage.network, config.formulation)),
      output_(make_output_block<Scalar>(config.network.output, config.formulation)),
      dropout_(config.dropout, config.seed),
      smoothing_(static_cast<Scalar>(config.label_smoothing)),
      sums_(stage.network.layers()),
      batch_sums_(stage.network.layers()) {
    if (first_) {
        inputs_ = make_batch_inputs(config, stage.network, samples);
    }
    prepare(stage.layers);
}

template <typename Scalar>
void BatchLayers<Scalar>::begin_epoch(Index epoch) {
    epoch_ = epoch;
    loss_ = 0.0;
    sums_.clear();
}

template <typename Scalar>
void BatchLayers<Scalar>::forward(Passage<Scalar>& passage, Range layers, Index block, int pass) {
    const PhaseClock clock(times_.activations);
    const Range range = passage.columns(block);
    const std::span<const Index> samples = batches_.samples(passage.batch, block);
    const bool leaves = layers.end == stage_.layers.end;
    if (leaves) {
        passage.halo.finish_send_up(block);
    }
    for (Index l = layers.begin; l < layers.end; ++l) {
        const LinearMap<Scalar> map = ahead_.map(l);
        const auto u_next = part(passage.up.u(l + 1), range);
        if (l == 0) {
            if (pass == 0) {  // the input does not move
                auto& inputs = passage.inputs[passage.position(block)];
                inputs_->fill(epoch_, samples, inputs);
                inputs.apply(map, u_next);
                passage.normalize(block, 0, map);
            }
            continue;
        }
        if (l == stage_.lowest()) {
            passage.halo.await_below(block);
            if (is_last(pass)) {
                passage.safeguard.await_energy(block);
            }
        }
        const auto u = part(passage.up.u(l), range);
        auto x = part(passage.up.x(l), range);
        if (pass == 0) {
            stage_.network.activation(l).apply(u, x);
        } else {
            formulation_->minimizer(l, u, passage.pull(l).of(range), x);
        }
        if (is_last(pass)) {
            passage.safeguard.add_energy(range, formulation_->penalty(l, x, u));
        }
        dropout_.apply<Scalar>(epoch_, l, samples, x);
        map.apply(x, u_next);
        passage.normalize(block, l, map);
    }
    if (leaves && !last_) {
        passage.halo.send_up(block, part(passage.up.u(stage_.layers.end), range));
        if (is_last(pass)) {
            passage.safeguard.send_up(block, range);
        }
    } else if (leaves && pass == 0) {
        take_targets<Scalar>(samples_, epoch_, samples, smoothing_, part(passage.targets, range));
    }
}

template <typename Scalar>
void BatchLayers<Scalar>::backward(Passage<Scalar>& passage, Range layers, Index block, int pass) {
    const PhaseClock clock(times_.activations);
    const Range range = passage.columns(block);
    const bool again = pass + 1 < passes_;
    const bool lowest = layers.begin == stage_.lowest();
    if (lowest) {
        passage.halo.finish_send_down(block);
    }
    if (is_output(layers.end - 1)) {
        output_signal(passage, range, pass);
    } else if (layers.end == stage_.layers.end) {
        passage.halo.await_above(block);
        if (is_last(pass)) {
            passage.safeguard.await_verdict(block);
        }
    }
    for (Index l = layers.end; l-- > layers.begin;) {
        minimizes_ ? minimize(passage, block, l) : answer(passage, block, l, pass);
    }
    if (again && lowest) {
        passage.expect(block);
        if (is_last(pass + 1)) {
            passage.safeguard.expect(block, range);
        }
    }
    if (lowest && !first_) {
        passage.halo.send_down(block, part(passage.answer(stage_.lowest()), range));
        if (is_last(pass)) {
            passage.safeguard.send_down(block, range);
        }
    }
    for (Index l = layers.begin; is_last(pass) && l < layers.end; ++l) {
        passage.safeguard.silence(range, part(passage.down.u(l + 1), range));
    }
}

// s_{L+1}: in the first pass the slope of the loss at u, and then on the way to the slope at its own u.
template <typename Scalar>
void BatchLayers<Scalar>::output_signal(Passage<Scalar>& passage, Range columns, int pass) {
    const auto y = part(passage.targets, columns);
    const auto u = part(passage.up.u(stage_.layers.end), columns);
    const auto r = part(passage.down.u(stage_.layers.end), columns);
    if (pass == 0) {
        const Vector<double> loss = output_->energy(y, u);
        loss_ += loss.sum();
        output_->slope(y, u, r);
        if (passes_ > 1) {
            passage.output.begin(columns, u, r);
            passage.safeguard.start(columns, loss);
        }
        return;
    }
    Matrix<Scalar> slope(r.rows(), r.cols());
    output_->slope(y, u, slope);
    passage.output.step(columns, u, slope, r);
    if (is_last(pass)) {
        batch_sums_.add_residual<Scalar>(stage_.layers.end, slope, r);
        passage.safeguard.judge(columns, output_->energy(y, u), batch_sums_);
    }
}

// s_l from s_{l+1}, at the state of the way up.
template <typename Scalar>
void BatchLayers<Scalar>::answer(Passage<Scalar>& passage, Index block, Index layer, int pass) {
    passage.pull_back(block, layer);
    if (layer == 0) {
        return;
    }
    const Range range = passage.columns(block);
    const std::span<const Index> samples = batches_.samples(passage.batch, block);
    const auto u = part(passage.up.u(layer), range);
    const auto s = part(passage.down.u(layer), range);
    Matrix<Scalar> g(passage.up.x(layer).rows(), range.size());
    stage_.unnormalized(layer).pull_back(part(passage.down.u(layer + 1), range), g);
    const bool drops = dropout_.active(layer);
    const auto respond = [&](const ConstMatrixRef<Scalar>& phi) {
        if (is_last(pass)) {
            Matrix<Scalar> before(s.rows(), s.cols());
            formulation_->respond(layer, u, passage.pull(layer).of(range), phi, before);
            formulation_->respond(layer, u, g, phi, s);
            batch_sums_.add_residual<Scalar>(layer, before, s);
            const auto x = part(passage.up.x(layer), range);
            if (drops) {
                Matrix<Scalar> kept = phi;
                dropout_.apply<Scalar>(epoch_, layer, samples, kept);
                batch_sums_.add_violation<Scalar>(layer, x, kept);
            } else {
                batch_sums_.add_violation<Scalar>(layer, x, phi);
            }
        }
        if (passes_ > 1) {
            passage.pull(layer).step(range, pass, g);
            g = passage.pull(layer).of(range);
        }
        formulation_->respond(layer, u, g, phi, s);
        if (pass + 1 == passes_) {
            if (is_last(pass)) {
                passage.safeguard.silence(range, g);
            }
            coefficients_.add(*formulation_, layer, u, g);
        }
    };
    if (drops) {
        dropout_.apply<Scalar>(epoch_, layer, samples, g);
    }
    if (drops || pass > 0) {
        Matrix<Scalar> phi(g.rows(), g.cols());
        stage_.network.activation(layer).apply(u, phi);
        respond(phi);
    } else {
        respond(part(passage.up.x(layer), range));
    }
}

// Moves x_l from phi(u_l) against what is above it, and takes the signal of W_l before that.
template <typename Scalar>
void BatchLayers<Scalar>::minimize(Passage<Scalar>& passage, Index block, Index layer) {
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
void BatchLayers<Scalar>::prepare(Range layers) {
    for (Index l = std::max<Index>(layers.begin, 1); minimizes_ && l < layers.end; ++l) {
        const double above = is_output(l) ? output_->weight() : formulation_->pull_weight(l + 1);
        formulation_->prepare(l, stage_.map(l), above);
    }
}

template <typename Scalar>
void BatchLayers<Scalar>::weigh(const std::vector<double>& lambda) {
    formulation_->weigh(lambda);
    prepare(stage_.layers);
}

template class BatchLayers<float>;
template class BatchLayers<double>;

}  // namespace hoist
