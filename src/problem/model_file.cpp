#include "hoist/problem/model_file.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "model_network.hpp"
#include "model_table.hpp"

namespace hoist {

namespace {

/// The first held chains of dense maps only, and no attribute `network`.
constexpr Index format_version = 2;

std::span<const double> view(const Vector<double>& vector) {
    return {vector.data(), static_cast<std::size_t>(vector.size())};
}

Vector<double> to_vector(const std::vector<double>& numbers) {
    return Eigen::Map<const Vector<double>>(numbers.data(), std::ssize(numbers));
}

void write_progress(Hdf5Writer& file, const Progress& progress) {
    const auto write = [&](const std::string& name, double value) {
        file.write<double>("/progress/" + name, std::span<const double>(&value, 1));
    };
    write("sweep", static_cast<double>(progress.sweep));
    write("batch", static_cast<double>(progress.batch));
    write("loss", progress.loss);
    write("passes", static_cast<double>(progress.passes));
    if (!progress.lift.empty()) {
        file.write<double>("/progress/lift", progress.lift);
    }
    write("averaged", static_cast<double>(progress.averaged));
    write("rate_scale", progress.plateau.scale);
    write("rate_best", progress.plateau.best);
    write("rate_waited", static_cast<double>(progress.plateau.waited));
    write("seconds_training", progress.seconds_training);
    write("bytes_sent", progress.bytes_sent);
    if (progress.best_test) {
        write("best_test", *progress.best_test);
    }
    if (progress.seconds_to_target) {
        write("seconds_to_target", *progress.seconds_to_target);
    }
}

/// Reads the header of a file part by part, and says what is wrong with which part.
class HeaderReader {
  public:
    HeaderReader(const Hdf5Reader& file, std::string shown)
        : file_(file), shown_(std::move(shown)) {}

    ModelHeader operator()() const {
        check_kind();
        ModelHeader header;
        header.network = read_network(file_, shown_);
        header.config = file_.text_attribute("/", "config");
        header.lift = lift_in(header);
        header.created = file_.text_attribute("/", "created");
        header.version = file_.text_attribute("/", "version");
        if (file_.has_attribute("/", "trained")) {
            header.trained = file_.whole_number_attribute("/", "trained");
        }
        header.checkpoint = file_.text_attribute("/", "kind") == "checkpoint";
        header.class_names = class_names(header.network);
        header.table = read_table(file_, shown_, header.inputs());
        header.sample_shape = sample_shape(header.network.inputs());
        header.standardization = input_scaling(header.network);
        header.targets = output_scaling(header.network);
        if (header.checkpoint) {
            header.progress = progress();
        }
        return header;
    }

  private:
    [[noreturn]] void refuse(const std::string& why) const {
        throw DataError(shown_ + " is inconsistent", why, "use another checkpoint");
    }

    InputLift lift_in(const ModelHeader& header) const {
        const ConfigText text = read_resolved_ini(header.config);
        const auto found = text.find("data.lift");
        const InputLift lift = found == text.end() ? InputLift() : parse_input_lift(found->second);
        if (lift.numbers(header.network.inputs()) == 0) {
            refuse("no inputs become those of its first layer by " + to_text(lift));
        }
        return lift;
    }

    void check_kind() const {
        if (!file_.has_attribute("/", "format_version") || !file_.has("/layers")) {
            throw DataError(shown_ + " is not a model of hoist",
                            "it has no layers or no format_version",
                            "give a run directory, model.h5 or a checkpoint");
        }
        const Index version = file_.whole_number_attribute("/", "format_version");
        if (version < 1 || version > format_version) {
            throw DataError(
                shown_ + " cannot be read", "it was written by a version with another format",
                "use the version of hoist that wrote it: " + file_.text_attribute("/", "version"));
        }
        if (file_.members("/layers").empty()) {
            throw DataError(shown_ + " is not a model of hoist", "it has no layers",
                            "give a run directory, model.h5 or a checkpoint");
        }
    }

    std::vector<Index> sample_shape(Index inputs) const {
        std::vector<Index> shape;
        if (!file_.has("/input/shape")) {
            return shape;
        }
        double numbers = 1.0;
        for (const double size : file_.read<double>("/input/shape")) {
            const bool fits =
                size >= 1.0 && size <= static_cast<double>(inputs) && size == std::floor(size);
            numbers *= fits ? size : 0.0;
            shape.push_back(fits ? static_cast<Index>(size) : 0);
        }
        if (numbers != static_cast<double>(inputs)) {
            refuse("the shape of its samples does not fit its first layer");
        }
        return shape;
    }

    std::vector<std::string> class_names(const NetworkSpec& network) const {
        std::vector<std::string> names;
        if (file_.has("/class_names")) {
            names = file_.read_text("/class_names");
        }
        const Index outputs = network.outputs();
        if ((network.output != Output::linear && !network.regression() && outputs < 2) ||
            (!names.empty() && std::ssize(names) != outputs)) {
            refuse("its " + std::to_string(outputs) + " outputs are " + to_text(network.output) +
                   " scores of " + std::to_string(names.size()) + " named classes");
        }
        return names;
    }

    Standardization input_scaling(const NetworkSpec& network) const {
        if (!file_.has("/input/mean")) {
            return {};
        }
        const std::vector<double> mean = file_.read<double>("/input/mean");
        const std::vector<double> scale = file_.read<double>("/input/scale");
        if (mean.size() != scale.size() || std::ssize(mean) != network.inputs()) {
            refuse("its input scaling does not fit its first layer");
        }
        return {to_vector(mean), to_vector(scale)};
    }

    Standardization output_scaling(const NetworkSpec& network) const {
        if (!file_.has("/output/mean")) {
            return {};
        }
        const std::vector<double> mean = file_.read<double>("/output/mean");
        const std::vector<double> scale = file_.read<double>("/output/scale");
        if (!(network.regression() || network.pictures()) || mean.size() != 1 ||
            scale.size() != 1 || !std::isfinite(mean[0]) || !(scale[0] > 0.0) ||
            std::isinf(scale[0])) {
            refuse("the scaling of its output is not that of a regression or of pictures");
        }
        return {to_vector(mean), to_vector(scale)};
    }

    double number(const std::string& name) const {
        const std::vector<double> values = file_.read<double>("/progress/" + name);
        if (values.size() != 1) {
            refuse("/progress/" + name + " is not one number");
        }
        return values.front();
    }
    std::optional<double> number_if_there(const std::string& name) const {
        return file_.has("/progress/" + name) ? std::optional(number(name)) : std::nullopt;
    }
    Index count(const std::string& name, double least = 0.0) const {
        const double value = number(name);
        if (!(value >= least && value < 0x1p53)) {
            refuse("/progress/" + name + " is " + to_text(value));
        }
        return static_cast<Index>(value);
    }

    Progress progress() const {
        Progress progress;
        progress.sweep = count("sweep");
        progress.batch = count("batch");
        progress.loss = number("loss");
        if (file_.has("/progress/passes")) {  // the first versions passed once
            progress.passes = static_cast<int>(std::min<Index>(count("passes"), 1000));
        }
        if (file_.has("/progress/lift")) {
            progress.lift = file_.read<double>("/progress/lift");
        }
        progress.averaged = count("averaged");
        progress.plateau = {number("rate_scale"), number("rate_best"), count("rate_waited", -1.0)};
        progress.seconds_training = number("seconds_training");
        progress.bytes_sent = number("bytes_sent");
        progress.best_test = number_if_there("best_test");
        progress.seconds_to_target = number_if_there("seconds_to_target");
        return progress;
    }

    const Hdf5Reader& file_;
    std::string shown_;
};

}  // namespace

std::string layer_name(Index layer) { return "/layers/" + std::to_string(layer); }
std::string coefficients_name(Index layer) { return layer_name(layer) + "/coefficients"; }

void write_model_header(Hdf5Writer& file, const ModelHeader& header) {
    file.attribute("/", "format_version", format_version);
    file.attribute("/", "kind", header.checkpoint ? "checkpoint" : "model");
    file.attribute("/", "config", header.config);
    file.attribute("/", "created", header.created);
    file.attribute("/", "version", header.version);
    if (header.trained) {
        file.attribute("/", "trained", *header.trained);
    }
    file.attribute("/", "output", to_text(header.network.output));
    file.attribute("/", "network", header.network.layers_text());
    if (!header.class_names.empty()) {
        file.write("/class_names", header.class_names);
    }
    write_table(file, header.table);
    if (header.sample_shape.size() > 1) {
        file.write<Index>("/input/shape", std::span<const Index>(header.sample_shape));
    }
    if (!header.standardization.empty()) {
        file.write<double>("/input/mean", view(header.standardization.mean));
        file.write<double>("/input/scale", view(header.standardization.scale));
    }
    if (!header.targets.empty()) {
        file.write<double>("/output/mean", view(header.targets.mean));
        file.write<double>("/output/scale", view(header.targets.scale));
    }
    if (header.checkpoint) {
        write_progress(file, header.progress);
        file.write("/solver/formulation", {header.formulation});
    }
}

ModelHeader read_model_header(const std::filesystem::path& path, bool trusted) try {
    const Hdf5Reader file(path,
                          trusted ? Hdf5Reader::Checksum::trusted : Hdf5Reader::Checksum::required);
    return HeaderReader(file, path.string())();
} catch (const UsageError& error) {  // a name in the file that this version does not know
    throw DataError(path.string() + " cannot be used", error.what(),
                    "use the version of hoist that wrote it");
}

template <typename Scalar>
std::vector<Weights<Scalar>> read_weights(const std::filesystem::path& path,
                                          const NetworkSpec& network, Range range) {
    const Hdf5Reader file(path, Hdf5Reader::Checksum::trusted);
    std::vector<Weights<Scalar>> all;
    for (Index l = range.begin; l < range.end; ++l) {
        const MapSpec& map = network.map(l);
        const auto read = [&](const char* what, Index numbers) {
            std::vector<Scalar> values = file.read<Scalar>(layer_name(l) + what);
            if (std::ssize(values) != numbers) {
                throw DataError(path.string() + " does not fit",
                                "layer " + std::to_string(l) + " has another shape",
                                "give a model of " + network.layers_text());
            }
            return values;
        };
        const auto read_vector = [&](const char* what) -> Vector<Scalar> {
            return Eigen::Map<const Vector<Scalar>>(read(what, map.outputs()).data(),
                                                    map.outputs());
        };
        const std::vector<Scalar> weights = read("/weights", map.outputs() * map.inputs());
        all.push_back({Eigen::Map<const Matrix<Scalar>>(weights.data(), map.inputs(), map.outputs())
                           .transpose(),
                       read_vector("/bias")});
        if (map.normalized) {
            all.back().moments = {read_vector("/mean"), read_vector("/variance")};
        }
    }
    return all;
}

template std::vector<Weights<float>> read_weights(const std::filesystem::path&, const NetworkSpec&,
                                                  Range);
template std::vector<Weights<double>> read_weights(const std::filesystem::path&, const NetworkSpec&,
                                                   Range);

}  // namespace hoist
