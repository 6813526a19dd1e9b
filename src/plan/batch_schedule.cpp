#include "batch_schedule.hpp"

#include <algorithm>

#include "lrrn_schedule.hpp"
#include "schedules.hpp"

namespace hoist {

namespace {

template <typename Schedule>
std::vector<Timeline::Times> play_batches(const Config& config, const SampleFacts& samples,
                                          const Placement& placement, const MachineRates& rates,
                                          Index steps) {
    const Index blocks = training_blocks(config, samples.train).count();
    const Index visits = config.formulation.is_lrrn() ? LrrnSchedule::visits(config)
                                                      : Index{config.formulation.passes};
    const Index messages = steps * visits * placement.grid.stages() * blocks * 2;
    Timeline timeline(placement.grid.ranks(), messages, rates);
    std::vector<Schedule> schedules;
    for (int rank = 0; rank < placement.grid.ranks(); ++rank) {
        schedules.emplace_back(config, samples, placement, rank, timeline);
    }
    std::vector<Timeline::Script> scripts;
    for (Schedule& schedule : schedules) {
        scripts.push_back(schedule.play(steps));
    }
    return timeline.run(std::move(scripts));
}

Index batches_of(const Config& config, const SampleFacts& samples) {
    return Batches(training_blocks(config, samples.train), config.batch, 0).count();
}

// The first steps are played, and the rest goes on as they do.
std::vector<Timeline::Times> play_steps(const Config& config, const SampleFacts& samples,
                                        const Placement& placement, const MachineRates& rates,
                                        Index steps) {
    const Index played =
        std::min<Index>(steps, 8 + 4 * std::min<Index>(config.staleness, placement.grid.stages()));
    const auto play =
        config.formulation.is_lrrn() ? play_batches<LrrnSchedule> : play_batches<BatchSchedule>;
    std::vector<Timeline::Times> times = play(config, samples, placement, rates, played);
    if (played == steps) {
        return times;
    }
    const Index fewer = played / 2;
    const auto before = play(config, samples, placement, rates, fewer);
    const double further =
        static_cast<double>(steps - played) / static_cast<double>(played - fewer);
    for (std::size_t i = 0; i < times.size(); ++i) {
        const auto extend = [&](double Timeline::Times::*part) {
            times[i].*part += further * (times[i].*part - before[i].*part);
        };
        extend(&Timeline::Times::compute);
        extend(&Timeline::Times::exchange);
        extend(&Timeline::Times::end);
    }
    return times;
}

}  // namespace

// The lowest stage takes its steps last, so that the parts of an epoch follow one another.
std::vector<Timeline::Times> play_epoch(const Config& config, const SampleFacts& samples,
                                        const Placement& placement, const MachineRates& rates) {
    const Index batches = batches_of(config, samples);
    const Index unbroken = config.unbroken(batches);
    const auto play = [&](Index part) {
        return play_steps(config, samples, placement, rates, part * config.rounds);
    };
    std::vector<Timeline::Times> times = play(unbroken);
    if (unbroken == batches) {
        return times;
    }
    const auto whole = static_cast<double>(batches / unbroken);
    const double end = whole * Timeline::last_end(times);
    for (Timeline::Times& own : times) {
        own = {whole * own.compute, whole * own.exchange, end};
    }
    if (const Index rest = batches % unbroken; rest > 0) {
        const auto further = play(rest);
        for (std::size_t rank = 0; rank < times.size(); ++rank) {
            times[rank].compute += further[rank].compute;
            times[rank].exchange += further[rank].exchange;
            times[rank].end += further[rank].end;
        }
    }
    return times;
}

std::vector<Timeline::Times> play_unbroken(const Config& config, const SampleFacts& samples,
                                           const Placement& placement, const MachineRates& rates,
                                           Index epochs) {
    return play_steps(config, samples, placement, rates,
                      epochs * batches_of(config, samples) * config.rounds);
}

std::optional<FlushedPipelines> flushed_pipelines(const Config& config, const SampleFacts& samples,
                                                  const Placement& placement,
                                                  const MachineRates& rates) {
    const auto stages = static_cast<double>(placement.grid.stages());
    if (placement.grid.stages() == 1 || config.formulation.is_lrrn() ||
        config.formulation.passes > 1) {
        return std::nullopt;
    }
    Timeline unused(placement.grid.ranks(), 0, rates);
    BatchSchedule::Seconds heaviest;
    double work = 0.0;
    for (int rank = 0; rank < placement.grid.ranks(); ++rank) {
        const auto own = BatchSchedule(config, samples, placement, rank, unused).seconds(rates);
        if (own.blocks * own.all() > work) {
            work = own.blocks * own.all();
            heaviest = own;
        }
    }
    const double batches = static_cast<double>(batches_of(config, samples) * config.rounds);
    const auto with_bubble = [&](double bubble) {
        return batches * (work + (stages - 1.0) * std::max(bubble, 0.0) + heaviest.step);
    };
    const double there_and_back = heaviest.forward + heaviest.backward;
    return FlushedPipelines{with_bubble(heaviest.all()),
                            with_bubble(there_and_back - heaviest.gradient),
                            with_bubble(there_and_back - 2.0 * heaviest.gradient)};
}

}  // namespace hoist
