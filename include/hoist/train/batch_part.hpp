#pragma once

#include "hoist/model/column_groups.hpp"

namespace hoist {

/// How far layers with the same delay are with the mini-batches of an epoch. A batch takes turns: its blocks, pass by
/// pass.
struct BatchProgress {
    /// Batches.
    Index delay = 0;
    /// Batches that have gone up through it, and turns of the one after them.
    Index risen = 0;
    std::size_t rising = 0;
    /// Batches whose step has been taken, and turns of the one after them that have been answered.
    Index stepped = 0;
    std::size_t answered = 0;

    /// Whether the step is missing that the way up of the batch after `begun` others waits for, or to the end that of
    /// the last.
    bool must_step(Index begun, bool to_the_end) const {
        return stepped < begun - (to_the_end ? 0 : delay);
    }
    bool is_behind(Index begun, bool to_the_end) const {
        return risen < begun || must_step(begun, to_the_end);
    }
    /// Whether its own progress allows the next turn up, with so many blocks in a pass, and down.
    bool can_rise(Index begun, std::size_t blocks) const {
        return risen < begun && (rising < blocks || answered + blocks > rising);
    }
    bool can_answer(Index begun, std::size_t turns) const {
        return stepped < begun && answered < turns && (stepped < risen || answered < rising);
    }
    /// Counts a turn up, of so many.
    void rise(std::size_t turns) {
        if (++rising == turns) {
            ++risen;
            rising = 0;
        }
    }
};

/// Layers of a stage with the same delay, with what they sum up.
struct BatchPart : BatchProgress {
    Range layers{0, 0};
    /// Own blocks whose signals are summed together for the next step, the present ones, and how many of the parts into
    /// which their sums are cut have been made.
    ColumnGroups groups = {};
    ColumnGroups::Group group = {};
    Index summed = 0;

    /// Whether its own progress allows a sum, and the step.
    bool can_sum(Index begun) const { return stepped < begun && (summed > 0 || groups.ready()); }
    bool can_step(Index begun) const { return summed == 0 && groups.done() && risen == begun; }

    /// Whether the turn up that comes next for the part above it is done, and the turn down for the one below.
    bool has_input_for(const BatchPart& above) const {
        return risen > above.risen || rising > above.rising;
    }
    bool has_signal_for(const BatchPart& below) const {
        return stepped > below.stepped || answered > below.answered;
    }
};

}  // namespace hoist
