#include "hoist/train/sweep.hpp"

// What a sweep computes for its neighbors, sends and waits for, and the energy it adds up on the
// way.

namespace hoist {

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
                add_energy(
                    i, block,
                    columns(stage_.layers[i + 1].preactivations, block));  // W_0 X_0 is what it was
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
    const auto samples = static_cast<double>(samples_.blocks.samples());
    for (const Layer<Scalar>& layer : stage_.layers) {
        if (layer.index == 0) {
            continue;
        }
        const auto& x = layer.activations;
        const auto& u = layer.preactivations;
        const double sum = formulation_->keeps_domain()
                               ? config_.network.activation(layer.index).gap(x, u).sum()
                               : formulation_->penalty(layer.index, x, u).sum() /
                                     config_.formulation.lambda_of(layer.index);
        gaps[static_cast<std::size_t>(layer.index - 1)] = sum / samples;
    }
    return gaps;
}

template <typename Scalar>
std::string Sweep<Scalar>::gap_formula() const {
    return formulation_->keeps_domain() ? "F(x) + F*(u) - <x, u>" : "1/2 |x - phi(u)|^2";
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

template MatrixRef<float> Sweep<float>::propagate(std::size_t, Index, Send);
template void Sweep<float>::add_energy(std::size_t, Index, const ConstMatrixRef<float>&);
template void Sweep<float>::add_ridge();
template void Sweep<float>::expect_preactivations();
template void Sweep<float>::send_preactivations(WeightsAre);
template void Sweep<float>::finish_sends();
template std::vector<double> Sweep<float>::gaps() const;
template void Sweep<float>::settle();
template void Sweep<float>::send_below(Index);
template void Sweep<float>::expect_above(Index);
template void Sweep<float>::expect_below(Index);
template void Sweep<float>::wait(Request&);
template MatrixRef<double> Sweep<double>::propagate(std::size_t, Index, Send);
template void Sweep<double>::add_energy(std::size_t, Index, const ConstMatrixRef<double>&);
template void Sweep<double>::add_ridge();
template void Sweep<double>::expect_preactivations();
template void Sweep<double>::send_preactivations(WeightsAre);
template void Sweep<double>::finish_sends();
template std::vector<double> Sweep<double>::gaps() const;
template void Sweep<double>::settle();
template void Sweep<double>::send_below(Index);
template void Sweep<double>::expect_above(Index);
template void Sweep<double>::expect_below(Index);
template void Sweep<double>::wait(Request&);

}  // namespace hoist
