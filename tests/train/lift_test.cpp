#include <gtest/gtest.h>

#include <cmath>

#include "support/one_gradient_step.hpp"
#include "support/serial_batches.hpp"
#include "support/small_training.hpp"

// The figures that say how lifted a run was.

namespace hoist {
namespace {

ConfigText with(ConfigText settings) {
    ConfigText usual = one_gradient_step("6-8-5-7-3");
    usual["formulation.name"] = "fenchel";
    usual["formulation.lambda"] = "2,3,1.5";
    usual["formulation.passes"] = "1";
    usual["weights.step"] = "0.1";
    settings.insert(usual.begin(), usual.end());
    return settings;
}

TEST(LiftSums, are_the_largest_over_layers) {
    LiftSums sums(3);
    EXPECT_FALSE(sums.residual());
    EXPECT_FALSE(sums.violation());
    const auto add = [&](Index layer, double from, double to) {
        sums.add_residual<double>(layer, Matrix<double>::Constant(2, 2, from),
                                  Matrix<double>::Constant(2, 2, to));
    };
    add(1, 3.0, 2.0);
    add(3, 1.0, 4.0);
    add(3, 4.0, 4.0);
    EXPECT_DOUBLE_EQ(*sums.residual(), std::sqrt(9.0 / 32.0));
    EXPECT_FALSE(sums.violation());
    sums.add_violation<float>(1, Matrix<float>::Constant(1, 5, 1.5F),
                              Matrix<float>::Constant(1, 5, 1.0F));
    EXPECT_DOUBLE_EQ(*sums.violation(), 0.5);
    EXPECT_DOUBLE_EQ(*sums.residual(), std::sqrt(9.0 / 32.0));
    sums.clear();
    EXPECT_FALSE(sums.residual());
}

TEST(FormulationOptions, a_batch_passes_as_often_as_the_one_before_needed) {
    FormulationOptions options;
    options.passes = 6;
    EXPECT_EQ(options.first_passes(), 6);
    options.tolerance = 0.02;
    EXPECT_EQ(options.first_passes(), 2);
    EXPECT_EQ(options.next_passes(3, 0.021), 4);
    EXPECT_EQ(options.next_passes(6, 1.0), 6);
    EXPECT_EQ(options.next_passes(4, 0.019), 4);
    EXPECT_EQ(options.next_passes(4, 2.1e-4), 4);
    EXPECT_EQ(options.next_passes(4, 1.9e-4), 3);
    EXPECT_EQ(options.next_passes(2, 0.0), 2);
    EXPECT_EQ(options.next_passes(4, std::nan("")), 4);
}

class LiftOfBatches : public testing::Test {
  protected:
    Communicator world = Communicator::world();

    static Lift lift_after(SmallBatches<double>& training, Index epoch) {
        training.advance();
        return training.method().lift(epoch);
    }
};

// After few passes the signals are not those of the pulls that they have made, and the figure says by
// how much.
TEST_F(LiftOfBatches, has_a_residual_that_falls_from_pass_to_pass) {
    double before = 1.0;
    for (const std::string passes : {"1", "2", "4", "8", "16"}) {
        const SmallProblem problem = small_problem(
            with({{"formulation.passes", passes}, {"network.activation", "relu"}}), 20);
        SmallBatches<double> training(problem, problem.start(), world);
        const Lift lift = lift_after(training, 1);
        ASSERT_TRUE(lift.residual);
        EXPECT_EQ(lift.passes, std::stod(passes));
        EXPECT_EQ(lift.lambda, 1.5);
        if (passes == "1") {
            EXPECT_EQ(*lift.residual, 1.0);
            EXPECT_FALSE(lift.violation);
        } else {
            EXPECT_LT(*lift.residual, 0.7 * before);
            EXPECT_GT(*lift.violation, 0.0);
        }
        before = *lift.residual;
    }
}

// x - phi(u) = -g / lambda for mac, and the pull g tends to the back-propagated one.
TEST_F(LiftOfBatches, violates_the_constraints_of_a_network_by_what_falls_with_lambda) {
    std::vector<double> violations;
    for (const std::string lambda : {"1e3", "1e4"}) {
        const SmallProblem problem = small_problem(with({{"formulation.name", "mac"},
                                                         {"formulation.lambda", lambda},
                                                         {"formulation.passes", "20"}}),
                                                   20);
        SmallBatches<double> training(problem, some_weights(problem), world);
        violations.push_back(lift_after(training, 1).violation.value());
    }
    EXPECT_NEAR(violations[0] / violations[1], 10.0, 0.1);
}

TEST(LiftSums, hold_energies_of_those_that_took_part_and_the_share_of_others) {
    LiftSums sums(2);
    EXPECT_FALSE(sums.energy());
    EXPECT_FALSE(sums.rejected());
    sums.add_energy(1.0, 2.0, true);
    sums.add_energy(2.0, 2.0, true);
    sums.add_energy(9.0, 2.0, false);
    EXPECT_DOUBLE_EQ(*sums.energy(), 0.75);
    EXPECT_DOUBLE_EQ(*sums.rejected(), 1.0 / 3.0);
    EXPECT_FALSE(sums.residual());
}

SmallProblem of_samples(SmallProblem problem, const std::vector<Index>& samples) {
    const SmallProblem all = problem;
    problem.inputs.resize(all.inputs.rows(), static_cast<Index>(samples.size()));
    problem.targets.resize(all.targets.rows(), problem.inputs.cols());
    for (std::size_t j = 0; j < samples.size(); ++j) {
        problem.inputs.col(static_cast<Index>(j)) = all.inputs.col(samples[j]);
        problem.targets.col(static_cast<Index>(j)) = all.targets.col(samples[j]);
    }
    return problem;
}

// Where a pass is too long for a small lambda, the energy of some samples grows. The others make the
// step, as if they were alone.
TEST_F(LiftOfBatches, leaves_out_samples_whose_energy_has_grown) {
    for (const ConfigText& settings :
         {ConfigText{{"network.activation", "relu"}, {"formulation.lambda", "0.3,0.4,0.3"}},
          ConfigText{{"formulation.name", "mac"}, {"formulation.lambda", "1.2,1.3,1.1"}}}) {
        ConfigText all = settings;
        all["formulation.passes"] = "2";
        const SmallProblem problem = small_problem(with(all), 20);
        const std::vector<Weights<double>> start = some_weights(problem);
        const SerialBatches serial(problem, start);
        const auto energies = serial.energies_of_two_passes(serial.weights(), serial.all_samples());
        std::vector<Index> kept;
        double lifted = 0.0;
        double feedforward = 0.0;
        for (Index j = 0; j < 20; ++j) {
            if (energies.lifted(j) <= energies.feedforward(j)) {
                kept.push_back(j);
                lifted += energies.lifted(j);
                feedforward += energies.feedforward(j);
            }
        }
        const double share = static_cast<double>(kept.size()) / 20.0;
        ASSERT_GT(share, 0.1);
        ASSERT_LT(share, 0.9);
        const SmallProblem alone = of_samples(problem, kept);
        SmallBatches<double> of_kept(alone, start, world);
        of_kept.advance();
        EXPECT_EQ(of_kept.method().lift(1).rejected.value(), 0.0);
        std::vector<Matrix<double>> expected = gradient_of(alone, of_kept);
        for (Matrix<double>& gradient : expected) {
            gradient *= share;
        }
        for (const auto& shards : some_grids(world.size(), problem.config.network.layers())) {
            SCOPED_TRACE("grid " + grid_text(shards));
            SmallBatches<double> training(problem.on_grid(0, shards), start, world);
            training.advance();
            const Lift lift = training.method().lift(1);
            EXPECT_DOUBLE_EQ(lift.rejected.value(), 1.0 - share);
            EXPECT_NEAR(lift.energy.value(), lifted / feedforward, 1e-12);
            EXPECT_LT(relative_distance(gradient_of(problem, training), expected), 1e-12);
        }
    }
}

TEST_F(LiftOfBatches, has_the_cosine_to_the_back_propagated_gradient) {
    const auto cosine = [](const SerialBatches::Matrices& a, const SerialBatches::Matrices& b) {
        double product = 0.0;
        double first = 0.0;
        double second = 0.0;
        for (std::size_t l = 0; l < a.size(); ++l) {
            product += a[l].cwiseProduct(b[l]).sum();
            first += a[l].squaredNorm();
            second += b[l].squaredNorm();
        }
        return product / std::sqrt(first * second);
    };
    for (const std::string passes : {"1", "200"}) {
        const SmallProblem problem =
            small_problem(with({{"formulation.passes", passes}, {"train.probe", "true"}}), 7);
        const SerialBatches serial(problem, some_weights(problem));
        const auto samples = serial.all_samples();
        const auto lifted = passes == "1" ? serial.lifted(serial.weights(), samples)
                                          : serial.at_joint_minimum(serial.weights(), samples);
        const double expected = cosine(lifted, serial.back_propagated(serial.weights(), samples));
        EXPECT_LT(expected, 0.999);
        for (const auto& shards : some_grids(world.size(), problem.config.network.layers())) {
            SCOPED_TRACE("grid " + grid_text(shards));
            SmallBatches<double> training(problem.on_grid(0, shards), some_weights(problem), world);
            EXPECT_NEAR(training.method().lift(0).cosine.value(), expected, 1e-8);
        }
    }
    const SmallProblem by_mac =
        small_problem(with({{"formulation.name", "mac"}, {"train.probe", "true"}}), 20);
    SmallBatches<double> training(by_mac, by_mac.start(), world);
    EXPECT_NEAR(lift_after(training, 1).cosine.value(), 1.0, 1e-12);
}

TEST_F(LiftOfBatches, is_measured_without_moving_anything) {
    for (const ConfigText& settings :
         {ConfigText{{"weights.solver", "implicit"}, {"formulation.passes", "3"}},
          ConfigText{{"formulation.iterations", "2"}, {"train.staleness", "1"}},
          ConfigText{{"network.activation", "leaky_relu(0.2)"},
                     {"network.learn_slopes", "true"},
                     {"weights.solver", "adam"},
                     {"train.dropout", "0.2"}}}) {
        std::vector<std::vector<Matrix<double>>> ends;
        for (const std::string probe : {"false", "true"}) {
            ConfigText all = settings;
            all["train.probe"] = probe;
            all["train.batch"] = "7";
            const SmallProblem problem = small_problem(with(all), 20);
            SmallBatches<double> training(problem, problem.start(), world);
            for (Index epoch = 0; epoch < 2; ++epoch) {
                EXPECT_EQ(training.method().lift(epoch).cosine.has_value(), probe == "true");
                training.advance();
            }
            ends.push_back(joined(training.weights()));
        }
        EXPECT_EQ(relative_distance(ends[0], ends[1]), 0.0);
    }
}

TEST_F(LiftOfBatches, keeps_to_the_tolerance_by_the_number_of_passes) {
    const SmallProblem problem = small_problem(with({{"formulation.passes", "40"},
                                                     {"formulation.tolerance", "0.01"},
                                                     {"weights.step", "0.001"},
                                                     {"train.epochs", "30"}}),
                                               20);
    SmallBatches<double> training(problem, problem.start(), world);
    int expected = 2;
    std::vector<double> residuals;
    for (Index epoch = 1; epoch <= 30; ++epoch) {
        const Lift lift = lift_after(training, epoch);
        EXPECT_EQ(lift.passes, expected) << "epoch " << epoch;
        residuals.push_back(lift.residual.value());
        expected = problem.config.formulation.next_passes(expected, residuals.back());
    }
    EXPECT_GT(expected, 2);
    EXPECT_LT(expected, 40);
    EXPECT_LE(residuals.back(), 0.01);
    EXPECT_GT(residuals.back(), 1e-3);
}

}  // namespace
}  // namespace hoist
