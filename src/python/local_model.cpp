#include "local_model.hpp"

#include "hoist/base/error.hpp"
#include "hoist/foreign/exchanged_model.hpp"
#include "hoist/foreign/npz_model.hpp"
#include "hoist/foreign/onnx_model.hpp"
#include "hoist/math/blas_check.hpp"
#include "hoist/run/checkpoint.hpp"
#include "hoist/run/run_directory.hpp"

namespace hoist {

namespace {

// Here OpenBLAS has chosen its kernels before hoist is asked.
void require_right_results() {
    static const std::optional<std::string> wrong = wrong_blas_result();
    if (wrong) {
        throw SystemError("the kernels of OpenBLAS give wrong results", *wrong,
                          "set OPENBLAS_CORETYPE to another processor, such as Haswell, before "
                          "Python starts, or update OpenBLAS");
    }
}

template <typename Scalar>
LocalModel model_of(const PortableModel& portable) {
    std::vector<Weights<Scalar>> maps;
    for (const auto& [matrix, bias, moments] : portable.maps) {
        maps.push_back({matrix.template cast<Scalar>(), bias.template cast<Scalar>()});
    }
    return {LocalNetwork<Scalar>(header_of(portable), std::move(maps))};
}

template <typename Scalar>
LocalModel model_in(const std::filesystem::path& file, ModelHeader header) {
    auto maps = read_weights<Scalar>(file, header.network, {0, header.network.layers()});
    return {LocalNetwork<Scalar>(std::move(header), std::move(maps))};
}

template <typename Scalar>
void write(const LocalNetwork<Scalar>& network, const std::string& path) {
    const ModelHeader& header = network.header();
    if (path.ends_with(".h5")) {
        write_model<Scalar>(path, header, Communicator::alone(), network.placement(),
                            network.stage());
        return;
    }
    if (!path.ends_with(".npz") && !path.ends_with(".onnx")) {
        throw UsageError("cannot save the model as " + path, "the ending chooses the format",
                         "use .h5, .npz or .onnx");
    }
    std::vector<Weights<double>> maps;
    for (const auto& [matrix, bias, moments] : network.maps()) {
        maps.push_back(
            {matrix.template cast<double>(),
             bias.template cast<double>(),
             {moments.mean.template cast<double>(), moments.variance.template cast<double>()}});
    }
    const PortableModel model = to_portable(header, maps, network.config().precision);
    path.ends_with(".npz") ? write_npz_model(path, model) : write_onnx_model(path, model);
}

}  // namespace

void write_local_model(const LocalModel& model, const std::string& path) {
    std::visit([&](const auto& network) { write(network, path); }, model.network);
}

LocalModel read_local_model(const std::string& path, std::optional<Precision> precision) {
    require_right_results();
    const std::filesystem::path file = model_file(path);
    if (file.extension() == ".npz" || file.extension() == ".onnx") {
        const PortableModel portable =
            file.extension() == ".npz" ? read_npz_model(file) : read_onnx_model(file);
        return precision.value_or(portable.precision) == Precision::single
                   ? model_of<float>(portable)
                   : model_of<double>(portable);
    }
    ModelHeader header = read_model_header(file);
    return precision.value_or(config_of(header).precision) == Precision::single
               ? model_in<float>(file, std::move(header))
               : model_in<double>(file, std::move(header));
}

}  // namespace hoist
