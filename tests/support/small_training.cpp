#include "support/small_training.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "hoist/base/text.hpp"
#include "hoist/problem/problem.hpp"

namespace hoist {

namespace {

template <typename Number>
std::span<Number> values_of(Matrix<Number>& matrix) {
    return {matrix.data(), static_cast<std::size_t>(matrix.size())};
}

}  // namespace

SmallProblem SmallProblem::on_grid(int stages, std::vector<int> shards) const {
    SmallProblem other = *this;
    other.config.grid.stages = stages;
    other.config.grid.shards = std::move(shards);
    return other;
}

std::vector<Weights<double>> SmallProblem::start() const {
    std::vector<Weights<double>> weights;
    for (Index l = 0; l < config.network.layers(); ++l) {
        const Index first = config.network.weights_of(l);
        weights.push_back(initial_weights<double>(config.network.map(first), config.start,
                                                  config.bias, config.seed, first));
    }
    return weights;
}

SmallProblem small_problem(const ConfigText& settings, Index samples, std::uint64_t seed) {
    SmallProblem problem;
    problem.config = parse_config(settings);
    const NetworkSpec& network = problem.config.network;
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal;
    const auto draw = [&] { return normal(engine); };
    const Matrix<double> centers =
        Matrix<double>::NullaryExpr(network.inputs(), network.outputs(), draw);
    problem.inputs = Matrix<double>::NullaryExpr(network.inputs(), samples, draw);
    problem.targets = Matrix<double>::Zero(network.outputs(), samples);
    std::uniform_int_distribution<Index> any_class(0, network.outputs() - 1);
    for (Index i = 0; i < samples; ++i) {
        if (network.regression()) {
            problem.targets(0, i) = std::sin(problem.inputs.col(i).sum()) + 0.1 * draw();
            continue;
        }
        const Index label = any_class(engine);
        problem.inputs.col(i) += centers.col(label);
        problem.targets(label, i) = 1.0;
    }
    return problem;
}

template <typename Scalar>
Samples<Scalar> own_samples(const SmallProblem& problem, const Placement& placement, int rank) {
    Samples<Scalar> samples;
    samples.blocks = training_blocks(problem.config, problem.inputs.cols());
    samples.own = placement.grid.owned(rank, samples.blocks.count());
    samples.columns = samples.blocks.columns(samples.own);
    samples.labeled = true;
    const Range own = samples.columns;
    if (placement.first(rank)) {
        samples.inputs = problem.inputs.middleCols(own.begin, own.size()).template cast<Scalar>();
    }
    if (placement.last(rank)) {
        samples.targets = problem.targets.middleCols(own.begin, own.size()).template cast<Scalar>();
    }
    return samples;
}

template <typename Scalar>
SmallTraining<Scalar>::SmallTraining(const SmallProblem& problem, const Communicator& world, Parts)
    : problem_(problem),
      world_(world),
      placement_(place(layer_costs(problem.config), problem.config.grid, world.size())),
      peers_(world.split(placement_.grid.stage_of(world.rank()))),
      samples_(own_samples<Scalar>(problem, placement_, world.rank())),
      stage_{problem.config.network, placement_.layers_of(world.rank()), {}},
      variables_(stage_.layers) {}

template <typename Scalar>
SmallTraining<Scalar>::SmallTraining(const SmallProblem& problem,
                                     const std::vector<Weights<double>>& start,
                                     const Communicator& world)
    : SmallTraining(problem, world, Parts{}) {
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        const Weights<double>& given = start[static_cast<std::size_t>(l)];
        stage_.weights.push_back({given.matrix.cast<Scalar>(), given.bias.cast<Scalar>()});
    }
    sweep_ = std::make_unique<Sweep<Scalar>>(problem_.config, world_, peers_, placement_, samples_,
                                             stage_, variables_);
    sweep_->forward();
    sweep_->settle();
}

template <typename Scalar>
SmallTraining<Scalar>::SmallTraining(const SmallProblem& problem,
                                     const std::filesystem::path& checkpoint,
                                     const Communicator& world)
    : SmallTraining(problem, world, Parts{}) {
    const NetworkSpec& network = problem_.config.network;
    stage_.weights = read_weights<Scalar>(checkpoint, network, stage_.layers);
    read_activations(checkpoint, samples_, network, variables_);
    sweep_ = std::make_unique<Sweep<Scalar>>(problem_.config, world_, peers_, placement_, samples_,
                                             stage_, variables_);
    sweep_->resume();
    sweep_->settle();
}

template <typename Scalar>
void SmallTraining<Scalar>::write_checkpoint(const std::filesystem::path& path) const {
    ModelHeader header;
    header.network = problem_.config.network;
    header.config = "";
    header.created = time_stamp();
    header.version = "test";
    header.checkpoint = true;
    const CheckpointState<Scalar> state{&samples_, &variables_, {}, {}};
    write_model(path, header, world_, placement_, stage_, state);
}

template <typename Scalar>
Energy SmallTraining<Scalar>::energy() const {
    const Energy& own = sweep_->energy();
    return {world_.sum(own.loss), world_.sum(own.penalty), world_.sum(own.ridge)};
}

template <typename Scalar>
std::vector<Weights<Scalar>> gather_weights(const NetworkSpec& network, const Placement& placement,
                                            const Stage<Scalar>& stage, const Communicator& world) {
    std::vector<Weights<Scalar>> all;
    for (int s = 0; s < placement.grid.stages(); ++s) {
        const Range layers = placement.layers[static_cast<std::size_t>(s)];
        const int owner = placement.grid.rank_of(s, 0);
        for (Index l = layers.begin; l < layers.end; ++l) {
            Matrix<Scalar> matrix(network.map(l).outputs(), network.map(l).inputs());
            Matrix<Scalar> bias(network.map(l).outputs(), 1);
            if (world.rank() == owner) {
                matrix = stage.of(l).matrix;
                bias = stage.of(l).bias;
            }
            world.broadcast(values_of(matrix), owner);
            world.broadcast(values_of(bias), owner);
            all.push_back({matrix, bias});
            if (network.map(l).normalized) {
                Matrix<Scalar> moments(network.map(l).outputs(), 2);
                if (world.rank() == owner) {
                    moments << stage.of(l).moments.mean, stage.of(l).moments.variance;
                }
                world.broadcast(values_of(moments), owner);
                all.back().moments = {moments.col(0), moments.col(1)};
            }
        }
    }
    return all;
}

template <typename Scalar>
std::vector<Weights<Scalar>> SmallTraining<Scalar>::weights() const {
    return gather_weights(problem_.config.network, placement_, stage_, world_);
}

template <typename Scalar>
Matrix<Scalar> SmallTraining<Scalar>::activations(Index layer) const {
    Matrix<Scalar> all =
        Matrix<Scalar>::Zero(problem_.config.network.block(layer).size(), problem_.inputs.cols());
    if (stage_.layers.begin <= layer && layer < stage_.layers.end) {
        all.middleCols(samples_.columns.begin, samples_.columns.size()) =
            layer == 0 ? samples_.inputs : variables_.x(layer);
    }
    world_.sum(values_of(all));
    return all;
}

template <typename Scalar>
std::vector<Energy> trajectory(const SmallProblem& problem, int sweeps, const Communicator& world) {
    SmallTraining<Scalar> training(problem, world);
    std::vector<Energy> energies{training.energy()};
    for (int i = 0; i < sweeps; ++i) {
        training.sweep()();
        energies.push_back(training.energy());
    }
    training.sweep().settle();
    return energies;
}

void expect_descent(const std::vector<Energy>& energies, double share) {
    for (std::size_t i = 1; i < energies.size(); ++i) {
        EXPECT_LE(energies[i].objective() / energies[i - 1].objective() - 1.0, 1e-12)
            << "sweep " << i;
        EXPECT_GE(energies[i].penalty, 0.0);
    }
    EXPECT_LT(energies.back().objective(), share * energies.front().objective());
}

std::vector<std::vector<int>> some_grids(int ranks, Index maps) {
    std::set<std::vector<int>> grids{{}};
    const int most = static_cast<int>(std::min<Index>(ranks, maps));
    for (int stages = 1; stages <= most; ++stages) {
        const auto s = static_cast<std::size_t>(stages);
        std::vector<int> shards(s, 1);
        shards.front() += ranks - stages;
        grids.insert(shards);
        std::ranges::reverse(shards);
        grids.insert(shards);
        std::vector<int> even(s, ranks / stages);
        even[s / 2] += ranks % stages;
        grids.insert(even);
    }
    return {grids.begin(), grids.end()};
}

std::string grid_text(std::span<const int> shards) {
    std::vector<std::string> texts;
    for (const int count : shards) {
        texts.push_back(std::to_string(count));
    }
    return texts.empty() ? "auto" : join(texts, "x");
}

template Samples<float> own_samples(const SmallProblem&, const Placement&, int);
template Samples<double> own_samples(const SmallProblem&, const Placement&, int);
template std::vector<Weights<float>> gather_weights(const NetworkSpec&, const Placement&,
                                                    const Stage<float>&, const Communicator&);
template std::vector<Weights<double>> gather_weights(const NetworkSpec&, const Placement&,
                                                     const Stage<double>&, const Communicator&);
template class SmallTraining<float>;
template class SmallTraining<double>;
template std::vector<Energy> trajectory<float>(const SmallProblem&, int, const Communicator&);
template std::vector<Energy> trajectory<double>(const SmallProblem&, int, const Communicator&);

}  // namespace hoist
