#include <algorithm>
#include <utility>

#include "hoist/problem/problem.hpp"
#include "hoist/run/checkpoint.hpp"
#include "hoist/train/lifted_state.hpp"
#include "model_state.hpp"

namespace hoist {

namespace {

/// Samples whose scores are computed together.
constexpr Index rows_at_once = 16384;

template <typename Scalar>
Stage<Scalar> whole_stage(const std::string& path, const ModelHeader& header) {
    const Range layers{0, header.network.layers()};
    return {header.network, layers, read_weights<Scalar>(path, header.network, layers)};
}

// Without labels, whatever the network predicts.
std::unique_ptr<Dataset> open_rows(const DataInMemory& data, const Config& config) {
    DataConfig memory;
    memory.format = "memory";
    memory.memory = &data;
    return std::move(open_dataset(memory, data_use(config)).train);
}

template <typename Scalar>
Matrix<double> scores_of(const Model::State& state, const Stage<Scalar>& stage, Dataset& data,
                         Range rows) {
    std::vector<Index> chosen;
    for (Index row = rows.begin; row < rows.end; ++row) {
        chosen.push_back(row);
    }
    const NetworkSpec& network = state.header.network;
    const Communicator alone = Communicator::alone();
    Samples<Scalar> samples =
        load_samples<Scalar>(data, chosen, network, state.placement, 0,
                             ColumnBlocks(rows.size(), 0, network.widest()), state.header.targets);
    standardize(state.header.standardization, samples.inputs);
    Stage<Scalar> own = stage;
    return network_scores<Scalar>(
        {state.config, alone, alone, state.placement, own, state.header.targets}, samples);
}

}  // namespace

Placement whole_network(const Config& config) { return place(layer_costs(config), {}, 1); }

Model::Model(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Model Model::load(const std::string& path) {
    ModelHeader header = read_model_header(path);
    Config config = config_of(header);
    Placement placement = whole_network(config);
    std::variant<Stage<float>, Stage<double>> stage;
    if (config.precision == Precision::single) {
        stage = whole_stage<float>(path, header);
    } else {
        stage = whole_stage<double>(path, header);
    }
    return Model(std::make_shared<const State>(
        State{std::move(header), std::move(config), std::move(placement), std::move(stage)}));
}

void Model::save(const std::string& path) const {
    std::visit(
        [&](const auto& stage) {
            write_model(path, state_->header, Communicator::alone(), state_->placement, stage);
        },
        state_->stage);
}

Index Model::inputs() const { return state_->header.network.inputs(); }
Index Model::outputs() const { return state_->header.network.outputs(); }

std::vector<double> Model::scores(const Rows& inputs) const {
    if (state_->header.network.pictures()) {
        throw UsageError("the model makes pictures", "they are no scores", "use hoist predict");
    }
    if (inputs.columns() != this->inputs()) {
        throw UsageError("the rows have " + std::to_string(inputs.columns()) + " numbers",
                         "the model takes " + std::to_string(this->inputs()) + " inputs",
                         "give as many for each sample");
    }
    const DataInMemory memory{{inputs, {}, {}}, {}};
    const std::unique_ptr<Dataset> data = open_rows(memory, state_->config);
    std::vector<double> all;
    all.reserve(static_cast<std::size_t>(inputs.rows() * outputs()));
    for (Index first = 0; first < inputs.rows(); first += rows_at_once) {
        const Range rows{first, std::min(first + rows_at_once, inputs.rows())};
        const Matrix<double> scores =
            std::visit([&](const auto& stage) { return scores_of(*state_, stage, *data, rows); },
                       state_->stage);
        all.insert(all.end(), scores.data(), scores.data() + scores.size());
    }
    return all;
}

std::vector<Index> Model::classes(const Rows& inputs) const {
    const std::vector<double> all = scores(inputs);
    std::vector<Index> classes;
    for (auto first = all.begin(); first != all.end(); first += outputs()) {
        classes.push_back(std::max_element(first, first + outputs()) - first);
    }
    return classes;
}

}  // namespace hoist
