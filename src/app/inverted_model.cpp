#include <algorithm>
#include <fstream>

#include "hoist/base/error.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/io/hdf5_file.hpp"
#include "inverter.hpp"

namespace hoist {

namespace {

void check_invertible(const ModelHeader& header, const Config& config, const Shape& picture,
                      const InversionSettings& settings) {
    const NetworkSpec& network = header.network;
    if (config.formulation.is_lrrn()) {
        throw UsageError("invert does not go with formulation.name = lrrn",
                         "its blocks look down as well as up, so that no layer answers by itself",
                         "use a model of another formulation");
    }
    if (network.pictures()) {
        throw UsageError("invert does not go with a network that makes pictures",
                         "it is a restoration, and takes pictures of any size",
                         "use hoist predict, or a model of classes or values");
    }
    if (!header.lift.empty()) {
        throw UsageError("invert does not go with data.lift = " + to_text(header.lift),
                         "what it found would be lifted inputs of no sample",
                         "use a model whose inputs are not lifted");
    }
    if (!settings.given.empty() && settings.compares) {
        throw UsageError("--compare does not go with --given",
                         "it compares with true inputs, which a file of values does not have",
                         "leave one of them out");
    }
    if (settings.layer > network.hidden()) {
        throw UsageError("--layer " + std::to_string(settings.layer) + " is not valid",
                         "the model has " + std::to_string(network.hidden()) + " hidden layers",
                         "count them from 1, or give 0 for the outputs");
    }
    if (settings.prior == PriorKind::tv && picture.places() < 2) {
        throw UsageError("--prior tv does not go with this model and these data",
                         "total variation is that of pictures, and a sample is a row of " +
                             std::to_string(network.inputs()) + " numbers",
                         "say --picture ROWSxCOLUMNS, or use tikhonov or box");
    }
}

Index given_numbers(const NetworkSpec& network, Index layer) {
    return network.block(layer == 0 ? network.layers() : layer).size();
}

// As the model knows its samples.
Shape picture_of(const ModelHeader& header) {
    const std::vector<Index>& sizes = header.sample_shape;
    const Shape whole = header.network.block(0);
    if (whole.places() > 1 || sizes.size() < 2 || sizes.size() > 3) {
        return whole;
    }
    const Shape shape{sizes[0], sizes[1], sizes.size() == 3 ? sizes[2] : 1};
    return shape.size() == whole.size() ? shape : whole;
}

// A file of values: /given of another inversion, or what predict writes; a plain array.
std::unique_ptr<Dataset> open_values(const std::string& file, Index numbers) {
    const std::filesystem::path path = file;
    DataConfig data;
    data.path = path.has_parent_path() ? path.parent_path().string() : ".";
    data.test = path.filename().string();
    if (path.extension() == ".csv") {
        data.format = "csv";
        std::ifstream first(path);
        std::string line;
        if (std::getline(first, line) && line.starts_with("label,")) {
            data.ignore = {"label"};
        }
    } else if (path.extension() == ".h5") {
        data.format = "hdf5";
        const Hdf5Reader reader(path, Hdf5Reader::Checksum::if_present);
        for (const char* name : {"/given", "/score", "/value"}) {
            data.inputs = data.inputs.empty() && reader.has(name) ? name : data.inputs;
        }
    } else if (path.extension() == ".npy") {
        data.format = "numpy";
    } else {
        throw UsageError("--given " + file + " is not valid", "its ending names no format",
                         "use .csv, .h5 or .npy");
    }
    DataUse use;
    // What a file knows beside them, as names of classes, is no matter.
    use.task = data.format == "hdf5" ? Task::classes : Task::values;
    use.features = numbers;
    DataParts parts = open_dataset(data, use);
    std::unique_ptr<Dataset> values = std::move(parts.test ? parts.test : parts.train);
    if (!values || values->features() != numbers) {
        throw DataError("the model does not fit the values in " + file,
                        "the layer has " + std::to_string(numbers) + " numbers and they have " +
                            std::to_string(values ? values->features() : 0),
                        "choose another --layer, or another file");
    }
    return values;
}

}  // namespace

InvertedModel open_inverted(const Communicator& world, const std::filesystem::path& path,
                            const InversionSettings& settings, const ConfigText& data_keys) {
    InvertedModel model;
    agree(world, [&] {
        if (world.rank() == 0) {
            read_model_header(path);
        }
    });
    agree(world, [&] {
        model.header = read_model_header(path, true);
        const NetworkSpec& network = model.header.network;
        const Config config = config_of(model.header);
        model.values = !settings.given.empty();
        if (model.values && !data_keys.empty()) {
            throw UsageError("data options do not go with --given",
                             "the values are given, whatever inputs they are of",
                             "leave one of them out");
        }
        if (!model.values) {
            model.data = open_for_model(model.header, config, data_keys);
        }
        model.picture = picture_of(model.header);
        if (model.data && model.picture.places() == 1 && !network.pictures()) {
            model.picture = model.data->picture(0);
        }
        if (settings.picture) {
            if (settings.picture->size() != network.inputs()) {
                throw UsageError("--picture " + to_text(*settings.picture) + " is not valid",
                                 "the model has " + std::to_string(network.inputs()) + " inputs",
                                 "give ROWSxCOLUMNS or ROWSxCOLUMNSxCHANNELS of as many");
            }
            model.picture = *settings.picture;
        }
        check_invertible(model.header, config, model.picture, settings);
        if (model.values) {
            model.data = open_values(settings.given, given_numbers(network, settings.layer));
        }
        model.samples = settings.samples == 0 ? model.data->samples()
                                              : std::min(settings.samples, model.data->samples());
        model.stage.network = network;
        model.stage.layers = {0, network.layers()};
        model.stage.weights = read_weights<double>(path, network, model.stage.layers);
    });
    return model;
}

}  // namespace hoist
