#include "hoist/foreign/exchanged_model.hpp"

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/problem/model_config.hpp"

namespace hoist {

namespace {

// Other tools see the answers u / scale + mean as the output of the last map.
void fold(const Standardization& targets, PortableModel& model) {
    if (targets.empty()) {
        return;
    }
    Weights<double>& last = model.maps.back();
    last.matrix /= targets.scale[0];
    last.bias = last.bias.array() / targets.scale[0] + targets.mean[0];
    model.precision = Precision::full;  // single precision would no longer be exact in them
}

ConfigText config_text_of(const PortableModel& model) {
    ConfigText text{
        {"data.format", "csv"},
        {"data.path", "."},
        {"data.standardize", model.standardization.empty() ? "false" : "true"},
        {"network.layers", model.network.layers_text()},
        {"network.activation", model.network.activation_text()},
        {"network.output", to_text(model.network.output)},
        {"train.precision", to_text(model.precision)},
    };
    std::string why;
    for (const char* formulation : {"classical", "fenchel", "mac"}) {
        text["formulation.name"] = formulation;
        try {
            parse_config(text);
            return text;
        } catch (const UsageError& error) {
            why = error.what();
        }
    }
    throw DataError("no formulation can carry the network", why, "use other activations");
}

}  // namespace

PortableModel to_portable(const ModelHeader& header, const std::vector<Weights<double>>& maps,
                          Precision precision) {
    if (config_of(header).formulation.is_lrrn()) {
        throw UsageError("a model of formulation.name = lrrn cannot be exported",
                         "its answer is the minimizer of an energy, and other tools would take its "
                         "weights for those of a feed-forward network",
                         "use hoist predict, or read the weights from the .h5 file");
    }
    if (!header.lift.empty()) {
        throw UsageError("a model of data.lift = " + to_text(header.lift) + " cannot be exported",
                         "other tools would give it inputs that are not lifted",
                         "use hoist predict, or read the weights from the .h5 file");
    }
    PortableModel model;
    model.network = header.network;
    if (model.network.output == Output::spline) {  // which only training asks for
        model.network.output = Output::linear;
    }
    for (const Weights<double>& weights : maps) {
        model.maps.push_back(weights.folded());
        MapSpec& map = model.network.maps[model.maps.size() - 1];
        map = map.unnormalized();
    }
    model.standardization = header.standardization;
    model.precision = precision;
    fold(header.targets, model);
    model.class_names = header.class_names;
    model.config = header.config;
    model.created = header.created;
    return model;
}

ModelHeader header_of(const PortableModel& model) {
    const ConfigText text = config_text_of(model);
    ModelHeader header;
    header.network = model.network;
    header.config = resolved_ini(text);
    header.class_names = model.class_names;
    header.standardization = model.standardization;
    header.created = time_stamp();
    header.version = HOIST_VERSION;
    header.formulation = text.at("formulation.name");
    return header;
}

}  // namespace hoist
