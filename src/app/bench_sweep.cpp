#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench.hpp"
#include "hoist/base/error.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/problem/problem.hpp"
#include "hoist/train/batch_step.hpp"
#include "hoist/train/sweep.hpp"
#include "measure.hpp"

namespace hoist {

namespace {

/// Medians over some sweeps, of every rank.
struct SweepTimes {
    double seconds = 0.0;
    std::vector<double> compute;
    std::vector<double> exchange;
    std::vector<double> wait;
};

/// Times `pass`, which takes part in a sweep or an epoch of all ranks, `repeat` times.
SweepTimes time_passes(const Communicator& world, const PhaseTimes& times, int repeat,
                       const std::function<void()>& pass) {
    std::vector<double> all;
    std::vector<double> compute;
    std::vector<double> exchange;
    std::vector<double> wait;
    for (int i = 0; i < repeat; ++i) {
        const PhaseTimes before = times;
        world.barrier();
        all.push_back(world.max(seconds_of(pass)));
        compute.push_back(times.activations - before.activations + times.weights - before.weights);
        exchange.push_back(times.exchange - before.exchange);
        wait.push_back(times.wait - before.wait);
    }
    return {median(all), world.gather_all(median(compute)), world.gather_all(median(exchange)),
            world.gather_all(median(wait))};
}

template <typename Scalar>
SweepTimes time_sweeps(const Communicator& world, const Config& config, Problem<Scalar>& problem,
                       int repeat) {
    Variables<Scalar> variables(problem.stage.layers);
    Sweep<Scalar> sweep(config, world, problem.peers, problem.placement, problem.train,
                        problem.stage, variables);
    sweep.forward();
    sweep.settle();
    return time_passes(world, sweep.times(), repeat, [&] {
        sweep();
        sweep.settle();
    });
}

template <typename Scalar>
SweepTimes time_epochs(const Communicator& world, const Config& config, Problem<Scalar>& problem,
                       int repeat) {
    BatchStep<Scalar> step(config, world, problem.peers, problem.placement, problem.train,
                           problem.stage);
    Index epoch = 0;
    return time_passes(world, step.times(), repeat, [&] {
        step.begin_epoch(epoch++);
        for (Index batch = 0; batch < step.batches(); ++batch) {
            for (int round = 0; round < config.rounds; ++round) {
                step(batch, round, config.rate.peak);
            }
        }
        step.finish();
    });
}

double kernel_share(const SweepTimes& times, std::size_t rank) {
    const double spent = times.compute[rank] + times.exchange[rank] + times.wait[rank];
    return times.compute[rank] / spent;
}

void print_json(const SweepTimes& times, const Placement& placement, const BenchOptions& options,
                Index samples) {
    nlohmann::ordered_json json;
    json["threads"] = options.threads;
    json["precision"] = to_text(options.config.precision);
    json["cpu"] = processor_name();
    json["layers"] = options.config.network.layers_text();
    json["samples"] = samples;
    json["seconds"] = times.seconds;
    json["sweep"] = nlohmann::json::array();
    for (std::size_t i = 0; i < times.compute.size(); ++i) {
        const int rank = static_cast<int>(i);
        nlohmann::ordered_json row;
        row["rank"] = rank;
        row["stage"] = placement.grid.stage_of(rank);
        row["shard"] = placement.grid.shard_of(rank);
        row["compute"] = times.compute[i];
        row["exchange"] = times.exchange[i];
        row["wait"] = times.wait[i];
        row["share_compute"] = kernel_share(times, i);
        json["sweep"].push_back(row);
    }
    std::cout << json.dump() << std::endl;
}

void print_table(const SweepTimes& times, const Placement& placement, const BenchOptions& options,
                 Index samples) {
    std::printf("%s on %td samples, %s\n", options.config.network.layers_text().c_str(), samples,
                placement.text().c_str());
    std::printf("one %s takes %.3f s (median of %d, %d BLAS %s per rank)\n\n",
                options.config.unit().c_str(), times.seconds, options.repeat, options.threads,
                options.threads == 1 ? "thread" : "threads");
    std::printf("rank  stage  shard   compute s  exchange s      wait s  in kernels\n");
    for (std::size_t i = 0; i < times.compute.size(); ++i) {
        const int rank = static_cast<int>(i);
        std::printf("%4d  %5d  %5d  %10.4f  %10.4f  %10.4f  %8.1f %%\n", rank,
                    placement.grid.stage_of(rank), placement.grid.shard_of(rank), times.compute[i],
                    times.exchange[i], times.wait[i], 100.0 * kernel_share(times, i));
    }
}

template <typename Scalar>
void bench_sweep_as(const Communicator& world, const BenchOptions& options) {
    const Config& config = options.config;
    Problem<Scalar> problem = options.samples > 0
                                  ? generate_problem<Scalar>(config, world, options.samples)
                                  : make_problem<Scalar>(config, world);
    const SweepTimes times = config.fit == Fit::sweeps
                                 ? time_sweeps(world, config, problem, options.repeat)
                                 : time_epochs(world, config, problem, options.repeat);
    if (world.rank() != 0) {
        return;
    }
    const Index samples = problem.train.blocks.samples();
    if (options.json) {
        print_json(times, problem.placement, options, samples);
    } else {
        print_table(times, problem.placement, options, samples);
    }
}

}  // namespace

void bench_sweep(const Communicator& world, const BenchOptions& options) {
    agree(world, [&] {
        if (options.config.formulation.is_lrrn()) {
            throw UsageError("bench sweep does not go with formulation.name = lrrn",
                             "its batches are relaxed, which it does not time",
                             "use hoist plan for a prediction, or hoist train");
        }
    });
    options.config.precision == Precision::single ? bench_sweep_as<float>(world, options)
                                                  : bench_sweep_as<double>(world, options);
}

}  // namespace hoist
