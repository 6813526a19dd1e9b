#include <gtest/gtest.h>

#include "support/small_training.hpp"

namespace hoist {
namespace {

constexpr Index samples = 60;

SmallProblem problem_of(const std::string& schedule, const std::string& inner) {
    return small_problem({{"network.layers", "20-30-25-15-4"},
                          {"grid.block", "7"},
                          {"train.inner", inner},
                          {"train.schedule", schedule}},
                         samples);
}

// Numbers that all ranks together must send in a sweep, as the method counts them: 2 n N for every
// cut, and for every stage with several shards the lower triangle of the Gram matrix with the counts
// and means of the shards (constant above the input) and the moment with the means of the targets,
// of each of its layers, once per rank.
double bytes_by_definition(const SmallProblem& problem, const Placement& placement,
                           std::size_t size) {
    const NetworkSpec& network = problem.config.network;
    double bytes = 0.0;
    for (int stage = 0; stage < placement.grid.stages(); ++stage) {
        const Range layers = placement.layers[static_cast<std::size_t>(stage)];
        if (layers.begin > 0) {
            bytes += static_cast<double>(2 * network.block(layers.begin).size() * samples *
                                         static_cast<Index>(size));
        }
        const int shards = placement.grid.shards(stage);
        for (Index l = layers.begin; l < layers.end && shards > 1; ++l) {
            const Index n = network.block(l).size();
            const Index m = network.block(l + 1).size();
            const Index moment = n * m + shards * m;
            Index numbers = moment + (l > 0 ? n * (n + 1) / 2 + shards * (1 + n) : 0);
            numbers += l + 1 == network.layers() ? (problem.config.inner - 1) * moment : 0;
            bytes += static_cast<double>(shards * numbers * 8);
        }
    }
    return bytes;
}

template <typename Scalar>
void expect_no_more_than_needed(const std::string& schedule, const std::string& inner) {
    const Communicator world = Communicator::world();
    const SmallProblem problem = problem_of(schedule, inner);
    for (const auto& shards : some_grids(world.size(), problem.config.network.layers())) {
        SCOPED_TRACE(schedule + " " + grid_text(shards));
        SmallTraining<Scalar> training(problem.on_grid(0, shards), world);
        for (int sweep = 0; sweep < 3; ++sweep) {
            const auto sent = [&] {
                return static_cast<double>(world.bytes_sent() + training.peers().bytes_sent());
            };
            const double before = sent();
            training.sweep()();
            const double bytes = world.sum(sent() - before);
            const double needed =
                bytes_by_definition(problem, training.placement(), sizeof(Scalar));
            EXPECT_GE(bytes, needed);
            EXPECT_LE(bytes, 1.01 * needed);
        }
        training.sweep().settle();
    }
}

TEST(Messages, of_a_sweep_are_two_matrices_per_cut_and_one_sum_per_stage) {
    for (const std::string schedule : {"wavefront", "checkerboard"}) {
        expect_no_more_than_needed<float>(schedule, "1");
        expect_no_more_than_needed<double>(schedule, "1");
    }
}

TEST(Messages, of_further_output_steps_are_moments_alone) {
    for (const std::string schedule : {"wavefront", "checkerboard"}) {
        expect_no_more_than_needed<double>(schedule, "3");
    }
}

}  // namespace
}  // namespace hoist
