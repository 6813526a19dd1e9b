#include "../src/app/command_line.hpp"
#include "fuzz/scratch_folder.hpp"
#include "fuzz/targets.hpp"
#include "hoist/foreign/npz_model.hpp"
#include "hoist/foreign/onnx_model.hpp"
#include "hoist/io/numpy_array.hpp"

namespace hoist {

namespace {

PortableModel small_model() {
    PortableModel model;
    model.network = parse_network("3-2-2", "relu", "softmax");
    model.maps = {{Matrix<double>::Constant(2, 3, 0.5), Vector<double>::Constant(2, 0.25)},
                  {Matrix<double>::Constant(2, 2, -0.5), Vector<double>::Constant(2, 0.0)}};
    model.standardization = {Vector<double>::Constant(3, 0.1), Vector<double>::Constant(3, 2.0)};
    model.class_names = {"one", "two"};
    return model;
}

}  // namespace

void read_configuration(Bytes bytes) {
    const std::string text = text_of(bytes);
    const ConfigText given = parse_ini(text, "fuzz.ini");
    parse_config(given);
    // What hoist accepts it writes to config.ini, which says the same.
    const std::string resolved = resolved_ini(given);
    require(resolved_ini(parse_ini(resolved, "config.ini")) == resolved,
            "config.ini is the configuration");
    require(resolved_ini(read_resolved_ini(resolved)) == resolved,
            "config.ini is the configuration");
}

void read_npy(Bytes bytes) { parse_npy(text_of(bytes), "fuzz"); }

void read_npz(Bytes bytes) { read_npz_model(scratch().put("model.npz", bytes)); }

void read_onnx(Bytes bytes) { read_onnx_model(scratch().put("model.onnx", bytes)); }

std::vector<std::string> npz_seeds() {
    write_npz_model(scratch().path() / "seed.npz", small_model());
    return {scratch().contents("seed.npz")};
}

std::vector<std::string> onnx_seeds() {
    std::vector<std::string> seeds;
    for (const Precision precision : {Precision::single, Precision::full}) {
        PortableModel model = small_model();
        model.precision = precision;
        write_onnx_model(scratch().path() / "seed.onnx", model);
        seeds.push_back(scratch().contents("seed.onnx"));
    }
    return seeds;
}

}  // namespace hoist
