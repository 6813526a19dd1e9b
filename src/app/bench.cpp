#include "bench.hpp"

#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"

namespace hoist {

namespace po = boost::program_options;

CommandSyntax bench_syntax() {
    po::options_description options("Options", 110);
    options.add_options()                                                                  //
        ("json", "print one JSON object")                                                  //
        ("repeat", po::value<int>()->default_value(9), "measurements, the median counts")  //
        ("precision", po::value<std::string>(),
         "float or double, the same as --train.precision")  //
        ("samples", po::value<Index>()->default_value(0),
         "train on so many random samples of the network's width in the place of the data "
         "(sweep)")  //
        ("threads", po::value<int>()->default_value(0),
         "BLAS threads per rank; 0: OPENBLAS_NUM_THREADS, or cores / ranks");
    return {options, {"[kernels|sweep|exchange]", "[CONFIG]"}, CommandSyntax::Keys::all};
}

ExitStatus run_bench(const Communicator& world, const CommandLine& line) {
    const auto given = line.has("argument") ? line.get<std::vector<std::string>>("argument")
                                            : std::vector<std::string>{};
    const std::string name = given.empty() ? "kernels" : given.front();
    const std::vector<std::string> names{"kernels", "sweep", "exchange"};
    agree(world, [&] {
        if (std::ranges::find(names, name) == names.end()) {
            const auto meant = nearest(name, names);
            throw UsageError("hoist bench has no " + name, "it has " + join(names, ", "),
                             meant ? "did you mean " + *meant + "?" : "choose one of them");
        }
        if (given.size() > 1 && name != "sweep") {
            throw UsageError("hoist bench " + name + " takes no CONFIG", given[1] + " given",
                             "only hoist bench sweep trains");
        }
        require_at_least("repeat", line.get<int>("repeat"), 1, "leave it out for 9");
        require_at_least("samples", line.get<Index>("samples"), Index{0}, "leave it out");
    });
    // As large as MNIST; no test part, since nothing is evaluated.
    const ConfigText defaults{{"data.samples", "60000"}, {"data.test_samples", "0"}};
    ConfigText keys = line.keys();
    if (line.has("precision")) {
        keys["train.precision"] = line.get<std::string>("precision");
    }
    BenchOptions bench;
    bench.config = read_config(world, given.size() > 1 ? given[1] : "", keys, defaults).config;
    bench.repeat = line.get<int>("repeat");
    bench.samples = line.get<Index>("samples");
    bench.json = line.has("json");
    bench.threads = use_threads(world, line.get<int>("threads"));
    if (name == "exchange") {
        bench_exchange(world, bench);
    } else if (name == "sweep") {
        bench_sweep(world, bench);
    } else {
        bench_kernels(world, bench);
    }
    return ExitStatus::done;
}

}  // namespace hoist
