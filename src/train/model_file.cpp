#include "hoist/train/model_file.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <ctime>
#include <functional>
#include <optional>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/train/batch_step.hpp"
#include "model_table.hpp"

namespace hoist {

namespace {

constexpr Index format_version = 1;

std::string layer_name(Index layer) { return "/layers/" + std::to_string(layer); }
std::string solver_name(Index layer, const SolverState& state) {
    return "/solver/" + std::to_string(layer) + "/" + state.name;
}
std::string activations_name(Index layer) { return "/activations/" + std::to_string(layer); }

template <typename Scalar>
std::span<const Scalar> view(const Matrix<Scalar>& matrix) {
    return {matrix.data(), static_cast<std::size_t>(matrix.size())};
}

template <typename Scalar>
std::span<Scalar> view(Matrix<Scalar>& matrix) {
    return {matrix.data(), static_cast<std::size_t>(matrix.size())};
}

std::span<const double> view(const Vector<double>& vector) {
    return {vector.data(), static_cast<std::size_t>(vector.size())};
}

void write_header(Hdf5Writer& file, const ModelHeader& header) {
    file.attribute("/", "format_version", format_version);
    file.attribute("/", "kind", header.checkpoint ? "checkpoint" : "model");
    file.attribute("/", "config", header.config);
    file.attribute("/", "created", header.created);
    file.attribute("/", "version", header.version);
    file.attribute("/", "output", to_text(header.network.output));
    if (!header.class_names.empty()) {
        file.write("/class_names", header.class_names);
    }
    write_table(file, header.table);
    if (!header.standardization.empty()) {
        file.write<double>("/input/mean", view(header.standardization.mean));
        file.write<double>("/input/scale", view(header.standardization.scale));
    }
    if (!header.targets.empty()) {
        file.write<double>("/output/mean", view(header.targets.mean));
        file.write<double>("/output/scale", view(header.targets.scale));
    }
    if (header.checkpoint) {
        const Progress& progress = header.progress;
        const auto write = [&](const std::string& name, double value) {
            file.write<double>("/progress/" + name, std::span<const double>(&value, 1));
        };
        write("sweep", static_cast<double>(progress.sweep));
        write("batch", static_cast<double>(progress.batch));
        write("loss", progress.loss);
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
        file.write("/solver/formulation", {header.formulation});
    }
}

/// Brings what other ranks own to rank 0, piece by piece in the order of the calls. Where taking a
/// piece fails there, the rest still arrives, so that nobody is left waiting; the error is told to
/// all at the end.
class Collector {
  public:
    explicit Collector(const Communicator& world) : ranks_(world.split(0)) {}

    bool collects() const { return ranks_.rank() == 0; }

    /// `own` is what the owner has; on rank 0 `take` gets it, or a copy of the right shape.
    template <typename Scalar>
    void piece(int owner, Index rows, Index columns, const std::function<Matrix<Scalar>()>& own,
               const std::function<void(const Matrix<Scalar>&)>& take) {
        if (ranks_.rank() == owner && !collects()) {
            const Matrix<Scalar> sent = own();
            ranks_.send(view(sent), 0, 0).wait();
        } else if (collects()) {
            Matrix<Scalar> piece(rows, columns);
            if (owner == 0) {
                piece = own();
            } else {
                ranks_.receive(view(piece), owner, 0).wait();
            }
            attempt([&] { take(piece); });
        }
    }

    /// Runs `work` on rank 0, unless something failed before.
    void attempt(const std::function<void()>& work) {
        if (!collects() || error_) {
            return;
        }
        try {
            work();
        } catch (const Error& error) {
            error_ = error;
        }
    }

    /// Collective. @throws the error of rank 0, on every rank.
    void agree_on_success() {
        agree(ranks_, [&] {
            if (error_) {
                throw Error(*error_);
            }
        });
    }

  private:
    Communicator ranks_;
    std::optional<Error> error_;
};

template <typename Scalar>
Index expected_bytes(const NetworkSpec& network, const CheckpointState<Scalar>* state) {
    Index numbers = 0;
    for (Index l = 0; l < network.layers(); ++l) {
        numbers += (network.width(l) + 1) * network.map_outputs(l);
        if (state != nullptr && state->samples != nullptr && l > 0) {
            numbers += network.width(l) * state->samples->blocks.samples();
        }
        if (state != nullptr && state->entries) {
            for (const SolverState& entry : state->entries(l)) {
                numbers += entry.rows * entry.columns;
            }
        }
    }
    return numbers * static_cast<Index>(sizeof(Scalar));
}

}  // namespace

std::string time_stamp() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text.data();
}

template <typename Scalar>
void write_model(const std::filesystem::path& path, const ModelHeader& header,
                 const Communicator& world, const Placement& placement, const Stage<Scalar>& stage,
                 const CheckpointState<Scalar>* state) {
    const NetworkSpec& network = header.network;
    const Samples<Scalar>* samples = state != nullptr ? state->samples : nullptr;
    Collector collector(world);
    std::optional<Hdf5Writer> file;
    collector.attempt([&] {
        file.emplace(path, expected_bytes(network, state));
        write_header(*file, header);
    });
    const Index first = stage.layers.front().index;
    const auto own_layer = [&](Index l) -> const Layer<Scalar>& {
        return stage.layers[static_cast<std::size_t>(l - first)];
    };
    for (int s = 0; s < placement.grid.stages(); ++s) {
        const Range layers = placement.layers[static_cast<std::size_t>(s)];
        for (Index l = layers.begin; l < layers.end; ++l) {
            const int owner = placement.grid.rank_of(s, 0);
            const Index rows = network.map_outputs(l);
            const std::string name = layer_name(l);
            collector.piece<Scalar>(
                owner, network.width(l), rows,
                [&] { return Matrix<Scalar>(own_layer(l).weights.matrix.transpose()); },
                [&](const Matrix<Scalar>& transposed) {  // whose columns are the rows of W
                    file->template write<Scalar>(name + "/weights", rows, network.width(l),
                                                 view(transposed));
                });
            collector.piece<Scalar>(
                owner, rows, 1, [&] { return Matrix<Scalar>(own_layer(l).weights.bias); },
                [&](const Matrix<Scalar>& bias) {
                    file->template write<Scalar>(name + "/bias", view(bias));
                });
            collector.attempt([&] {
                const bool output = l + 1 == network.layers();
                file->attribute(
                    name, "activation",
                    output ? to_text(network.output) : network.activation(l + 1).name());
                file->attribute(name, "name",
                                output ? "output" : "hidden " + std::to_string(l + 1));
            });
            if (state != nullptr && state->entries) {
                const std::vector<SolverState> entries = state->entries(l);
                for (std::size_t i = 0; i < entries.size(); ++i) {
                    collector.piece<Scalar>(
                        owner, entries[i].rows, entries[i].columns,
                        [&] { return *state->solver[static_cast<std::size_t>(l - first)][i]; },
                        [&](const Matrix<Scalar>& matrix) {
                            file->template write<Scalar>(solver_name(l, entries[i]), view(matrix));
                        });
                }
            }
            if (samples == nullptr || l == 0) {
                continue;
            }
            const ColumnBlocks& blocks = samples->blocks;
            collector.attempt([&] {
                file->template create<Scalar>(activations_name(l), network.width(l),
                                              blocks.samples(), blocks.width());
            });
            for (Index block = 0; block < blocks.count(); ++block) {
                const Range range = blocks.columns(block);
                collector.piece<Scalar>(
                    placement.grid.owner(s, block, blocks.count()), network.width(l), range.size(),
                    [&] {
                        const Range local = samples->local(block);
                        return Matrix<Scalar>(
                            own_layer(l).activations.middleCols(local.begin, local.size()));
                    },
                    [&](const Matrix<Scalar>& columns) {
                        file->template write_columns<Scalar>(activations_name(l), range.begin,
                                                             network.width(l), view(columns));
                    });
            }
        }
    }
    collector.attempt([&] { file->commit(); });
    collector.attempt([&] { file.reset(); });
    collector.agree_on_success();
}

ModelHeader read_model_header(const std::filesystem::path& path, bool trusted) try {
    const Hdf5Reader file(path,
                          trusted ? Hdf5Reader::Checksum::trusted : Hdf5Reader::Checksum::required);
    const std::string shown = path.string();
    if (!file.has_attribute("/", "format_version") || !file.has("/layers")) {
        throw DataError(shown + " is not a model of hoist", "it has no layers or no format_version",
                        "give a run directory, model.h5 or a checkpoint");
    }
    if (file.whole_number_attribute("/", "format_version") != format_version) {
        throw DataError(
            shown + " cannot be read", "it was written by a version with another format",
            "use the version of hoist that wrote it: " + file.text_attribute("/", "version"));
    }
    ModelHeader header;
    std::vector<std::string> activations;
    const auto layers = static_cast<Index>(file.members("/layers").size());
    for (Index l = 0; l < layers; ++l) {
        const auto shape = file.shape(layer_name(l) + "/weights");
        if (l > 0 && shape[1] != header.network.widths.back()) {
            throw DataError(shown + " is inconsistent",
                            "the widths of layers " + std::to_string(l - 1) + " and " +
                                std::to_string(l) + " differ",
                            "use another checkpoint");
        }
        if (l == 0) {
            header.network.widths.push_back(shape[1]);
        }
        Index group = 1;
        if (l + 1 < layers) {
            header.network.activations.push_back(
                parse_activation(file.text_attribute(layer_name(l), "activation")));
            group = header.network.activations.back()->traits().group;
        }
        if (shape[0] < group || shape[0] % group != 0 || shape[1] < 1) {
            throw DataError(shown + " is inconsistent",
                            "layer " + std::to_string(l) + " has weights of " +
                                std::to_string(shape[0]) + " x " + std::to_string(shape[1]),
                            "use another checkpoint");
        }
        header.network.widths.push_back(shape[0] / group);
    }
    if (layers == 0) {
        throw DataError(shown + " is not a model of hoist", "it has no layers",
                        "give a run directory, model.h5 or a checkpoint");
    }
    header.network.output = parse_output(file.text_attribute("/", "output"));
    header.config = file.text_attribute("/", "config");
    header.created = file.text_attribute("/", "created");
    header.version = file.text_attribute("/", "version");
    header.checkpoint = file.text_attribute("/", "kind") == "checkpoint";
    if (file.has("/class_names")) {
        header.class_names = file.read_text("/class_names");
    }
    const Index outputs = header.network.outputs();
    if ((header.network.output != Output::linear && outputs < 2) ||
        (!header.class_names.empty() && std::ssize(header.class_names) != outputs)) {
        throw DataError(shown + " is inconsistent",
                        "its " + std::to_string(outputs) + " outputs are " +
                            to_text(header.network.output) + " scores of " +
                            std::to_string(header.class_names.size()) + " named classes",
                        "use another checkpoint");
    }
    header.table = read_table(file, shown, header.network.inputs());
    if (file.has("/input/mean")) {
        const std::vector<double> mean = file.read<double>("/input/mean");
        const std::vector<double> scale = file.read<double>("/input/scale");
        if (mean.size() != scale.size() ||
            static_cast<Index>(mean.size()) != header.network.inputs()) {
            throw DataError(shown + " is inconsistent",
                            "its input scaling does not fit its first layer", "");
        }
        header.standardization.mean =
            Eigen::Map<const Vector<double>>(mean.data(), header.network.inputs());
        header.standardization.scale =
            Eigen::Map<const Vector<double>>(scale.data(), header.network.inputs());
    }
    if (file.has("/output/mean")) {
        const std::vector<double> mean = file.read<double>("/output/mean");
        const std::vector<double> scale = file.read<double>("/output/scale");
        if (!header.network.regression() || mean.size() != 1 || scale.size() != 1 ||
            !std::isfinite(mean[0]) || !(scale[0] > 0.0) || std::isinf(scale[0])) {
            throw DataError(shown + " is inconsistent",
                            "the scaling of its output is not that of a regression",
                            "use another checkpoint");
        }
        header.targets.mean = Vector<double>::Constant(1, mean[0]);
        header.targets.scale = Vector<double>::Constant(1, scale[0]);
    }
    if (header.checkpoint) {
        const auto read = [&](const std::string& name) {
            const std::vector<double> values = file.read<double>("/progress/" + name);
            if (values.size() != 1) {
                throw DataError(shown + " is inconsistent",
                                "/progress/" + name + " is not one number",
                                "use another checkpoint");
            }
            return values.front();
        };
        const auto count = [&](const std::string& name, double least = 0.0) {
            const double value = read(name);
            if (!(value >= least && value < 0x1p53)) {
                throw DataError(shown + " is inconsistent",
                                "/progress/" + name + " is " + to_text(value),
                                "use another checkpoint");
            }
            return static_cast<Index>(value);
        };
        const auto read_if_there = [&](const std::string& name) {
            return file.has("/progress/" + name) ? std::optional(read(name)) : std::nullopt;
        };
        Progress& progress = header.progress;
        progress.sweep = count("sweep");
        progress.batch = count("batch");
        progress.loss = read("loss");
        progress.averaged = count("averaged");
        progress.plateau = {read("rate_scale"), read("rate_best"), count("rate_waited", -1.0)};
        progress.seconds_training = read("seconds_training");
        progress.bytes_sent = read("bytes_sent");
        progress.best_test = read_if_there("best_test");
        progress.seconds_to_target = read_if_there("seconds_to_target");
    }
    return header;
} catch (const UsageError& error) {  // a name in the file that this version does not know
    throw DataError(path.string() + " cannot be used", error.what(),
                    "use the version of hoist that wrote it");
}

template <typename Scalar>
std::vector<Layer<Scalar>> read_layers(const std::filesystem::path& path,
                                       const NetworkSpec& network, Range range) {
    const Hdf5Reader file(path, Hdf5Reader::Checksum::trusted);
    std::vector<Layer<Scalar>> layers;
    for (Index l = range.begin; l < range.end; ++l) {
        const Index rows = network.map_outputs(l);
        const std::vector<Scalar> weights = file.read<Scalar>(layer_name(l) + "/weights");
        const std::vector<Scalar> bias = file.read<Scalar>(layer_name(l) + "/bias");
        if (static_cast<Index>(weights.size()) != rows * network.width(l) ||
            static_cast<Index>(bias.size()) != rows) {
            throw DataError(path.string() + " does not fit",
                            "layer " + std::to_string(l) + " has another shape",
                            "give a model of " + network.layers_text());
        }
        Layer<Scalar> layer;
        layer.index = l;
        layer.weights.matrix =
            Eigen::Map<const Matrix<Scalar>>(weights.data(), network.width(l), rows).transpose();
        layer.weights.bias = Eigen::Map<const Vector<Scalar>>(bias.data(), rows);
        layers.push_back(std::move(layer));
    }
    return layers;
}

template <typename Scalar>
void read_activations(const std::filesystem::path& path, const Samples<Scalar>& samples,
                      const NetworkSpec& network, bool last_stage, Stage<Scalar>& stage) {
    const Hdf5Reader file(path, Hdf5Reader::Checksum::trusted);
    const auto read = [&](Index layer, Matrix<Scalar>& columns) {
        const std::array<Index, 2> shape = file.shape(activations_name(layer));
        if (shape != std::array<Index, 2>{network.width(layer), samples.blocks.samples()}) {
            throw DataError(path.string() + " does not fit the data",
                            "it has activations of " + std::to_string(shape[1]) +
                                " samples, and there are " +
                                std::to_string(samples.blocks.samples()),
                            "resume with the data of the run");
        }
        columns.resize(network.width(layer), samples.columns.size());
        file.read_columns<Scalar>(activations_name(layer), samples.columns.begin, view(columns));
    };
    for (Layer<Scalar>& layer : stage.layers) {
        if (layer.index > 0) {
            read(layer.index, layer.activations);
        }
    }
    if (!last_stage) {
        read(stage.highest().index + 1, stage.above);
    }
}

template <typename Scalar>
void read_solver_state(const std::filesystem::path& path, const Config& config, Range range,
                       const std::vector<std::vector<Matrix<Scalar>*>>& state) {
    const Hdf5Reader file(path, Hdf5Reader::Checksum::trusted);
    for (Index l = range.begin; l < range.end; ++l) {
        const std::vector<SolverState> entries = solver_entries(config, l);
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const std::string name = solver_name(l, entries[i]);
            Matrix<Scalar>& matrix = *state[static_cast<std::size_t>(l - range.begin)][i];
            const std::vector<Scalar> values =
                file.has(name) ? file.read<Scalar>(name) : std::vector<Scalar>();
            if (static_cast<Index>(values.size()) != matrix.size()) {
                throw UsageError("the run cannot be resumed with another weights.solver",
                                 path.string() + " lacks " + name + ", or has another size of it",
                                 "use the configuration of the run, or another --out");
            }
            std::ranges::copy(values, matrix.data());
        }
    }
}

template void write_model(const std::filesystem::path&, const ModelHeader&, const Communicator&,
                          const Placement&, const Stage<float>&, const CheckpointState<float>*);
template void write_model(const std::filesystem::path&, const ModelHeader&, const Communicator&,
                          const Placement&, const Stage<double>&, const CheckpointState<double>*);
template std::vector<Layer<float>> read_layers(const std::filesystem::path&, const NetworkSpec&,
                                               Range);
template std::vector<Layer<double>> read_layers(const std::filesystem::path&, const NetworkSpec&,
                                                Range);
template void read_activations(const std::filesystem::path&, const Samples<float>&,
                               const NetworkSpec&, bool, Stage<float>&);
template void read_activations(const std::filesystem::path&, const Samples<double>&,
                               const NetworkSpec&, bool, Stage<double>&);

template void read_solver_state(const std::filesystem::path&, const Config&, Range,
                                const std::vector<std::vector<Matrix<float>*>>&);
template void read_solver_state(const std::filesystem::path&, const Config&, Range,
                                const std::vector<std::vector<Matrix<double>*>>&);

}  // namespace hoist
