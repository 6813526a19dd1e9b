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
void LrrnRelaxation<Scalar>::resize(const Layout& layout, After after) {
    layout_ = layout;
    progress_.assign(layout.size(), {});
    std::vector<Index> sizes;
    for (const Range& block : layout) {
        sizes.push_back(block.size());
    }
    messages_.resize(sizes, after != After::nothing);
    const Index columns = layout.empty() ? 0 : layout.back().end;
    layers_.resize(columns, after);
    given_.resize(last() ? stage_.network.outputs() : 0, columns);
}

template <typename Scalar>
void LrrnRelaxation<Scalar>::operator()(const RelaxationEnd& end, const FirstMap& first_map,
                                        const Answer& answer) {
    end_ = end;
    first_map_ = &first_map;
    answer_ = &answer;
    rising_.clear();
    falling_.clear();
    for (const Index block : order_) {
        const bool taken = columns(block).size() > 0;
        progress(block) = {.phase = taken ? Phase::free : Phase::over};
        if (taken) {
            rising_.push_back(block);
            if (!first()) {
                messages_.expect_below(block);
            }
        }
    }
    const auto take = [](std::deque<Index>& blocks) {
        const Index block = blocks.front();
        blocks.pop_front();
        return block;
    };
    const auto fall = [&](Index block) {
        down(block);
        if (!is_over(block)) {  // alone, a stage stays with a block whose numbers are near
            last() && turns_at_bottom() ? rising_.push_front(block) : rising_.push_back(block);
        }
    };
    while (!rising_.empty() || !falling_.empty()) {
        if (!next_rises()) {
            fall(take(falling_));
            continue;
        }
        const Index block = take(rising_);
        up(block);
        if (last()) {
            fall(block);
        } else {
            falling_.push_back(block);
        }
    }
    messages_.finish_sends();
}

template <typename Scalar>
bool LrrnRelaxation<Scalar>::rises_by_itself(Index block) {
    const bool begins = progress(block).phase == Phase::free && progress(block).sweeps == 0;
    return first() || (turns_at_bottom() && !begins);
}

template <typename Scalar>
bool LrrnRelaxation<Scalar>::next_rises() {
    if (rising_.empty() || falling_.empty()) {
        return falling_.empty();
    }
    const Index below = rising_.front();
    const Index above = falling_.front();
    if (rises_by_itself(below)) {
        return true;
    }
    for (;;) {
        if (messages_.arrived_from_above(above)) {
            return false;
        }
        if (messages_.arrived_from_below(below)) {
            return true;
        }
        messages_.await_either(below, above);
    }
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
            // The lowest of all has just come down, but where it is the topmost, too.
            if (k > 1 || begins || k == layers_.top()) {
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
    while (word == Word::another || (word == Word::last && state.phase == Phase::free)) {
        send_down(block, word);  // its state stays as it is
        if (word == Word::last) {
            state.phase = Phase::over;
            return;
        }
        state = {.phase = layers_.following(state.phase)};
        layers_.begin(state.phase, columns(block));
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
        double& most = state.phase == Phase::free ? figures_.change : figures_.later_change;
        most = std::max(most, state.change);
    }
    state.change = 0.0;
    if (settled && (state.phase == Phase::free || layers_.following(state.phase) != Phase::over)) {
        word = begin_next_at_top(block);
    } else {
        come_down(block);
        send_down(block, word);
    }
    if (word == Word::last) {
        state.phase = Phase::over;
    }
}

// Whether other phases follow the free one of a block.
template <typename Scalar>
bool LrrnRelaxation<Scalar>::answer(Index block) {
    const PhaseClock clock(times_.activations);
    const Range c = columns(block);
    figures_.sweeps += progress(block).sweeps;
    figures_.blocks += 1.0;
    return (*answer_)(block, layers_.outputs(c), part(given_, c));
}

// The state of a phase stays as it is, and the next one comes down; returns the word that has gone down last.
template <typename Scalar>
typename LrrnRelaxation<Scalar>::Word LrrnRelaxation<Scalar>::begin_next_at_top(Index block) {
    const Range c = columns(block);
    Progress& state = progress(block);
    if (state.phase == Phase::free && !answer(block)) {
        send_down(block, Word::last);
        return Word::last;
    }
    send_down(block, Word::another);
    state = {.phase = layers_.following(state.phase), .sweeps = 1};
    {
        const PhaseClock clock(times_.activations);
        layers_.begin(state.phase, c);
        layers_.meet_at_top(state.phase, part(given_, c), c);
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
    using Turn = typename LrrnMessages<Scalar>::Turn;
    const Phase phase = progress(block).phase;
    messages_.send_down(block,
                        phase == Phase::free || phase == Phase::nudged_up ? Turn::odd : Turn::even,
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
