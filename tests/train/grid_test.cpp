#include <gtest/gtest.h>

#include <array>

#include "support/small_training.hpp"

namespace hoist {
namespace {

struct Case {
    std::string name;
    ConfigText settings;
    Index samples;
};

const std::vector<Case> cases{
    {"relu_softmax_with_a_short_last_block",
     {{"network.layers", "6-9-7-4"}, {"grid.block", "8"}, {"formulation.lambda", "3,0.5"}},
     53},
    {"hard_tanh_linear_solved_exactly",
     {{"network.layers", "5-8-6-3"},
      {"network.activation", "hard_tanh"},
      {"network.output", "linear"},
      {"formulation.nnls", "block_pivoting"},
      {"grid.block", "7"}},
     40},
    {"hard_sigmoid_simplex",
     {{"network.layers", "5-8-6-3"},
      {"network.activation", "hard_sigmoid"},
      {"network.output", "simplex"},
      {"formulation.lambda", "2,1,0.5"},
      {"train.inner", "3"},
      {"grid.block", "5"}},
     38},
    {"a_mix_with_a_layer_of_width_one",
     {{"network.layers", "5-6-1-5-3"},
      {"network.activation", "relu,identity,hard_tanh"},
      {"formulation.lambda", "1"},
      {"grid.block", "6"}},
     41},
    // No wider than the inputs: activations that depend on each other leave a saddle, from which
    // rounding alone leads away.
    {"regression_through_identity",
     {{"network.layers", "5-4-4-3-1"},
      {"network.activation", "identity"},
      {"network.output", "linear"},
      {"formulation.lambda", "0.7"},
      {"grid.block", "4"}},
     30},
    {"one_sample", {{"network.layers", "4-5-4-3"}, {"weights.ridge", "0.01"}}, 1},
    {"more_shards_than_blocks",
     {{"network.layers", "4-6-5-3"}, {"grid.block", "4"}, {"weights.ridge", "0.001"}},
     10},
    {"a_single_map_under_softmax",
     {{"network.layers", "6-3"}, {"train.inner", "3"}, {"grid.block", "9"}},
     50},
    {"a_block_for_each_sample", {{"network.layers", "4-6-5-3"}, {"grid.block", "1"}}, 45},
    {"convolutions",
     {{"network.layers", "5x4x2-conv(3,3)-conv(2,2,2,0)-avgpool(2)-3"}, {"grid.block", "6"}},
     41},
    {"solutions_that_shards_divide",
     {{"network.layers", "190-180-185-3"}, {"weights.ridge", "0.01"}, {"grid.block", "50"}},
     401},
    {"blocks_chosen_by_themselves",
     {{"network.layers", "5-12-9-3"}, {"formulation.nnls_sweeps", "1"}},
     200},
};

const std::vector<Case> lifted_cases{
    {"fenchel_through_tanh",
     {{"network.layers", "6-9-7-4"},
      {"formulation.name", "fenchel"},
      {"network.activation", "tanh"},
      {"formulation.iterations", "3"},
      {"weights.solver", "ridge"},
      {"grid.block", "8"}},
     53},
    {"bregman_through_softmax_and_relu",
     {{"network.layers", "6-9-7-4"},
      {"formulation.name", "bregman"},
      {"formulation.method", "plain"},
      {"network.activation", "softmax,relu"},
      {"network.output", "simplex"},
      {"formulation.lambda", "2,1,0.5"},
      {"weights.solver", "ridge"},
      {"grid.block", "5"}},
     38},
    {"mac_with_pooled_maps",
     {{"network.layers", "6-9-7-4"},
      {"formulation.name", "mac"},
      {"network.activation", "maxpool(2),tanh"},
      {"formulation.lambda", "5"},
      {"weights.solver", "ridge"},
      {"weights.ridge", "0.01"},
      {"grid.block", "6"}},
     41},
    {"clamped_with_a_layer_of_width_one",
     {{"network.layers", "5-6-1-5-3"},
      {"formulation.name", "contrastive"},
      {"formulation.contrast", "clamped"},
      {"network.activation", "sigmoid"},
      {"weights.solver", "ridge"},
      {"grid.block", "6"}},
     41},
};

void PrintTo(const Case& a_case, std::ostream* out) { *out << a_case.name; }

enum class Order { wavefront, checkerboard, joint };

std::string name_of(Order order) {
    return order == Order::wavefront      ? "wavefront"
           : order == Order::checkerboard ? "checkerboard"
                                          : "joint";
}

SmallProblem problem_of(const Case& a_case, Order order) {
    ConfigText settings = a_case.settings;
    settings.emplace("weights.ridge", "1e-4");
    settings["train.schedule"] = order == Order::checkerboard ? "checkerboard" : "wavefront";
    settings["formulation.step"] = order == Order::joint ? "joint" : "blocks";
    settings["formulation.joint_iterations"] = "6";
    return small_problem(settings, a_case.samples);
}

// What rank 0 computes by itself.
template <typename Scalar>
std::vector<Energy> alone_on_rank_0(const SmallProblem& problem, int sweeps,
                                    const Communicator& world) {
    const Communicator single = world.split(world.rank());
    std::vector<Energy> energies(static_cast<std::size_t>(sweeps) + 1);
    if (world.rank() == 0) {
        energies = trajectory<Scalar>(problem, sweeps, single);
    }
    for (Energy& energy : energies) {
        std::array<double, 3> terms{energy.loss, energy.penalty, energy.ridge};
        world.broadcast(std::span<double>(terms), 0);
        energy = {terms[0], terms[1], terms[2]};
    }
    return energies;
}

template <typename Scalar>
constexpr double tolerance = std::is_same_v<Scalar, float> ? 1e-5 : 1e-10;

class AnyGrid : public testing::TestWithParam<std::tuple<Case, Order>> {
  protected:
    static constexpr int sweeps = 4;

    template <typename Scalar>
    void expect_the_same_on_every_grid() const {
        const Communicator world = Communicator::world();
        const SmallProblem problem = problem_of(std::get<0>(GetParam()), std::get<1>(GetParam()));
        const std::vector<Energy> expected = alone_on_rank_0<Scalar>(problem, sweeps, world);
        for (const auto& shards : some_grids(world.size(), problem.config.network.layers())) {
            SCOPED_TRACE("grid " + grid_text(shards));
            const auto found = trajectory<Scalar>(problem.on_grid(0, shards), sweeps, world);
            for (std::size_t i = 0; i < found.size(); ++i) {
                const double allowed = tolerance<Scalar> * expected[i].objective();
                EXPECT_NEAR(found[i].loss, expected[i].loss, allowed) << "sweep " << i;
                EXPECT_NEAR(found[i].penalty, expected[i].penalty, allowed) << "sweep " << i;
                EXPECT_NEAR(found[i].ridge, expected[i].ridge, allowed) << "sweep " << i;
            }
        }
    }
};

TEST_P(AnyGrid, gives_the_same_objective_in_double) { expect_the_same_on_every_grid<double>(); }

TEST_P(AnyGrid, gives_the_same_objective_in_float) { expect_the_same_on_every_grid<float>(); }

std::string test_name(const testing::TestParamInfo<std::tuple<Case, Order>>& test) {
    return std::get<0>(test.param).name + "_" + name_of(std::get<1>(test.param));
}

INSTANTIATE_TEST_SUITE_P(classical, AnyGrid,
                         testing::Combine(testing::ValuesIn(cases),
                                          testing::Values(Order::wavefront, Order::checkerboard,
                                                          Order::joint)),
                         test_name);

INSTANTIATE_TEST_SUITE_P(others, AnyGrid,
                         testing::Combine(testing::ValuesIn(lifted_cases),
                                          testing::Values(Order::wavefront, Order::checkerboard)),
                         test_name);

}  // namespace
}  // namespace hoist
