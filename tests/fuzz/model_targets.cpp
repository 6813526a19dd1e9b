#include <fcntl.h>
#include <unistd.h>

#include "../src/app/model_argument.hpp"
#include "file_descriptor.hpp"
#include "fuzz/damaged_hdf5.hpp"
#include "fuzz/read_dataset.hpp"
#include "fuzz/targets.hpp"
#include "hoist/run/checkpoint.hpp"
#include "hoist/train/batch_step.hpp"
#include "user_block.hpp"

namespace hoist {

namespace {

constexpr Index samples_of_run = 4;

ConfigText small_run() {
    return {{"network.layers", "3-2-2"},
            {"formulation.name", "fenchel"},
            {"weights.solver", "adam"},
            {"data.samples", std::to_string(samples_of_run)}};
}

/// Everything that a command would take from a model: its network, configuration and weights.
void use_model(const std::filesystem::path& path) {
    const ModelHeader header = read_model_header(path);
    const Config config = config_of(header);
    const Range all{0, header.network.layers()};
    if (config.precision == Precision::single) {
        read_weights<float>(path, header.network, all);
    } else {
        read_weights<double>(path, header.network, all);
    }
    const DataUse use{config.task(), header.network.inputs(), header.class_names};
    require(use.class_names.empty() || std::ssize(use.class_names) == header.network.outputs(),
            "every output has a name");
}

/// What a run takes from its checkpoint beside the header.
void resume(const std::filesystem::path& path) {
    const Config config = parse_config(small_run());
    const ModelHeader header = read_model_header(path);
    const NetworkSpec& network = config.network;
    const Range all{0, network.layers()};
    read_weights<float>(path, network, all);
    Samples<float> samples;
    samples.blocks = ColumnBlocks(samples_of_run);
    samples.columns = {0, samples_of_run};
    Variables<float> variables(all);
    read_activations(path, samples, network, variables);
    std::vector<Matrix<float>> memory;
    for (Index l = 0; l < network.layers(); ++l) {
        for (const SolverState& entry : solver_entries(config, l)) {
            memory.emplace_back(entry.rows, entry.columns);
        }
    }
    std::vector<std::vector<Matrix<float>*>> state;
    auto matrix = memory.begin();
    for (Index l = 0; l < network.layers(); ++l) {
        state.emplace_back();
        for (std::size_t i = 0; i < solver_entries(config, l).size(); ++i, ++matrix) {
            state.back().push_back(&*matrix);
        }
    }
    read_solver_state<float>(path, config, all, state);
}

void write_layers(DamagedHdf5& file, const std::string& kind, const std::string& activation) {
    file.numbers("/layers/0/weights", {2, 3});
    file.numbers("/layers/0/bias", {2});
    file.numbers("/layers/1/weights", {2, 2});
    file.numbers("/layers/1/bias", {2});
    file.attribute("/", "format_version", std::int64_t{1});
    file.attribute("/", "kind", kind);
    file.attribute("/", "config", resolved_ini(small_run()));
    file.attribute("/", "created", "2026-01-31T12:00:00Z");
    file.attribute("/", "version", "0.1.0");
    file.attribute("/", "output", "softmax");
    file.attribute("/layers/0", "activation", activation);
}

std::filesystem::path write_model_file(InputBytes& input) {
    const std::filesystem::path path = scratch().path() / "model.h5";
    DamagedHdf5 file(path, input);
    write_layers(file, "model", "relu");
    file.numbers("/input/mean", {3});
    file.numbers("/input/scale", {3});
    if (input.next() % 2 == 0) {
        file.texts("/class_names", {"one", "two"});
    } else {
        file.numbers("/class_names", {2});
    }
    file.finish();
    return path;
}

std::string file_contents(const std::filesystem::path& path) {
    return scratch().contents(path.filename().string());
}

}  // namespace

void read_model_bytes(Bytes bytes) { use_model(scratch().put("model.h5", bytes)); }

void read_checked_bytes(Bytes bytes) {
    const std::string header(std::tuple_size_v<UserBlock>, ' ');
    std::string contents = header + text_of(bytes);
    const std::filesystem::path path = scratch().put("model.h5", bytes_of(contents));
    {
        const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        const auto block = expected_user_block(file.number());
        require(block && ::pwrite(file.number(), block->data(), block->size(), 0) ==
                             static_cast<ssize_t>(block->size()),
                "the header can be written");
    }
    use_model(path);
}

void read_model(Bytes bytes) {
    InputBytes input(bytes);
    use_model(write_model_file(input));
}

void read_checkpoint(Bytes bytes) {
    InputBytes input(bytes);
    const std::filesystem::path path = scratch().path() / "checkpoint.h5";
    DamagedHdf5 file(path, input);
    for (const char* name : {"sweep", "batch", "loss", "averaged", "rate_scale", "rate_best",
                             "rate_waited", "seconds_training", "bytes_sent", "best_test"}) {
        file.numbers(std::string("/progress/") + name, {1}, 3.0);
    }
    file.numbers("/activations/1", {2, samples_of_run});
    const Config config = parse_config(small_run());
    for (Index l = 0; l < config.network.layers(); ++l) {
        for (const SolverState& entry : solver_entries(config, l)) {
            file.numbers("/solver/" + std::to_string(l) + "/" + entry.name,
                         {static_cast<hsize_t>(entry.rows * entry.columns)});
        }
    }
    write_layers(file, "checkpoint", "relu");
    file.finish();
    resume(path);
}

/// Flags, then what is wrong.
void read_hdf5_data(Bytes bytes) {
    InputBytes input(bytes);
    const std::uint8_t flags = input.next();
    DamagedHdf5 file(scratch().path() / "data.h5", input);
    file.numbers("/inputs", {samples_of_run, 2});
    if ((flags & 8) != 0) {
        file.texts("/labels", {"one", "two", text_of(input.next(3)), "one"});
    } else {
        file.numbers("/labels", {samples_of_run}, 1.0);
    }
    if ((flags & 16) != 0) {
        file.texts("/class_names", {"one", text_of(input.next(3))});
    } else if ((flags & 32) != 0) {
        file.numbers("/class_names", {2});
    }
    file.numbers("/targets", {samples_of_run, 2});
    file.finish();
    read_dataset(scratch_data("hdf5", "data.h5"), data_use(flags));
}

std::vector<std::string> model_seeds() {
    InputBytes nothing{Bytes()};
    return {file_contents(write_model_file(nothing))};
}

std::vector<std::string> checked_seeds() {
    return {model_seeds().front().substr(std::tuple_size_v<UserBlock>)};
}

}  // namespace hoist
