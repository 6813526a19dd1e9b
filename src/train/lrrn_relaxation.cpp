#include "hoist/train/lrrn_relaxation.hpp"

#include <algorithm>

namespace hoist {

template <typename Scalar>
LrrnRelaxation<Scalar>::LrrnRelaxation(const FormulationOptions& options, const Communicator& world,
                                       const Placement& placement, const Stage<Scalar>& stage,
                                       Index blocks, Range own, PhaseTimes& times,
                                       Exchange::Channel channel)
    : stage_(stage),
      own_(own),
      order_(placement.grid.order(world.rank(), blocks)),
      times_(times),
      messages_(world, placement, stage, blocks, own, times, channel),
      layers_(options, stage) {}

template <typename Scalar>
void LrrnRelaxation<Scalar>::prepare() {
    const PhaseClock clock(times_.activations);
    layers_.take_weights();
    layers_.prepare(messages_.hand_up(
        last() ? Matrix<Scalar>() : layers_.term(stage_.highest()).curvature_above(),
        stage_.network.block(stage_.lowest()).size()));
}

template <typename Scalar>
void LrrnRelaxation<Scalar>::resize(const Layout& layout, bool with_adjoint) {
    layout_ = layout;
    progress_.assign(layout.size(), {});
    std::vector<Index> sizes;
    for (const Range& block : layout) {
        sizes.push_back(block.size());
    }
    messages_.resize(sizes, with_adjoint);
    const Index columns = layout.empty() ? 0 : layout.back().end;
    layers_.resize(columns, with_adjoint);
    slope_.resize(last() ? stage_.network.outputs() : 0, columns);
}

template <typename Scalar>
bool LrrnRelaxation<Scalar>::any_left() const {
    return std::ranges::any_of(progress_, [](const Progress& p) { return p.phase != Phase::over; });
}

template <typename Scalar>
void LrrnRelaxation<Scalar>::operator()(const RelaxationEnd& end, const FirstMap& first_map,
                                        const Loss& loss) {
    end_ = end;
    first_map_ = &first_map;
    loss_ = &loss;
    for (const Index block : order_) {
        const bool taken = columns(block).size() > 0;
        progress(block) = {.phase = taken ? Phase::free : Phase::over};
        if (taken && !first()) {
            messages_.expect_below(block);
        }
    }
    const auto each = [&](const auto& visit) {
        for (const Index block : order_) {
            if (!is_over(block)) {
                visit(block);
            }
        }
    };
    const auto up_and_down = [&](Index block) {
        up(block);
        down(block);
    };
    if (last() && turns_at_bottom()) {
        each([&](Index block) {
            while (!is_over(block)) {
                up_and_down(block);
            }
        });
    } else if (last()) {
        while (any_left()) {
            each(up_and_down);
        }
    } else {
        each([&](Index block) { up(block); });
        while (any_left()) {
            each([&](Index block) {
                down(block);
                if (turns_at_bottom() && !is_over(block)) {
                    up(block);
                }
            });
            if (!turns_at_bottom()) {
                each([&](Index block) { up(block); });
            }
        }
    }
    messages_.finish_sends();
}

template <typename Scalar>
void LrrnRelaxation<Scalar>::up(Index block) {
    const Range c = columns(block);
    const Range moved = layers_.moved();
    Progress& state = progress(block);
    const bool begins = state.phase == Phase::free && state.sweeps == 0;
    if (!first() && (begins || !turns_at_bottom())) {
        receive_from_below(block);
    }
    {
        const PhaseClock clock(times_.activations);
        if (begins) {
            layers_.begin(c);
        }
        if (begins && first()) {
            (*first_map_)(block, part(layers_.below(1), c));
            layers_.term(0).upward_from_map(part(layers_.below(1), c));
        }
        for (Index k = moved.begin; k < moved.end; ++k) {
            if (k > moved.begin) {
                layers_.pull_above(state.phase, k - 1, c, part(layers_.below(k), c));
            }
            if (k > 1 || begins) {  // the lowest of all has just come down otherwise
                lower(block, k);
            }
        }
    }
    ++state.sweeps;
    if (!last()) {
        send_up(block);
    }
}

template <typename Scalar>
void LrrnRelaxation<Scalar>::down(Index block) {
    if (last()) {
        turn_at_top(block);
        return;
    }
    Progress& state = progress(block);
    Word word = receive_from_above(block);
    if (state.phase == Phase::free && word != Word::go_on) {  // its state stays as it is
        send_down(block, word);
        if (word == Word::last) {
            state.phase = Phase::over;
            return;
        }
        state = {.phase = Phase::adjoint};
        layers_.begin_adjoint(columns(block));
        messages_.expect_above(block);
        word = receive_from_above(block);
    }
    come_down(block);
    send_down(block, word);
    if (word == Word::last) {
        state.phase = Phase::over;
    }
}

// All blocks of the stage but the topmost, which has just met everything that pulls at it.
template <typename Scalar>
void LrrnRelaxation<Scalar>::come_down(Index block) {
    const PhaseClock clock(times_.activations);
    const Range moved = layers_.moved();
    for (Index k = std::min(moved.end, layers_.top()) - 1; k >= moved.begin; --k) {
        layers_.pull_from_above(progress(block).phase, k, columns(block));
        lower(block, k);
    }
}

// Decides how a block goes on that has come up to the top.
template <typename Scalar>
void LrrnRelaxation<Scalar>::turn_at_top(Index block) {
    Progress& state = progress(block);
    const bool settled =
        state.sweeps >= end_.sweeps || (state.sweeps > 1 && state.change <= end_.tolerance);
    Word word = settled ? Word::last : Word::go_on;
    if (settled) {
        double& most = state.phase == Phase::free ? figures_.change : figures_.adjoint_change;
        most = std::max(most, state.change);
    }
    state.change = 0.0;
    if (settled && state.phase == Phase::free) {
        word = begin_adjoint_at_top(block);
    } else {
        come_down(block);
        send_down(block, word);
    }
    if (word == Word::last) {
        state.phase = Phase::over;
    }
}

// Where the loss has a slope; returns the word that has gone down last.
template <typename Scalar>
typename LrrnRelaxation<Scalar>::Word LrrnRelaxation<Scalar>::begin_adjoint_at_top(Index block) {
    const Range c = columns(block);
    Progress& state = progress(block);
    figures_.sweeps += state.sweeps;
    figures_.blocks += 1.0;
    bool has_slope = false;
    {
        const PhaseClock clock(times_.activations);
        has_slope = (*loss_)(block, layers_.outputs(c), part(slope_, c));
    }
    if (!has_slope) {
        send_down(block, Word::last);
        return Word::last;
    }
    send_down(block, Word::adjoint_follows);
    state = {.phase = Phase::adjoint, .sweeps = 1};
    {
        const PhaseClock clock(times_.activations);
        layers_.begin_adjoint(c);
        layers_.pull_at_top(part(slope_, c), c);
        lower(block, layers_.top());
    }
    come_down(block);
    const Word word = end_.sweeps == 1 ? Word::last : Word::go_on;
    send_down(block, word);
    return word;
}

template <typename Scalar>
void LrrnRelaxation<Scalar>::lower(Index block, Index k) {
    Progress& state = progress(block);
    state.change = std::max(state.change, layers_.lower(state.phase, k, columns(block)));
}

template <typename Scalar>
void LrrnRelaxation<Scalar>::send_up(Index block) {
    Progress& state = progress(block);
    auto p = part(layers_.below(stage_.layers.end), columns(block));
    if (!passive()) {
        const PhaseClock clock(times_.activations);
        layers_.pull_above(state.phase, stage_.highest(), columns(block), p);
    }
    messages_.send_up(block, p, state.change);
    state.change = 0.0;
    messages_.expect_above(block);
}

// Below the lowest block of all only what is final is wanted.
template <typename Scalar>
void LrrnRelaxation<Scalar>::send_down(Index block, Word word) {
    if (first() || (turns_at_bottom() && word == Word::go_on)) {
        return;
    }
    using What = typename LrrnMessages<Scalar>::What;
    const Phase phase = progress(block).phase;
    messages_.send_down(block, phase == Phase::free ? What::state : What::adjoint,
                        part(layers_.of(phase, stage_.lowest()), columns(block)), word);
    if (word == Word::go_on) {
        messages_.expect_below(block);
    }
}

template <typename Scalar>
void LrrnRelaxation<Scalar>::receive_from_below(Index block) {
    double change = 0.0;
    part(layers_.below(stage_.lowest()), columns(block)) =
        messages_.receive_from_below(block, change);
    progress(block).change = std::max(progress(block).change, change);
}

template <typename Scalar>
typename LrrnRelaxation<Scalar>::Word LrrnRelaxation<Scalar>::receive_from_above(Index block) {
    Word word{};
    part(layers_.of(progress(block).phase, stage_.layers.end), columns(block)) =
        messages_.receive_from_above(block, word);
    return word;
}

template class LrrnRelaxation<float>;
template class LrrnRelaxation<double>;

}  // namespace hoist
