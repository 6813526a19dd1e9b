#include "commands.hpp"
#include "hoist/comm/agree.hpp"
#include "model_argument.hpp"
#include "training.hpp"

namespace hoist {

namespace {

/// What a start decides of the run that departs from it.
ConfigText keys_of_start(const Communicator& world, const std::string& argument) {
    const std::filesystem::path model = find_model(world, argument);
    ConfigText keys;
    agree(world, [&] {
        const ConfigText saved =
            parse_ini(read_model_header(model).config, "the configuration in the model");
        for (const char* key : {"network.layers", "network.activation", "network.output",
                                "network.learn_slopes", "data.standardize"}) {
            if (const auto found = saved.find(key); found != saved.end()) {
                keys[key] = found->second;
            }
        }
        keys["network.init"] = std::filesystem::absolute(model).string();
    });
    return keys;
}

}  // namespace

CommandSyntax finetune_syntax() {
    namespace po = boost::program_options;
    po::options_description options = training_options();
    options.add_options()("from", po::value<std::string>(),
                          "run directory or model to start from [network.init]");
    return {options, {"CONFIG"}, CommandSyntax::Keys::all};
}

ExitStatus run_finetune(const Communicator& world, const CommandLine& line) {
    // The method of auxiliary coordinates with one step per block is back-propagation: its signal
    // is phi'(u) W' s, whatever lambda is.
    ConfigText keys{{"formulation.name", "mac"}, {"formulation.iterations", "1"}};
    if (line.has("from")) {
        keys.merge(keys_of_start(world, line.get<std::string>("from")));
    }
    for (const auto& [key, value] : line.keys()) {
        keys[key] = value;
    }
    const std::string file = line.get<std::vector<std::string>>("argument").front();
    const GivenConfig given = read_config(world, file, keys);
    agree(world, [&] {
        if (given.config.formulation.name != "mac" || given.config.formulation.iterations != 1) {
            throw UsageError("finetune takes no formulation", "it trains by back-propagation",
                             "leave formulation.* out, or use hoist train");
        }
        if (given.config.fit != Fit::batches) {
            throw UsageError("weights.solver = ridge does not go with finetune",
                             "it takes gradient steps on mini-batches",
                             "set weights.solver = adam or sgd");
        }
    });
    return run_training(world, line, given);
}

}  // namespace hoist
