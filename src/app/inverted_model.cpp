#include <algorithm>

#include "given_values.hpp"
#include "hoist/base/error.hpp"
#include "hoist/comm/agree.hpp"

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
            model.data = open_given_values(network, settings);
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
