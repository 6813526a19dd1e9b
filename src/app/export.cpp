#include <cstdio>

#include "commands.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/foreign/npz_model.hpp"
#include "hoist/foreign/onnx_model.hpp"
#include "model_argument.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

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

PortableModel read_model(const std::filesystem::path& path, Precision precision) {
    const ModelHeader header = read_model_header(path, true);
    if (config_of(header).formulation.is_lrrn()) {
        throw UsageError("a model of formulation.name = lrrn cannot be exported",
                         "its answer is the minimizer of an energy, and other tools would take its "
                         "weights for those of a feed-forward network",
                         "use hoist predict, or read the weights from the .h5 file");
    }
    if (header.network.pictures()) {
        throw UsageError("a model of pictures cannot be exported",
                         "other tools would take it for pictures of one size, and what it adds to "
                         "its input has no place in their graph yet",
                         "use hoist predict, or read the weights from the .h5 file");
    }
    PortableModel model;
    model.network = header.network;
    for (const Weights<double>& weights :
         read_weights<double>(path, header.network, {0, header.network.layers()})) {
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

}  // namespace

ExitStatus run_export(const Communicator& world, const Command& command,
                      const std::vector<std::string>& arguments) {
    po::options_description options("Options", 110);
    options.add_options()("to", po::value<std::string>(), "file to write, .onnx or .npz");
    CommandLine line(command, options, {"MODEL"}, CommandLine::Keys::none);
    agree(world, [&] { line.parse(arguments); });
    if (line.help_wanted()) {
        return show_help(world, line);
    }
    std::string to;
    agree(world, [&] {
        to = line.has("to") ? line.get<std::string>("to") : "";
        if (!to.ends_with(".onnx") && !to.ends_with(".npz")) {
            throw UsageError("export needs --to FILE.onnx or --to FILE.npz",
                             to.empty() ? "" : "given " + to, "the ending chooses the format");
        }
    });
    const std::filesystem::path path =
        find_model(world, line.get<std::vector<std::string>>("argument").front());
    const Precision precision = model_precision(world, path);
    agree(world, [&] {
        if (world.rank() == 0) {
            const PortableModel model = read_model(path, precision);
            to.ends_with(".onnx") ? write_onnx_model(to, model) : write_npz_model(to, model);
            std::printf("%s written to %s, %td bytes\n", model.network.layers_text().c_str(),
                        to.c_str(), static_cast<Index>(std::filesystem::file_size(to)));
        }
    });
    return ExitStatus::done;
}

}  // namespace hoist
