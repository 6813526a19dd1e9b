#include <cstdio>

#include "commands.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/foreign/exchanged_model.hpp"
#include "hoist/foreign/npz_model.hpp"
#include "hoist/foreign/onnx_model.hpp"
#include "model_argument.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

NetworkSpec resized(const NetworkSpec& network, const std::string& size) {
    const std::string asked = "--size " + size;
    if (!network.pictures()) {
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
    return network.resized({*rows, *columns, network.picture().channels});
}

// @param size of its pictures, ROWSxCOLUMNS; empty: that of the patches that it was trained on.
PortableModel read_model(const std::filesystem::path& path, Precision precision,
                         const std::string& size) {
    const ModelHeader header = read_model_header(path, true);
    PortableModel model = to_portable(
        header, read_weights<double>(path, header.network, {0, header.network.layers()}),
        precision);
    if (!size.empty()) {
        model.network = resized(model.network, size);
    }
    return model;
}

}  // namespace

CommandSyntax export_syntax() {
    po::options_description options("Options", 110);
    options.add_options()                                                 //
        ("to", po::value<std::string>(), "file to write, .onnx or .npz")  //
        ("size", po::value<std::string>(),
         "ROWSxCOLUMNS of the pictures of a network of pictures [those of its patches]");
    return {options, {"MODEL"}, CommandSyntax::Keys::none};
}

ExitStatus run_export(const Communicator& world, const CommandLine& line) {
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
