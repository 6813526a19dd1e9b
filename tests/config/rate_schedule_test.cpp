#include "hoist/config/rate_schedule.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hoist {
namespace {

using Kind = RateSchedule::Kind;

constexpr Index steps = 1000;

RateSchedule schedule_of(Kind kind, double warmup = 0.3) {
    RateSchedule schedule;
    schedule.kind = kind;
    schedule.peak = 0.02;
    schedule.warmup = warmup;
    return schedule;
}

void expect_monotone(const RateSchedule& schedule, Index from, Index to, double direction) {
    for (Index step = from; step + 1 < to; ++step) {
        EXPECT_GE(direction * (schedule.at(step + 1, steps) - schedule.at(step, steps)), 0.0)
            << step;
    }
}

TEST(RateSchedule, is_constant) {
    for (const Kind kind : {Kind::constant, Kind::plateau}) {
        for (const Index step : {0, 1, 500, 999}) {
            EXPECT_EQ(schedule_of(kind).at(step, steps), 0.02);
        }
    }
}

TEST(RateSchedule, of_one_cycle_rises_from_a_25th_to_its_peak_and_falls_to_nothing) {
    const RateSchedule schedule = schedule_of(Kind::one_cycle);
    EXPECT_NEAR(schedule.at(0, steps), 0.02 / 25.0, 1e-15);
    EXPECT_NEAR(schedule.at(150, steps), 0.5 * (0.02 / 25.0 + 0.02), 1e-15);
    EXPECT_NEAR(schedule.at(300, steps), 0.02, 1e-15);
    EXPECT_NEAR(schedule.at(650, steps), 0.01, 1e-15);
    EXPECT_LT(schedule.at(999, steps), 1e-6);
    EXPECT_GT(schedule.at(999, steps), 0.0);
    expect_monotone(schedule, 0, 300, 1.0);
    expect_monotone(schedule, 300, steps, -1.0);
}

TEST(RateSchedule, of_a_cosine_falls_by_half_of_one) {
    const RateSchedule schedule = schedule_of(Kind::cosine);
    EXPECT_EQ(schedule.at(0, steps), 0.02);
    EXPECT_NEAR(schedule.at(250, steps), 0.01 * (1.0 + std::sqrt(0.5)), 1e-15);
    EXPECT_NEAR(schedule.at(500, steps), 0.01, 1e-15);
    EXPECT_LT(schedule.at(999, steps), 1e-6);
    expect_monotone(schedule, 0, steps, -1.0);
}

TEST(RateSchedule, that_is_linear_rises_and_falls_straight) {
    const RateSchedule schedule = schedule_of(Kind::linear);
    EXPECT_NEAR(schedule.at(0, steps), 0.02 / 301.0, 1e-15);
    EXPECT_NEAR(schedule.at(200, steps) - schedule.at(199, steps), 0.02 / 301.0, 1e-15);
    EXPECT_NEAR(schedule.at(300, steps), 0.02, 1e-15);
    EXPECT_NEAR(schedule.at(650, steps), 0.01, 1e-15);
    EXPECT_NEAR(schedule.at(999, steps), 0.02 / 700.0, 1e-15);
    expect_monotone(schedule, 0, 300, 1.0);
    expect_monotone(schedule, 300, steps, -1.0);
}

TEST(RateSchedule, stays_positive_and_below_its_peak_with_any_warmup_and_in_the_shortest_run) {
    for (const Kind kind :
         {Kind::constant, Kind::one_cycle, Kind::cosine, Kind::linear, Kind::plateau}) {
        for (const double warmup : {0.0, 0.3, 1.0}) {
            for (const Index length : {1, 2, 7}) {
                for (Index step = 0; step < length; ++step) {
                    const double rate = schedule_of(kind, warmup).at(step, length);
                    EXPECT_GT(rate, 0.0) << static_cast<int>(kind) << " " << warmup;
                    EXPECT_LE(rate, 0.02 * (1.0 + 1e-12));
                }
            }
        }
    }
}

TEST(PlateauState, falls_by_the_factor_after_more_epochs_without_improvement_than_are_borne) {
    RateSchedule schedule = schedule_of(Kind::plateau);
    schedule.patience = 2;
    schedule.factor = 0.1;
    PlateauState state;
    for (const double figure : {1.0, 0.8, 0.9, 0.8}) {
        state.note(figure, schedule);
        EXPECT_EQ(state.scale, 1.0) << figure;
    }
    state.note(0.85, schedule);
    EXPECT_EQ(state.scale, 0.1);
    EXPECT_EQ(state.best, 0.8);
    state.note(0.9, schedule);
    state.note(0.7, schedule);  // improves, so that the count begins again
    state.note(0.7, schedule);
    state.note(0.7, schedule);
    EXPECT_EQ(state.scale, 0.1);
    state.note(0.7, schedule);
    EXPECT_NEAR(state.scale, 0.01, 1e-17);
}

TEST(PlateauState, takes_the_first_figure_as_the_best_whatever_it_is) {
    RateSchedule schedule = schedule_of(Kind::plateau);
    schedule.patience = 0;
    PlateauState state;
    state.note(7.0, schedule);
    EXPECT_EQ(state.scale, 1.0);
    EXPECT_EQ(state.best, 7.0);
    state.note(7.0, schedule);
    EXPECT_EQ(state.scale, schedule.factor);
}

}  // namespace
}  // namespace hoist
