#include <gtest/gtest.h>

#include "support/small_training.hpp"
#include "support/temporary_folder.hpp"

namespace hoist {
namespace {

struct Setting {
    std::string schedule;
    std::string step;
};

SmallProblem problem_of(const Setting& setting) {
    return small_problem({{"network.layers", "6-8-5-7-3"},
                          {"network.activation", "relu,hard_tanh,relu"},
                          {"formulation.lambda", "2,1,0.5"},
                          {"formulation.step", setting.step},
                          {"formulation.joint_iterations", "5"},
                          {"train.schedule", setting.schedule},
                          {"train.inner", "2"},
                          {"weights.ridge", "1e-4"},
                          {"grid.block", "5"}},
                         43);
}

template <typename Scalar>
void sweep_times(int count, SmallTraining<Scalar>& training) {
    for (int i = 0; i < count; ++i) {
        training.sweep()();
    }
    training.sweep().settle();
}

// Bit for bit.
template <typename Scalar>
void expect_equal_state(const SmallTraining<Scalar>& found, const SmallTraining<Scalar>& expected) {
    const auto a = found.weights();
    const auto b = expected.weights();
    for (std::size_t l = 0; l < a.size(); ++l) {
        EXPECT_EQ(a[l].matrix, b[l].matrix) << "W " << l;
        EXPECT_EQ(a[l].bias, b[l].bias) << "b " << l;
        if (l > 0) {
            EXPECT_EQ(found.activations(static_cast<Index>(l)),
                      expected.activations(static_cast<Index>(l)))
                << "X " << l;
        }
    }
    EXPECT_EQ(found.energy().objective(), expected.energy().objective());
}

template <typename Scalar>
class Resume : public testing::Test {
  protected:
    Communicator world = Communicator::world();
    TemporaryFolder folder{world};
    std::filesystem::path file = folder.path() / "checkpoint.h5";
    std::vector<Setting> settings{
        {"wavefront", "blocks"}, {"checkerboard", "blocks"}, {"wavefront", "joint"}};
};

using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Resume, Scalars);

TYPED_TEST(Resume, ends_with_the_same_bits_as_not_stopping_on_the_same_grid) {
    for (const Setting& setting : this->settings) {
        const SmallProblem problem = problem_of(setting);
        for (const auto& shards : some_grids(this->world.size(), problem.config.network.layers())) {
            SCOPED_TRACE(setting.schedule + " " + setting.step + " " + grid_text(shards));
            const SmallProblem placed = problem.on_grid(0, shards);
            SmallTraining<TypeParam> straight(placed, this->world);
            sweep_times(3, straight);
            straight.write_checkpoint(this->file);
            SmallTraining<TypeParam> resumed(placed, this->file, this->world);
            expect_equal_state(resumed, straight);
            sweep_times(3, straight);
            sweep_times(3, resumed);
            expect_equal_state(resumed, straight);
        }
    }
}

TYPED_TEST(Resume, ends_with_the_same_numbers_on_another_grid) {
    const double tolerance = std::is_same_v<TypeParam, float> ? 1e-5 : 1e-10;
    for (const Setting& setting : this->settings) {
        const SmallProblem problem = problem_of(setting);
        const Communicator single = this->world.split(this->world.rank());
        if (this->world.rank() == 0) {
            SmallTraining<TypeParam> alone(problem, single);
            sweep_times(2, alone);
            alone.write_checkpoint(this->file);
        }
        this->world.barrier();
        SmallTraining<TypeParam> alone(problem, this->file, single);
        sweep_times(3, alone);
        const double expected = alone.energy().objective();
        for (const auto& shards : some_grids(this->world.size(), problem.config.network.layers())) {
            SCOPED_TRACE(setting.schedule + " " + setting.step + " " + grid_text(shards));
            SmallTraining<TypeParam> resumed(problem.on_grid(0, shards), this->file, this->world);
            sweep_times(3, resumed);
            EXPECT_NEAR(resumed.energy().objective(), expected, tolerance * expected);
            resumed.write_checkpoint(this->folder.path() / "again.h5");
            SmallTraining<TypeParam> back(problem, this->folder.path() / "again.h5", single);
            EXPECT_NEAR(back.energy().objective(), expected, tolerance * expected);
        }
    }
}

TEST(ResumeElsewhere, a_checkpoint_of_one_precision_is_read_in_the_other) {
    const Communicator world = Communicator::world();
    const TemporaryFolder folder(world);
    const auto file = folder.path() / "checkpoint.h5";
    const SmallProblem problem = problem_of({"wavefront", "blocks"});
    SmallTraining<float> coarse(problem, world);
    sweep_times(2, coarse);
    coarse.write_checkpoint(file);
    SmallTraining<double> fine(problem, file, world);
    const auto weights = fine.weights();
    const auto expected = coarse.weights();
    for (std::size_t l = 0; l < weights.size(); ++l) {
        EXPECT_EQ(weights[l].matrix, expected[l].matrix.cast<double>());
    }
    EXPECT_EQ(fine.activations(2), coarse.activations(2).cast<double>());
    EXPECT_NEAR(fine.energy().objective(), coarse.energy().objective(), 1e-5);
}

}  // namespace
}  // namespace hoist
