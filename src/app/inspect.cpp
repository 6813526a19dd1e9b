#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/math/spectral_norm.hpp"
#include "model_argument.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

/// What inspect tells of a map and the activation above it.
struct LayerFacts {
    Index inputs = 0;
    Index outputs = 0;
    std::string activation;
    double spectral_norm = 0.0;
    /// Numbers that are learned of both, without those that a map before it shares.
    Index parameters = 0;
};

Index own_parameters(const NetworkSpec& network, Index l) {
    const MapSpec& map = network.map(l);
    const Index weights =
        network.weights_of(l) == l ? (map.inputs() + 1) * map.outputs() : Index{0};
    if (l >= network.hidden() || !network.activation(l + 1).traits().learned) {
        return weights;
    }
    // The activation above comes again with the weights of the map that leaves it.
    for (Index other = 0; other < l && l + 1 < network.layers(); ++other) {
        if (network.weights_of(other + 1) == network.weights_of(l + 1) &&
            network.activation(other + 1).traits().learned) {
            return weights;
        }
    }
    return weights + network.activation(l + 1).coefficients().size();
}

struct ModelFacts {
    std::filesystem::path path;
    Index bytes = 0;
    ModelHeader header;
    ConfigText config;
    std::vector<LayerFacts> layers;

    Index parameters() const {
        Index sum = 0;
        for (const LayerFacts& layer : layers) {
            sum += layer.parameters;
        }
        return sum;
    }
};

ModelFacts read_facts(const std::filesystem::path& path) {
    ModelFacts facts;
    facts.path = path;
    facts.header = read_model_header(path);
    facts.bytes = static_cast<Index>(std::filesystem::file_size(path));
    facts.config = parse_ini(facts.header.config, "the configuration in " + path.string());
    const NetworkSpec& network = facts.header.network;
    for (Index l = 0; l < network.layers(); ++l) {
        const auto read = read_weights<double>(path, network, {l, l + 1});
        facts.layers.push_back(
            {network.map(l).inputs(), network.map(l).outputs(), network.name_above(l + 1),
             spectral_norm<double>(read.front().folded().matrix), own_parameters(network, l)});
    }
    return facts;
}

void print_json(const ModelFacts& facts) {
    const ModelHeader& header = facts.header;
    nlohmann::ordered_json json;
    json["file"] = facts.path.string();
    json["kind"] = header.checkpoint ? "checkpoint" : "model";
    json["bytes"] = facts.bytes;
    json["created"] = header.created;
    json["version"] = header.version;
    json["network"] = header.network.layers_text();
    json["parameters"] = facts.parameters();
    json["layers"] = nlohmann::json::array();
    for (const LayerFacts& layer : facts.layers) {
        nlohmann::ordered_json row;
        row["inputs"] = layer.inputs;
        row["outputs"] = layer.outputs;
        row["activation"] = layer.activation;
        row["parameters"] = layer.parameters;
        row["spectral_norm"] = layer.spectral_norm;
        json["layers"].push_back(row);
    }
    json["lift"] = to_text(header.lift);
    json["standardized"] = !header.standardization.empty();
    if (!header.targets.empty()) {
        json["target_mean"] = header.targets.mean[0];
        json["target_deviation"] = 1.0 / header.targets.scale[0];
    }
    json["class_names"] = header.class_names;
    json["columns"] = nlohmann::json::array();
    for (const TableColumn& column : header.table.columns) {
        json["columns"].push_back({{"name", column.name}, {"words", column.words}});
    }
    if (header.checkpoint) {
        json["progress"] = {{"sweep", header.progress.sweep},
                            {"seconds_training", header.progress.seconds_training},
                            {"bytes_sent", header.progress.bytes_sent}};
    }
    json["config"] = facts.config;
    std::cout << json.dump() << std::endl;
}

void print_row(const char* name, const std::string& value) {
    if (!value.empty()) {
        std::printf("%-20s %s\n", name, value.c_str());
    }
}

std::string columns_text(const TableColumns& table) {
    if (!table.named()) {
        return table.empty() ? "" : std::to_string(table.columns.size()) + " without names";
    }
    std::vector<std::string> names;
    for (const TableColumn& column : table.columns) {
        names.push_back(column.name);
    }
    return some_of(names);
}

void print_table(const ModelFacts& facts) {
    const ModelHeader& header = facts.header;
    const auto setting = [&](const char* key) {
        const auto found = facts.config.find(key);
        return found == facts.config.end() ? std::string() : found->second;
    };
    print_row("file", facts.path.string() + ", " + std::to_string(facts.bytes) + " bytes");
    print_row("kind", header.checkpoint ? "checkpoint" : "model");
    print_row("created", header.created + " by hoist " + header.version);
    print_row("network", header.network.layers_text() + ", " + std::to_string(facts.parameters()) +
                             " parameters");
    print_row("formulation", setting("formulation.name"));
    for (const char* key :
         {"formulation.lambda", "weights.ridge", "train.sweeps", "train.schedule",
          "train.precision", "train.seed", "network.init", "data.format", "data.path"}) {
        print_row(key, setting(key));
    }
    print_row("inputs", !header.lift.empty()             ? "lifted: " + to_text(header.lift)
                        : header.standardization.empty() ? "as read"
                                                         : "standardized");
    if (header.network.pictures() && !header.targets.empty()) {
        print_row("pictures", "from 0 to 1; the last map in units of " +
                                  to_text(1.0 / header.targets.scale[0]));
    } else if (!header.targets.empty() && header.network.output != Output::spline) {
        print_row("targets", "standardized: mean " + to_text(header.targets.mean[0]) +
                                 ", deviation " + to_text(1.0 / header.targets.scale[0]));
    }
    print_row("columns", columns_text(header.table));
    for (const TableColumn& column : header.table.columns) {
        if (!column.words.empty()) {
            print_row("", (column.name.empty() ? "a column" : column.name) + " is one of " +
                              some_of(column.words));
        }
    }
    print_row("classes", join(header.class_names, ", "));
    if (header.checkpoint) {
        char text[96];
        std::snprintf(text, sizeof text, "%td (%.2f s of training)", header.progress.sweep,
                      header.progress.seconds_training);
        print_row("after sweep", text);
    }
    std::printf("\nlayer         shape  activation        parameters  spectral norm\n");
    for (std::size_t l = 0; l < facts.layers.size(); ++l) {
        const LayerFacts& layer = facts.layers[l];
        const std::string shape =
            std::to_string(layer.outputs) + " x " + std::to_string(layer.inputs);
        std::printf("%5zu  %12s  %-16s %11td  %13.3g\n", l, shape.c_str(), layer.activation.c_str(),
                    layer.parameters, layer.spectral_norm);
    }
}

}  // namespace

CommandSyntax inspect_syntax() {
    po::options_description options("Options", 110);
    options.add_options()("json", "print one JSON object");
    return {options, {"MODEL"}, CommandSyntax::Keys::none};
}

ExitStatus run_inspect(const Communicator& world, const CommandLine& line) {
    const std::filesystem::path path =
        find_model(world, line.get<std::vector<std::string>>("argument").front());
    ModelFacts facts;
    agree(world, [&] {
        if (world.rank() == 0) {
            facts = read_facts(path);
        }
    });
    if (world.rank() == 0) {
        line.has("json") ? print_json(facts) : print_table(facts);
    }
    return ExitStatus::done;
}

}  // namespace hoist
