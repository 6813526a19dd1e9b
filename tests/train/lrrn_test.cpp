#include <gtest/gtest.h>

#include <Eigen/SVD>
#include <algorithm>
#include <random>

#include "hoist/math/spectral_norm.hpp"
#include "hoist/train/certificate.hpp"
#include "hoist/train/lrrn_attack.hpp"
#include "hoist/train/relaxed_pass.hpp"
#include "support/lrrn_definition.hpp"
#include "support/one_gradient_step.hpp"
#include "support/small_batches.hpp"

namespace hoist {
namespace {

struct Case {
    std::string name;
    ConfigText settings;
};

void PrintTo(const Case& a_case, std::ostream* out) { *out << a_case.name; }

ConfigText with(ConfigText settings) {
    ConfigText usual = one_gradient_step("6-5-4-3");
    usual["network.activation"] = "relu";
    usual["network.init"] = "he";
    usual["formulation.name"] = "lrrn";
    usual["formulation.sweeps"] = "4000";
    usual["formulation.tolerance"] = "1e-15";
    usual["formulation.lipschitz"] = "none";
    settings.insert(usual.begin(), usual.end());
    return settings;
}

const std::vector<Case> cases{
    {"usual", with({})},
    {"a_temperature_and_a_discount",
     with({{"formulation.temperature", "0.3"}, {"formulation.gamma", "0.6"}})},
    {"beta_by_block", with({{"formulation.beta", "0.3,2"}})},
    {"an_output_that_moves",
     with({{"formulation.beta", "1,0.5,0.7"}, {"formulation.gamma", "0.8"}})},
    {"no_reconstruction", with({{"formulation.beta", "0"}})},
    {"no_bounds", with({{"network.activation", "identity"}, {"network.output", "linear"}})},
    {"a_box", with({{"network.activation", "hard_tanh,relu,hard_sigmoid"},
                    {"network.layers", "4-5-6-5-3"}})},
    {"one_hidden_layer", with({{"network.layers", "6-5-3"}})},
    {"one_hidden_layer_of_width_one", with({{"network.layers", "6-1-3"}})},
    {"five_maps", with({{"network.layers", "5-6-4-7-4-3"}, {"formulation.gamma", "0.9"}})},
    {"nudged", with({{"formulation.phase", "nudged"},
                     {"formulation.nudge_strength", "1e-4"},
                     {"formulation.gamma", "0.6"}})},
    {"nudged_output_that_moves", with({{"formulation.phase", "nudged"},
                                       {"formulation.nudge_strength", "1e-4"},
                                       {"formulation.beta", "1,0.5,0.7"}})},
    {"clamped", with({{"formulation.phase", "clamped"},
                      {"formulation.tolerance", "1e-13"},
                      {"network.output", "linear"}})},
    {"clamped_with_a_discount_and_five_maps", with({{"formulation.phase", "clamped"},
                                                    {"formulation.tolerance", "1e-13"},
                                                    {"network.output", "linear"},
                                                    {"network.layers", "5-6-4-7-4-3"},
                                                    {"formulation.gamma", "0.7"}})},
    {"clamped_output_that_moves", with({{"formulation.phase", "clamped"},
                                        {"formulation.tolerance", "1e-13"},
                                        {"network.output", "linear"},
                                        {"formulation.beta", "1,0.5,0.7"}})},
    {"class_energy", with({{"formulation.phase", "class_energy"},
                           {"network.output", "linear"},
                           {"formulation.gamma", "0.7"}})},
    {"hinge", with({{"network.output", "hinge"}})},
    {"squared_hinge", with({{"network.output", "squared_hinge"}})},
    {"an_offset", with({{"formulation.offset", "0.4"}})},
    {"loss_and_energy", with({{"formulation.energy", "0.3"}, {"formulation.gamma", "0.8"}})},
    {"labels_of_some", with({{"data.labeled", "3"}, {"formulation.energy", "0.1"}})},
    {"unsupervised", with({{"network.output", "none"}, {"network.activation", "relu"}})},
    {"unsupervised_of_one_map",
     with({{"network.output", "none"}, {"network.layers", "6-4"}, {"formulation.energy", "2"}})},
};

class Lrrn : public testing::TestWithParam<Case> {
  protected:
    template <typename Check>
    void on_every_grid(const SmallProblem& problem, Check check) {
        for (const auto& shards : some_grids(world.size(), problem.config.network.layers())) {
            SCOPED_TRACE("grid " + grid_text(shards));
            check(problem.on_grid(0, shards));
        }
    }

    Communicator world = Communicator::world();
};

// The gradient is exact: that of the loss of the minimizer, by differences of the definition.
TEST_P(Lrrn, steps_follow_the_gradient_of_the_loss_of_the_minimizer) {
    const SmallProblem problem = small_problem(GetParam().settings, 8);
    const std::vector<Weights<double>> start = some_weights(problem);
    const std::vector<bool> labeled = labeled_samples(8, problem.config.labeled, 1);
    const auto objective = [&](const std::vector<Weights<double>>& weights) {
        const LrrnDefinition network(problem.config, weights);
        double loss = 0.0;
        double energy = 0.0;
        for (Index i = 0; i < problem.inputs.cols(); ++i) {
            const Eigen::VectorXd x = problem.inputs.col(i);
            loss += labeled[static_cast<std::size_t>(i)] ? network.loss(x, problem.targets.col(i))
                                                         : 0.0;
            energy += network.energies(x, problem.targets.col(i));
        }
        return loss / static_cast<double>(std::ranges::count(labeled, true)) +
               energy / static_cast<double>(problem.inputs.cols());
    };
    constexpr double step = 1e-5;
    std::vector<Matrix<double>> differences;
    for (std::size_t l = 0; l < start.size(); ++l) {
        Matrix<double> map(start[l].matrix.rows(), start[l].matrix.cols() + 1);
        for (Index entry = 0; entry < map.size(); ++entry) {
            auto up = start;
            auto down = start;
            const auto number = [&](Weights<double>& w) -> double& {
                return entry < w.matrix.size() ? w.matrix.data()[entry]
                                               : w.bias[entry - w.matrix.size()];
            };
            number(up[l]) += step;
            number(down[l]) -= step;
            map.data()[entry] = (objective(up) - objective(down)) / (2.0 * step);
        }
        differences.push_back(map);
    }
    on_every_grid(problem, [&](const SmallProblem& placed) {
        SmallBatches<double> training(placed, start, world);
        training.advance();
        EXPECT_NEAR(training.loss() + training.penalty(), objective(start), 1e-9);
        EXPECT_LT(relative_distance(gradient_of(placed, training), differences), 2e-6);
        EXPECT_TRUE(training.shards_agree());
    });
}

TEST_P(Lrrn, inference_finds_the_minimizer) {
    const SmallProblem problem = small_problem(GetParam().settings, 41);
    const std::vector<Weights<double>> start = some_weights(problem);
    const LrrnDefinition network(problem.config, start);
    on_every_grid(problem, [&](const SmallProblem& placed) {
        const Placement placement =
            place(layer_costs(placed.config), placed.config.grid, world.size());
        Stage<double> stage{placed.config.network, placement.layers_of(world.rank()), {}};
        for (Index l = stage.layers.begin; l < stage.layers.end; ++l) {
            stage.weights.push_back(start[static_cast<std::size_t>(l)]);
        }
        const auto samples = own_samples<double>(placed, placement, world.rank());
        Index seen = 0;
        double largest = 0.0;
        make_inference<double>(placed.config.formulation, world, placement, stage)
            ->
            operator()(samples, [&](Index layer, Range columns, const ConstMatrixRef<double>& u) {
                for (Index i = 0; i < columns.size(); ++i) {
                    const Index sample = samples.columns.begin + columns.begin + i;
                    const Eigen::VectorXd x = placed.inputs.col(sample);
                    const Eigen::VectorXd expected = layer == placed.config.network.layers()
                                                         ? network.output(x)
                                                         : network.block(network.state(x), layer);
                    largest = std::max(largest, (u.col(i) - expected).cwiseAbs().maxCoeff());
                    seen += layer == placed.config.network.layers() ? 1 : 0;
                }
            });
        EXPECT_LT(world.max(largest), 1e-4);
        EXPECT_EQ(world.sum(static_cast<double>(seen)), 41.0);
    });
}

INSTANTIATE_TEST_SUITE_P(Cases, Lrrn, testing::ValuesIn(cases),
                         [](const auto& a_case) { return a_case.param.name; });

// The paper's remark 2: as the discount tends to 0 a network without reconstruction becomes a feed-forward one.
TEST(LrrnLimit, small_discounts_are_back_propagation) {
    const Communicator world = Communicator::world();
    double before = 1.0;
    for (const std::string gamma : {"1e-2", "1e-3", "1e-4"}) {
        ConfigText lifted = with({{"formulation.beta", "0"}, {"formulation.gamma", gamma}});
        ConfigText plain = lifted;
        plain["formulation.name"] = "mac";
        plain.erase("formulation.beta");
        plain["formulation.tolerance"] = "0";
        const SmallProblem problem = small_problem(lifted, 8);
        const SmallProblem limit = small_problem(plain, 8);
        SmallBatches<double> training(problem, some_weights(problem), world);
        training.advance();
        SmallBatches<double> back(limit, some_weights(limit), world);
        back.advance();
        const double distance =
            relative_distance(gradient_of(problem, training), gradient_of(limit, back));
        EXPECT_LT(distance, 10.0 * std::stod(gamma));
        EXPECT_LT(distance, before);
        before = distance;
    }
}

// Two inputs are never further apart in the output than the bound says, whatever the weights, and for some they
// are nearly as far.
TEST(LrrnBound, holds_for_pairs_of_inputs) {
    std::mt19937_64 engine(7);
    std::normal_distribution<double> normal;
    for (const std::string beta : {"1", "0.2,3", "1,1,1", "0.5,0,2"}) {
        for (const double size : {0.3, 1.0, 4.0}) {
            SCOPED_TRACE("beta " + beta);
            const SmallProblem problem = small_problem(with({{"formulation.beta", beta}}), 8);
            std::vector<Weights<double>> weights = some_weights(problem);
            double bound = 1.0;
            for (std::size_t l = 0; l < weights.size(); ++l) {
                weights[l].matrix *= size;
                bound *= lipschitz_factor(problem.config.formulation.reconstruction[l],
                                          proven_spectral_norm<double>(weights[l].matrix));
            }
            const LrrnDefinition network(problem.config, weights);
            for (int pair = 0; pair < 30; ++pair) {
                const auto draw = [&] {
                    return Eigen::VectorXd::NullaryExpr(6, [&] { return normal(engine); });
                };
                const Eigen::VectorXd x = 2.0 * draw();
                const Eigen::VectorXd moved = x + (pair % 2 == 0 ? 1.0 : 1e-3) * draw();
                EXPECT_LE((network.output(x) - network.output(moved)).norm(),
                          bound * (x - moved).norm() * (1.0 + 1e-9));
            }
        }
    }
}

// The factor of one map is the largest that a linear block reaches (the paper's section 3.1).
TEST(LrrnBound, factor_is_reached_by_a_linear_block) {
    for (const double beta : {0.1, 1.0, 5.0}) {
        for (const double norm : {0.05, 0.3, 0.9, 1.5, 8.0}) {
            double largest = 0.0;
            for (int i = 0; i <= 100000; ++i) {
                const double s = norm * i / 100000.0;
                largest = std::max(largest, (1.0 + beta) * s / (1.0 + beta * s * s));
            }
            EXPECT_NEAR(lipschitz_factor(beta, norm), largest, 1e-8);
        }
    }
    EXPECT_EQ(lipschitz_factor(0.0, 1.7), 1.7);
}

TEST(LrrnBound, is_kept_in_training) {
    const Communicator world = Communicator::world();
    for (const std::string beta : {"1", "4,0"}) {
        const SmallProblem problem = small_problem(with({{"formulation.beta", beta},
                                                         {"formulation.sweeps", "20"},
                                                         {"formulation.lipschitz", "1.5"},
                                                         {"weights.step", "5"},
                                                         {"train.epochs", "4"}}),
                                                   24);
        SmallBatches<float> training(problem, some_weights(problem), world);
        for (int epoch = 0; epoch < 4; ++epoch) {
            training.advance();
            double bound = 1.0;
            const auto weights = training.weights();
            for (std::size_t l = 0; l < weights.size(); ++l) {
                bound *= lipschitz_factor(problem.config.formulation.reconstruction[l],
                                          proven_spectral_norm<float>(weights[l].matrix));
            }
            EXPECT_LE(bound, 1.5 * (1.0 + 1e-8));
        }
    }
}

/// A small network on the ranks, with its samples.
struct Placed {
    Placed(const SmallProblem& problem, const std::vector<Weights<double>>& weights,
           const Communicator& world)
        : placement(place(layer_costs(problem.config), problem.config.grid, world.size())),
          peers(world.split(placement.grid.stage_of(world.rank()))),
          stage{problem.config.network, placement.layers_of(world.rank()), {}},
          samples(own_samples<double>(problem, placement, world.rank())) {
        for (Index l = stage.layers.begin; l < stage.layers.end; ++l) {
            stage.weights.push_back(weights[static_cast<std::size_t>(l)]);
        }
    }

    Placement placement;
    Communicator peers;
    Stage<double> stage;
    Samples<double> samples;
};

TEST(LrrnEnergy, is_that_of_the_minimizer) {
    const Communicator world = Communicator::world();
    const SmallProblem problem =
        small_problem(with({{"formulation.beta", "0.5,2,0.3"}, {"formulation.gamma", "0.7"}}), 23);
    const std::vector<Weights<double>> weights = some_weights(problem);
    const LrrnDefinition network(problem.config, weights);
    for (const auto& shards : some_grids(world.size(), 3)) {
        Placed placed(problem.on_grid(0, shards), weights, world);
        const Matrix<double> energies =
            RelaxedPass<double>(problem.config.formulation, world, placed.placement, placed.stage)
                .energies(placed.samples, [](Index, Range, const ConstMatrixRef<double>&) {});
        ASSERT_EQ(energies.rows(), 3);
        for (Index i = 0; i < 23; ++i) {
            const Eigen::VectorXd x = problem.inputs.col(i);
            EXPECT_NEAR(energies.col(i).sum(), network.energy(x, network.state(x)), 1e-7);
        }
    }
}

// Whatever the output is held at, by the definition.
TEST(LrrnEnergy, of_each_class_is_that_of_the_minimizer_that_holds_it) {
    const Communicator world = Communicator::world();
    for (const std::string beta : {"0.5,2", "0.5,2,0.3"}) {
        const SmallProblem problem = small_problem(with({{"formulation.beta", beta},
                                                         {"formulation.gamma", "0.7"},
                                                         {"formulation.phase", "class_energy"},
                                                         {"network.output", "linear"}}),
                                                   23);
        const std::vector<Weights<double>> weights = some_weights(problem);
        const LrrnDefinition network(problem.config, weights);
        for (const auto& shards : some_grids(world.size(), 3)) {
            Placed placed(problem.on_grid(0, shards), weights, world);
            const Matrix<double> energies = RelaxedPass<double>(problem.config.formulation, world,
                                                                placed.placement, placed.stage)
                                                .class_energies(placed.samples);
            ASSERT_EQ(energies.rows(), 3);
            for (Index i = 0; i < 23; ++i) {
                const Eigen::VectorXd x = problem.inputs.col(i);
                for (Index label = 0; label < 3; ++label) {
                    const Eigen::VectorXd held = Eigen::VectorXd::Unit(3, label);
                    EXPECT_NEAR(energies(label, i),
                                network.energy(x, network.state(x, &held), &held), 1e-6);
                }
            }
        }
    }
}

// By hand: two maps whose norms are known, and outputs that are given.
TEST(LrrnCertificate, is_the_margin_over_the_bound) {
    LipschitzBound bound;
    bound.factors = {2.0, 0.5};
    bound.unit = 3.0;
    bound.of_differences = Matrix<double>::Constant(3, 3, 2.0);
    Matrix<double> outputs(3, 3);
    outputs.col(0) << 4.0, 1.0, 0.0;  // right, margin 3
    outputs.col(1) << 0.0, 2.0, 1.5;  // wrong, margin 1/2
    outputs.col(2) << 1.0, 1.0, 0.0;  // a tie is no certificate
    const Radii radii = radii_of(outputs, {0, 2, 0}, bound);
    EXPECT_NEAR(bound.whole(), 3.0, 1e-9);
    const double root = std::sqrt(2.0);
    EXPECT_NEAR(radii.predicted[0], 1.0 / root, 1e-9);
    EXPECT_NEAR(radii.predicted[1], 0.5 / (3.0 * root), 1e-9);
    EXPECT_EQ(radii.predicted[2], 0.0);
    EXPECT_NEAR(radii.true_class[0], 1.0 / root, 1e-9);
    EXPECT_EQ(radii.true_class[1], 0.0);
    EXPECT_NEAR(radii.by_differences[0], 1.5, 1e-9);
    EXPECT_NEAR(radii.certified(0.0), 200.0 / 3.0, 1e-9);
    EXPECT_NEAR(radii.certified(0.5), 100.0 / 3.0, 1e-9);
    EXPECT_NEAR(radii.certified(1.0), 0.0, 1e-9);
    EXPECT_NEAR(radii.certified_by_differences(1.0), 100.0 / 3.0, 1e-9);
    EXPECT_EQ(median_radius({3.0, 1.0, 2.0}), 2.0);
    EXPECT_EQ(median_radius({4.0, 1.0, 2.0, 3.0}), 2.5);
}

// A feed-forward network has one too: the norms of its maps times the constants of its activations.
TEST(LrrnCertificate, of_a_feed_forward_network_is_the_product_of_its_norms) {
    const Communicator world = Communicator::world();
    ConfigText settings = one_gradient_step("6-5-4-3");
    settings["formulation.name"] = "mac";
    settings["network.activation"] = "sigmoid,relu";
    const SmallProblem problem = small_problem(settings, 8);
    const std::vector<Weights<double>> weights = some_weights(problem);
    Placed placed(problem, weights, world);
    const LipschitzBound bound =
        lipschitz_bound(problem.config.formulation, world, placed.peers, placed.stage, {});
    const auto norm = [&](std::size_t l) {
        return Eigen::JacobiSVD<Matrix<double>>(weights[l].matrix).singularValues()[0];
    };
    EXPECT_NEAR(bound.factors[0], 0.25 * norm(0), 1e-8 * norm(0));
    EXPECT_NEAR(bound.factors[1], norm(1), 1e-8 * norm(1));
    EXPECT_NEAR(bound.factors[2], norm(2), 1e-8 * norm(2));
    const double below = 0.25 * norm(0) * norm(1);
    const Matrix<double>& last = weights[2].matrix;
    EXPECT_NEAR(bound.of_differences(0, 1), below * (last.row(0) - last.row(1)).norm(), 1e-7);
    EXPECT_LE(bound.of_differences.maxCoeff(), std::sqrt(2.0) * bound.whole() * (1.0 + 1e-9));
}

// Projected gradients find another class where there is one near, and never within the certificate.
TEST(LrrnAttack, succeeds_beyond_the_certificate_and_never_within) {
    const Communicator world = Communicator::world();
    const SmallProblem problem = small_problem(with({{"network.activation", "relu"}}), 40);
    const std::vector<Weights<double>> weights = some_weights(problem);
    for (const auto& shards : some_grids(world.size(), 3)) {
        const SmallProblem on_grid = problem.on_grid(0, shards);
        Placed placed(on_grid, weights, world);
        const FormulationOptions& options = on_grid.config.formulation;
        const Matrix<double> outputs =
            answers_of(*make_inference<double>(options, world, placed.placement, placed.stage),
                       on_grid.config.network, world, placed.samples)
                .outputs;
        const std::vector<Index> classes = largest_rows(outputs);
        const LipschitzBound bound =
            lipschitz_bound(options, world, placed.peers, placed.stage, {});
        std::vector<double> radii = radii_of(outputs, classes, bound).by_differences;
        const auto changed = [&](double times) {
            std::vector<double> within = radii;
            for (double& radius : within) {
                radius *= times;
            }
            return std::ranges::count(
                attack(options, world, placed.placement, placed.stage, placed.samples, classes,
                       within, Vector<double>::Ones(6)),
                true);
        };
        EXPECT_EQ(changed(1.0), 0);
        EXPECT_GT(changed(100.0), 20);
    }
}

}  // namespace
}  // namespace hoist
