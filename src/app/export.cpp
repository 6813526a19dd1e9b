#include <cstdio>

#include "commands.hpp"
#include "hoist/base/text.hpp"
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

// @param size of its pictures, ROWSxCOLUMNS; empty: that of the patches that it was trained on.
PortableModel read_model(const std::filesystem::path& path, Precision precision,
                         const std::string& size) {
    const ModelHeader header = read_model_header(path, true);
    if (config_of(header).formulation.is_lrrn()) {
        throw UsageError("a model of formulation.name = lrrn cannot be exported",
                         "its answer is the minimizer of an energy, and other tools would take its "
                         "weights for those of a feed-forward network",
                         "use hoist predict, or read the weights from the .h5 file");
    }
    PortableModel model;
    model.network = header.network;
    if (!size.empty()) {
        const std::string asked = "--size " + size;
        if (!header.network.pictures()) {
            throw UsageError(asked + " does not go with this model", "it makes no pictures",
                             "leave it out");
        }
        const auto sizes = split(size, 'x');
        const auto rows = to_whole_number(sizes.front());
        const auto columns = to_whole_number(sizes.back());
        if (sizes.size() != 2 || !rows || !columns || *rows < 1 || *columns < 1) {
            throw UsageError(asked + " is not valid", "it is not ROWSxCOLUMNS",
                             "write it like 321x481");
        }
        model.network =
            header.network.resized({*rows, *columns, header.network.picture().channels});
    }
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
    options.add_options()                                                 //
        ("to", po::value<std::string>(), "file to write, .onnx or .npz")  //
        ("size", po::value<std::string>(),
         "ROWSxCOLUMNS of the pictures of a network of pictures [those of its patches]");
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
            const PortableModel model =
                read_model(path, precision, line.has("size") ? line.get<std::string>("size") : "");
            to.ends_with(".onnx") ? write_onnx_model(to, model) : write_npz_model(to, model);
            std::printf("%s written to %s, %td bytes\n", model.network.layers_text().c_str(),
                        to.c_str(), static_cast<Index>(std::filesystem::file_size(to)));
        }
    });
    return ExitStatus::done;
}

}  // namespace hoist
