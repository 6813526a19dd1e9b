#include "hoist/library/model.hpp"

#include <algorithm>

#include "hoist/run/checkpoint.hpp"
#include "model_state.hpp"

namespace hoist {

namespace {

/// Samples whose scores are computed together.
constexpr Index rows_at_once = 16384;

template <typename Scalar>
LocalNetwork<Scalar> read_network(const std::string& path, ModelHeader header) {
    auto maps = read_weights<Scalar>(path, header.network, {0, header.network.layers()});
    return {std::move(header), std::move(maps)};
}

template <typename Scalar>
std::vector<double> scores_of(const LocalNetwork<Scalar>& network, const Rows& inputs) {
    const Index outputs = network.spec().outputs();
    std::vector<double> all(static_cast<std::size_t>(inputs.rows() * outputs));
    for (Index first = 0; first < inputs.rows(); first += rows_at_once) {
        Matrix<double> some(inputs.columns(), std::min(rows_at_once, inputs.rows() - first));
        for (Index i = 0; i < some.cols(); ++i) {
            inputs.read(first + i, {some.col(i).data(), static_cast<std::size_t>(some.rows())});
        }
        network.answer(Eigen::Map<const Matrix<double>>(some.data(), some.rows(), some.cols()),
                       {all.data() + first * outputs, outputs, some.cols()}, {}, first);
    }
    return all;
}

const ModelHeader& header_of(const Model::State& state) {
    return std::visit([](const auto& network) -> const ModelHeader& { return network.header(); },
                      state.network);
}

}  // namespace

Model::Model(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Model Model::load(const std::string& path) {
    ModelHeader header = read_model_header(path);
    return Model(
        config_of(header).precision == Precision::single
            ? std::make_shared<const State>(State{read_network<float>(path, std::move(header))})
            : std::make_shared<const State>(State{read_network<double>(path, std::move(header))}));
}

void Model::save(const std::string& path) const {
    std::visit(
        [&](const auto& network) {
            write_model(path, network.header(), Communicator::alone(), network.placement(),
                        network.stage());
        },
        state_->network);
}

Index Model::inputs() const { return header_of(*state_).inputs(); }
Index Model::outputs() const { return header_of(*state_).network.outputs(); }

std::vector<double> Model::scores(const Rows& inputs) const {
    if (header_of(*state_).network.pictures()) {
        throw UsageError("the model makes pictures", "they are no scores", "use hoist predict");
    }
    if (inputs.columns() != this->inputs()) {
        throw UsageError("the rows have " + std::to_string(inputs.columns()) + " numbers",
                         "the model takes " + std::to_string(this->inputs()) + " inputs",
                         "give as many for each sample");
    }
    return std::visit([&](const auto& network) { return scores_of(network, inputs); },
                      state_->network);
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
