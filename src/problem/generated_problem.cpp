#include <optional>

#include "hoist/comm/agree.hpp"
#include "hoist/problem/problem.hpp"
#include "start.hpp"

namespace hoist {

namespace {

template <typename Scalar>
Samples<Scalar> generate_samples(const Config& config, const Placement& placement, int rank,
                                 Index count) {
    const NetworkSpec& network = config.network;
    Samples<Scalar> samples;
    samples.blocks = training_blocks(config, count);
    samples.own = placement.grid.owned(rank, samples.blocks.count());
    samples.columns = samples.blocks.columns(samples.own);
    samples.labeled = true;
    const Index own = samples.columns.size();
    const bool first = placement.first(rank);
    const bool last = placement.last(rank);
    samples.inputs.resize(first ? network.inputs() : 0, first ? own : 0);
    samples.targets.resize(last ? network.outputs() : 0, last ? own : 0);
    samples.picture = network.pictures() ? network.picture() : Shape{};
    draw_columns(config.seed, network.regression() || network.output == Output::linear, samples);
    return samples;
}

}  // namespace

template <typename Scalar>
Problem<Scalar> generate_problem(const Config& config, const Communicator& world, Index samples) {
    std::optional<Placement> placement;
    agree(world, [&] { placement = place(layer_costs(config), config.grid, world.size()); });
    const int rank = world.rank();
    Problem<Scalar> problem{*placement, world.split(placement->grid.stage_of(rank))};
    agree(world, [&] {
        problem.train = generate_samples<Scalar>(config, *placement, rank, samples);
        const Range layers = placement->layers_of(rank);
        problem.stage = {config.network, layers, draw_weights<Scalar>(config, layers)};
    });
    return problem;
}

template Problem<float> generate_problem(const Config&, const Communicator&, Index);
template Problem<double> generate_problem(const Config&, const Communicator&, Index);

}  // namespace hoist
