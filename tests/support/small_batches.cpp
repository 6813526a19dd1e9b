#include "support/small_batches.hpp"

#include <algorithm>

#include "hoist/base/text.hpp"

namespace hoist {

namespace {

template <typename Scalar>
Problem<Scalar> parts_of(const SmallProblem& problem, const Communicator& world) {
    const Placement placement =
        place(layer_costs(problem.config), problem.config.grid, world.size());
    return {.placement = placement,
            .peers = world.split(placement.grid.stage_of(world.rank())),
            .train = own_samples<Scalar>(problem, placement, world.rank())};
}

}  // namespace

template <typename Scalar>
SmallBatches<Scalar>::SmallBatches(const SmallProblem& problem, const Communicator& world,
                                   Unstarted)
    : problem_(problem), world_(world), parts_(parts_of<Scalar>(problem, world)) {
    parts_.stage.network = problem_.config.network;
    parts_.stage.layers = parts_.placement.layers_of(world.rank());
}

template <typename Scalar>
SmallBatches<Scalar>::SmallBatches(const SmallProblem& problem,
                                   const std::vector<Weights<double>>& start,
                                   const Communicator& world)
    : SmallBatches(problem, world, Unstarted{}) {
    Stage<Scalar>& stage = parts_.stage;
    for (Index l = stage.layers.begin; l < stage.layers.end; ++l) {
        const Weights<double>& given = start[static_cast<std::size_t>(l)];
        stage.weights.push_back(
            {given.matrix.cast<Scalar>(),
             given.bias.cast<Scalar>(),
             {given.moments.mean.cast<Scalar>(), given.moments.variance.cast<Scalar>()}});
    }
    method_ = make_method(problem_.config, world_, parts_);
    method_->begin({}, progress_);
}

template <typename Scalar>
SmallBatches<Scalar>::SmallBatches(const SmallProblem& problem,
                                   const std::filesystem::path& checkpoint,
                                   const Communicator& world)
    : SmallBatches(problem, world, Unstarted{}) {
    parts_.stage.weights =
        read_weights<Scalar>(checkpoint, problem_.config.network, parts_.stage.layers);
    progress_ = read_model_header(checkpoint).progress;
    method_ = make_method(problem_.config, world_, parts_);
    method_->begin(checkpoint, progress_);
}

template <typename Scalar>
void SmallBatches<Scalar>::advance(const std::function<bool()>& stop) {
    method_->advance(progress_, stop);
}

template <typename Scalar>
void SmallBatches<Scalar>::advance_epochs(int count) {
    for (int i = 0; i < count; ++i) {
        advance();
    }
}

template <typename Scalar>
void SmallBatches<Scalar>::write_checkpoint(const std::filesystem::path& path) {
    ModelHeader header;
    header.network = parts_.stage.network;
    header.formulation = problem_.config.formulation.name;
    header.created = time_stamp();
    header.version = "test";
    header.checkpoint = true;
    header.progress = progress_;
    const CheckpointState<Scalar> state = method_->state();
    write_model(path, header, world_, parts_.placement, parts_.stage, state);
}

template <typename Scalar>
std::vector<Weights<Scalar>> SmallBatches<Scalar>::weights() const {
    return gather_weights(problem_.config.network, parts_.placement, parts_.stage, world_);
}

template <typename Scalar>
bool SmallBatches<Scalar>::shards_agree() const {
    const auto all = weights();
    bool equal = true;
    const Stage<Scalar>& stage = parts_.stage;
    for (Index l = stage.layers.begin; l < stage.layers.end; ++l) {
        const Weights<Scalar>& first = all[static_cast<std::size_t>(l)];
        const Weights<Scalar>& own = stage.of(l);
        equal = equal && own.matrix == first.matrix && own.bias == first.bias &&
                own.moments.mean == first.moments.mean &&
                own.moments.variance == first.moments.variance;
    }
    return world_.max(equal ? 0.0 : 1.0) == 0.0;
}

template <typename Scalar>
std::vector<Matrix<double>> joined(const std::vector<Weights<Scalar>>& weights) {
    std::vector<Matrix<double>> all;
    for (const Weights<Scalar>& map : weights) {
        const bool normalized = map.moments.mean.size() > 0;
        Matrix<double> both(map.matrix.rows(), map.matrix.cols() + (normalized ? 3 : 1));
        both.leftCols(map.matrix.cols()) = map.matrix.template cast<double>();
        both.col(map.matrix.cols()) = map.bias.template cast<double>();
        if (normalized) {
            both.rightCols(2) << map.moments.mean.template cast<double>(),
                map.moments.variance.template cast<double>();
        }
        all.push_back(both);
    }
    return all;
}

double relative_distance(const std::vector<Matrix<double>>& a,
                         const std::vector<Matrix<double>>& b) {
    double largest = 0.0;
    for (std::size_t l = 0; l < b.size(); ++l) {
        const double size = std::max(b[l].cwiseAbs().maxCoeff(), 1e-300);
        const double distance = (a[l] - b[l]).cwiseAbs().maxCoeff() / size;
        largest = distance <= largest ? largest : distance;  // a NaN stays
    }
    return largest;
}

template class SmallBatches<float>;
template class SmallBatches<double>;
template std::vector<Matrix<double>> joined(const std::vector<Weights<float>>&);
template std::vector<Matrix<double>> joined(const std::vector<Weights<double>>&);

}  // namespace hoist
