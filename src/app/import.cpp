#include <array>
#include <cstdio>
#include <optional>

#include "commands.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/foreign/exchanged_model.hpp"
#include "hoist/foreign/npz_model.hpp"
#include "hoist/foreign/onnx_model.hpp"
#include "hoist/problem/model_config.hpp"
#include "hoist/problem/placement.hpp"
#include "hoist/run/checkpoint.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

template <typename Scalar>
void write(const Communicator& alone, const std::filesystem::path& out, const PortableModel& model,
           const ModelHeader& header) {
    Stage<Scalar> stage;
    stage.network = model.network;
    stage.layers = {0, std::ssize(model.maps)};
    for (const Weights<double>& map : model.maps) {
        stage.weights.push_back({map.matrix.cast<Scalar>(), map.bias.cast<Scalar>()});
    }
    write_model<Scalar>(out, header, alone, place(layer_costs(config_of(header)), {}, 1), stage);
}

void write(const Communicator& alone, const std::filesystem::path& out,
           const PortableModel& model) {
    const ModelHeader header = header_of(model);
    model.precision == Precision::single ? write<float>(alone, out, model, header)
                                         : write<double>(alone, out, model, header);
}

/// Puts an output above a chain that ends in its last map.
void set_output(PortableModel& model, Output output, const std::string& shown) {
    if (model.network.output != Output::linear && model.network.output != output) {
        throw UsageError("--output " + to_text(output) + " contradicts " + shown,
                         "its output is " + to_text(model.network.output), "leave it out");
    }
    if (output == Output::softmax && model.network.regression()) {
        make_two_classes(model);
        model.remarks.push_back(two_classes_remark);
    }
    model.network.output = output;
    complete(model, shown);
}

}  // namespace

CommandSyntax import_syntax() {
    po::options_description options("Options", 110);
    options.add_options()                                         //
        ("out", po::value<std::string>(), "model to write, .h5")  //
        ("output", po::value<std::string>(),
         "what stands above the last map where the file does not say: linear, softmax, simplex "
         "[linear]");
    return {options, {"FILE.onnx|.npz"}, CommandSyntax::Keys::none};
}

ExitStatus run_import(const Communicator& world, const CommandLine& line) {
    std::string from;
    std::string out;
    std::optional<Output> output;
    agree(world, [&] {
        from = line.get<std::vector<std::string>>("argument").front();
        out = line.has("out") ? line.get<std::string>("out") : "";
        if (!from.ends_with(".onnx") && !from.ends_with(".npz")) {
            throw UsageError("import takes FILE.onnx or FILE.npz", "given " + from,
                             "the ending says the format");
        }
        if (!out.ends_with(".h5")) {
            throw UsageError("import needs --out FILE.h5", out.empty() ? "" : "given " + out,
                             "models are HDF5 files");
        }
        if (line.has("output")) {
            output = parse_output(line.get<std::string>("output"));
        }
    });
    const Communicator alone = world.split(world.rank());
    agree(world, [&] {
        if (world.rank() == 0) {
            PortableModel model =
                from.ends_with(".onnx") ? read_onnx_model(from) : read_npz_model(from);
            if (output) {
                set_output(model, *output, from);
            }
            write(alone, out, model);
            std::printf("%s (%s, %s) written to %s\n", model.network.layers_text().c_str(),
                        model.network.activation_text().c_str(),
                        to_text(model.network.output).c_str(), out.c_str());
            for (const std::string& remark : model.remarks) {
                std::printf("note: %s\n", remark.c_str());
            }
        }
    });
    return ExitStatus::done;
}

}  // namespace hoist
