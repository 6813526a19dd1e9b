#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "commands.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/math/blas.hpp"
#include "hoist/plan/cost_model.hpp"
#include "hoist/problem/problem.hpp"
#include "kernels.hpp"
#include "measure.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

// Long enough to get past the first slow moments of a processor.
constexpr double calibration_seconds = 0.15;

/// The best rate of `work`, which does `amount` each time, within the time of a calibration.
double best_rate(double amount, const std::function<void()>& work) {
    const double begun = wall_time();
    double fastest = seconds_of(work);
    while (wall_time() - begun < calibration_seconds) {
        fastest = std::min(fastest, seconds_of(work));
    }
    return amount / fastest;
}

template <typename Scalar>
MachineRates measure_rates() {
    // The shape of a block of columns in a layer of middle size.
    Gemm<Scalar> gemm(300, 784, 512);
    constexpr std::size_t copied = std::size_t{1} << 25;
    std::vector<char> source(copied, 1);
    std::vector<char> target(copied);
    const double flops = best_rate(gemm.flops(), std::ref(gemm));
    const double bandwidth = best_rate(static_cast<double>(copied), [&] {
        std::ranges::copy(source, target.begin());
        source.front() = target.back();
    });
    return {flops, bandwidth};
}

PictureFacts measure_pictures(const Config& config, const DataParts& data, const Split& split) {
    PictureFacts facts;
    const auto shape = [&](const Dataset& part, Index sample) {
        return picture_shape(part, sample, config.network.block(0));
    };
    for (const Index sample : split.train) {
        facts.stored += static_cast<double>(shape(*data.train, sample).size());
    }
    std::map<std::pair<Index, Index>, double> fitting;
    const auto judge = [&](const Dataset& part, Index sample) {
        const Shape own = shape(part, sample);
        double& size = fitting[{own.rows, own.columns}];
        if (size == 0.0) {
            size = static_cast<double>(config.network.fitting(own).value_or(own).size());
        }
        facts.judged += size;
        facts.largest = std::max(facts.largest, size);
    };
    for (const Index sample : split.validation) {
        judge(*data.train, sample);
    }
    for (Index sample = 0; data.test && sample < data.test->samples(); ++sample) {
        judge(*data.test, sample);
    }
    return facts;
}

SampleFacts count_samples(const Config& config) {
    const DataParts data = open_training_data(config);
    const Split split =
        split_samples(data.train->samples(), config.limit, config.validation, config.seed);
    SampleFacts facts{std::ssize(split.train), std::ssize(split.validation),
                      data.test ? data.test->samples() : 0, input_cost(config, *data.train)};
    if (config.network.pictures()) {
        facts.pictures = measure_pictures(config, data, split);
    }
    return facts;
}

std::string layers_text(Range layers) {
    const std::string first = std::to_string(layers.begin);
    return layers.size() == 1 ? first : first + "-" + std::to_string(layers.end - 1);
}

void print_json(const RunPlan& plan, const SampleFacts& samples, const MachineRates& rates,
                int threads, const std::optional<CoreSpeed>& speed) {
    nlohmann::ordered_json json;
    json["samples"] = samples.train;
    json["ranks"] = nlohmann::json::array();
    for (std::size_t rank = 0; rank < plan.ranks.size(); ++rank) {
        const RankPlan& own = plan.ranks[rank];
        std::vector<Index> layers;
        for (Index l = own.layers.begin; l < own.layers.end; ++l) {
            layers.push_back(l);
        }
        nlohmann::ordered_json row;
        row["rank"] = rank;
        row["stage"] = own.stage;
        row["shard"] = own.shard;
        row["layers"] = layers;
        row["columns"] = own.columns;
        row["memory"] = own.memory.total();
        row["memory_parts"] = {{"samples", own.memory.samples},
                               {"activations", own.memory.activations},
                               {"weights", own.memory.weights},
                               {"scratch", own.memory.scratch},
                               {"program", own.memory.program}};
        row["bytes_sent"] = own.bytes_sent;
        row["compute"] = own.compute;
        row["exchange"] = own.exchange;
        row["wait"] = own.wait;
        json["ranks"].push_back(row);
    }
    json["seconds"] = plan.seconds;
    json["seconds_one_rank"] = plan.seconds_alone;
    json["seconds_steady"] = plan.seconds_steady;
    if (plan.flushed) {
        json["seconds_flushed"] = {{"gpipe", plan.flushed->fill_and_drain},
                                   {"one_forward_one_backward", plan.flushed->fill_and_drain},
                                   {"zero_bubble_h1", plan.flushed->zero_bubble_h1},
                                   {"zero_bubble_h2", plan.flushed->zero_bubble_h2}};
    }
    json["speedup"] = plan.speedup();
    json["efficiency"] = plan.efficiency();
    json["most_speedup"] = plan.most_speedup;
    json["flops_per_second"] = rates.flops;
    json["bytes_per_second"] = rates.bandwidth;
    json["threads"] = threads;
    if (speed) {
        add_speed(json, *speed);
    }
    std::cout << json.dump() << std::endl;
}

void print_table(const Config& config, const RunPlan& plan, const SampleFacts& samples,
                 const MachineRates& rates, int threads, const std::string& kernels) {
    const std::size_t ranks = plan.ranks.size();
    std::printf("%s, %s, %td training samples (%td validation, %td test)\n",
                config.network.layers_text().c_str(), config.formulation.name.c_str(),
                samples.train, samples.validation, samples.test);
    std::printf("%zu %s: %s\n\n", ranks, ranks == 1 ? "rank" : "ranks",
                plan.placement.text().c_str());
    std::printf(
        "rank  stage  shard  layers   columns   memory MB   sent MB   compute s  exchange s   wait "
        "s\n");
    for (std::size_t rank = 0; rank < ranks; ++rank) {
        const RankPlan& own = plan.ranks[rank];
        std::printf("%4zu  %5d  %5d  %6s  %8td  %10.1f  %8.2f  %10.3f  %10.3f  %7.3f\n", rank,
                    own.stage, own.shard, layers_text(own.layers).c_str(), own.columns,
                    own.memory.total() / 1e6, own.bytes_sent / 1e6, own.compute, own.exchange,
                    own.wait);
    }
    std::printf("\n%-11s %.3f s, on one rank %.3f s\n", config.unit().c_str(), plan.seconds,
                plan.seconds_alone);
    std::printf("speed-up    %.2f (efficiency %.0f %%); this cut allows at most %.2f\n",
                plan.speedup(), 100.0 * plan.efficiency(), plan.most_speedup);
    if (plan.flushed) {
        std::printf(
            "pipeline    %.3f s fill and empty the stages; without them the efficiency is %.0f "
            "%%\n",
            plan.seconds - plan.seconds_steady,
            100.0 * plan.seconds_alone / plan.seconds_steady / static_cast<double>(ranks));
        std::printf(
            "            others that empty theirs for every step would take, by their papers' "
            "formulas,\n            GPipe and 1F1B %.3f s, ZB-H1 %.3f s, ZB-H2 %.3f s\n",
            plan.flushed->fill_and_drain, plan.flushed->zero_bubble_h1,
            plan.flushed->zero_bubble_h2);
    }
    std::printf("rates       %.1f GFLOP/s with %d BLAS %s, %.1f GB/s copied\n", rates.flops / 1e9,
                threads, threads == 1 ? "thread" : "threads", rates.bandwidth / 1e9);
    if (!kernels.empty()) {
        std::printf("kernels     %s\n", kernels.c_str());
    }
    std::printf(
        "\nMemory is the peak beyond an empty MPI program. Times take it that every rank has its\n"
        "cores to itself on a machine like this one; all but memory is per %s.\n",
        config.unit().c_str());
}

// As train would choose them with all ranks on this machine.
int threads_per_rank(const Communicator& world, int threads, int ranks) {
    if (threads == 0 && std::getenv("OPENBLAS_NUM_THREADS") == nullptr) {
        threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / ranks);
    }
    return use_threads(world, threads);
}

}  // namespace

CommandSyntax plan_syntax() {
    po::options_description options("Options", 110);
    options.add_options()                                                          //
        ("ranks", po::value<int>(), "ranks to plan for [as many as are running]")  //
        ("json", "print one JSON object")                                          //
        ("samples", po::value<Index>()->default_value(0),
         "plan for so many training samples, without reading data")  //
        ("flops", po::value<double>()->default_value(0.0),
         "operations per second of a rank [measured here]")  //
        ("bandwidth", po::value<double>()->default_value(0.0),
         "bytes per second that a rank copies [measured here]")  //
        ("network", po::value<double>()->default_value(0.0),
         "bytes per second between two ranks [they share memory]")                                //
        ("latency", po::value<double>()->default_value(1e-6), "seconds until a message arrives")  //
        ("threads", po::value<int>()->default_value(0),
         "BLAS threads per rank; 0: OPENBLAS_NUM_THREADS, or cores / ranks");
    return {options, {"CONFIG"}, CommandSyntax::Keys::all};
}

ExitStatus run_plan(const Communicator& world, const CommandLine& line) {
    const std::string file = line.get<std::vector<std::string>>("argument").front();
    const Config config = read_config(world, file, line.keys()).config;
    const int ranks = line.has("ranks") ? line.get<int>("ranks") : world.size();
    SampleFacts samples;
    agree(world, [&] {
        require_at_least("ranks", ranks, 1, "give the number of ranks to plan for");
        for (const std::string name : {"flops", "bandwidth", "network", "latency"}) {
            require_at_least(name, line.get<double>(name), 0.0, "leave it out to have it measured");
        }
        require_at_least("samples", line.get<Index>("samples"), Index{0}, "leave it out");
        place(layer_costs(config), config.grid, ranks);
        samples.train = line.get<Index>("samples");
        if (samples.train == 0) {
            samples = count_samples(config);
        }
    });
    const int threads = threads_per_rank(world, line.get<int>("threads"), ranks);
    if (world.rank() != 0) {
        return ExitStatus::done;
    }
    MachineRates rates{line.get<double>("flops"), line.get<double>("bandwidth"),
                       line.get<double>("network"), line.get<double>("latency")};
    const bool single = config.precision == Precision::single;
    std::optional<CoreSpeed> speed;  // where the plan is for this machine
    if (rates.flops == 0.0) {
        speed = single ? measure_core<float>() : measure_core<double>();
    }
    if (rates.flops == 0.0 || rates.bandwidth == 0.0) {
        const MachineRates here = single ? measure_rates<float>() : measure_rates<double>();
        rates.flops = rates.flops > 0.0 ? rates.flops : here.flops;
        rates.bandwidth = rates.bandwidth > 0.0 ? rates.bandwidth : here.bandwidth;
    }
    const RunPlan plan = plan_run(config, samples, ranks, rates);
    if (line.has("json")) {
        print_json(plan, samples, rates, threads, speed);
    } else {
        const auto speed_text = single ? to_text<float> : to_text<double>;
        print_table(config, plan, samples, rates, threads,
                    speed ? kernels_text() + ", " + speed_text(*speed) : "");
    }
    return ExitStatus::done;
}

}  // namespace hoist
