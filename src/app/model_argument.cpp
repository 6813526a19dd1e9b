#include "model_argument.hpp"

#include <cstdio>
#include <optional>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/problem/problem.hpp"
#include "hoist/run/run_directory.hpp"

namespace hoist {

std::filesystem::path find_model(const Communicator& world, const std::string& argument) {
    std::string path;
    agree(world, [&] {
        if (world.rank() == 0) {
            path = model_file(argument).string();
        }
    });
    return world.broadcast(path, 0);
}

std::unique_ptr<Dataset> open_for_model(const ModelHeader& header, const Config& config,
                                        const ConfigText& given) {
    for (const char* key : {"data.limit", "data.validation", "data.standardize", "data.noise",
                            "data.dropout", "data.shift", "data.rotation", "data.scale",
                            "data.shear", "data.elastic", "data.patches", "data.symmetries"}) {
        if (given.contains(key)) {
            throw UsageError("a model takes no " + std::string(key), "only training does",
                             "leave it out");
        }
    }
    DataConfig data = config.data;
    bool any = false;
    const auto set = [&](const char* key, std::string& value) {
        const auto found = given.find(key);
        if (found != given.end()) {
            value = found->second;
            any = true;
            return true;
        }
        return false;
    };
    // Another format knows nothing of the columns and files of the model's.
    const auto format = given.find("data.format");
    if (format != given.end() && trim(format->second) != data.format) {
        data = {};
    }
    set("data.format", data.format);
    const bool elsewhere = set("data.path", data.path);
    std::string train;
    std::string test;
    const bool names_train = set("data.train", train);
    const bool names_test = set("data.test", test);
    if (names_train || names_test) {
        data.train = train;
        data.test = test;
    } else if (elsewhere && data.format == "images") {  // any folder of pictures
        for (std::string* folder : {&data.train, &data.test}) {
            if (!std::filesystem::is_directory(std::filesystem::path(data.path) / *folder)) {
                folder->clear();
            }
        }
    }
    set("data.inputs", data.inputs);
    set("data.target", data.target);
    any = any || !given.empty();
    if (any) {
        ConfigText all = given;
        all.erase("data.degrade");  // which is no matter of the files
        all["data.format"] = data.format;
        all["data.path"] = data.path.empty() && data.format != "glyphs" ? "." : data.path;
        all["data.train"] = data.train;
        all["data.test"] = data.test;
        all["data.inputs"] = data.inputs;
        all["data.target"] = data.target;
        if (data.format == config.data.format) {
            const ConfigText trained = read_resolved_ini(header.config);
            for (const char* key : {"data.ignore", "data.header", "data.missing", "data.gray"}) {
                if (const auto found = trained.find(key); found != trained.end()) {
                    all.try_emplace(key, found->second);
                }
            }
        }
        data = parse_config(all).data;
    }
    if (const auto lift = given.find("data.lift");
        lift != given.end() && parse_input_lift(lift->second) != header.lift) {
        throw UsageError("data.lift = " + lift->second + " does not go with the model",
                         header.lift.empty() ? "its inputs are not lifted"
                                             : "its inputs are lifted by " + to_text(header.lift),
                         "leave it out");
    }
    data.lift = header.lift;
    DataUse use = data_use(config);
    use.features = header.inputs();
    use.class_names = header.class_names;
    use.table = header.table;
    use.sample_shape = header.sample_shape;
    if (header.network.unsupervised()) {
        use.class_names.clear();  // any
    } else if (use.task == Task::classes && use.class_names.empty()) {
        for (Index i = 0; i < header.network.outputs(); ++i) {
            use.class_names.push_back(std::to_string(i));
        }
    }
    DataParts parts = open_dataset(data, use);
    std::unique_ptr<Dataset> part = std::move(parts.test ? parts.test : parts.train);
    if (!part) {
        throw UsageError("there are no data to use the model on",
                         "none are named here or in its configuration",
                         "give --data.format, --data.path and --data.test");
    }
    if (header.network.pictures()) {  // of any size
        return part;
    }
    if (part->features() != header.network.inputs()) {
        throw DataError("the model does not fit the data",
                        "it takes " + std::to_string(header.inputs()) +
                            " inputs and the data have " +
                            std::to_string(header.lift.numbers(part->features())),
                        "use the data it was made for");
    }
    if (!header.network.unsupervised() && part->labeled() && part->outputs() > 0 &&
        part->outputs() > header.network.outputs()) {
        throw DataError("the model does not fit the data",
                        "it has " + std::to_string(header.network.outputs()) +
                            " outputs and the data have " + std::to_string(part->outputs()) +
                            (use.task == Task::classes ? " classes" : " values"),
                        "use the data it was made for");
    }
    return part;
}

void print_remarks(const Communicator& world, const Dataset& data) {
    if (world.rank() == 0) {
        std::fflush(stdout);
        for (const std::string& remark : data.remarks()) {
            std::fprintf(stderr, "hoist: warning: %s\n", remark.c_str());
        }
    }
}

Precision model_precision(const Communicator& world, const std::filesystem::path& path) {
    Precision precision = Precision::single;
    agree(world, [&] {
        if (world.rank() == 0) {
            read_model_header(path);
        }
    });
    agree(world, [&] { precision = config_of(read_model_header(path, true)).precision; });
    return precision;
}

template <typename Scalar>
LoadedModel<Scalar> load_model(const Communicator& world, const std::filesystem::path& path) {
    std::optional<ModelHeader> header;
    std::optional<Config> config;
    std::optional<Placement> placement;
    Stage<Scalar> stage;
    agree(world, [&] {
        header = read_model_header(path, true);
        config = config_of(*header);
        placement = place(layer_costs(*config), {}, world.size());
        stage.network = header->network;
        stage.layers = placement->layers_of(world.rank());
        stage.weights = read_weights<Scalar>(path, header->network, stage.layers);
    });
    return {*config, *header, *placement, world.split(placement->grid.stage_of(world.rank())),
            std::move(stage)};
}

template <typename Scalar>
Samples<Scalar> load_for_model(const LoadedModel<Scalar>& model, const Communicator& world,
                               Dataset& data, const std::vector<Index>& chosen) {
    Samples<Scalar> samples;
    agree(world, [&] {
        samples = load_samples<Scalar>(
            data, chosen, model.header.network, model.placement, world.rank(),
            ColumnBlocks(static_cast<Index>(chosen.size()), 0, model.header.network.widest()),
            model.header.targets, model.header.standardization);
    });
    return samples;
}

template LoadedModel<float> load_model(const Communicator&, const std::filesystem::path&);
template LoadedModel<double> load_model(const Communicator&, const std::filesystem::path&);
template Samples<float> load_for_model(const LoadedModel<float>&, const Communicator&, Dataset&,
                                       const std::vector<Index>&);
template Samples<double> load_for_model(const LoadedModel<double>&, const Communicator&, Dataset&,
                                        const std::vector<Index>&);

}  // namespace hoist
