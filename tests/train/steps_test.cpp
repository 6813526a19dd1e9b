#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "support/explicit_map.hpp"
#include "support/gradient_of_definition.hpp"
#include "support/temporary_folder.hpp"

// Networks of steps that two maps make together, of maps with the same weights, and of splines.

namespace hoist {
namespace {

/// Of the linear spline through these values at equally distant knots on [-range, range].
double spline_by_definition(const Vector<double>& values, double range, double u) {
    const Index intervals = values.size() - 1;
    const double distance = 2.0 * range / static_cast<double>(intervals);
    Index k = 0;
    while (k + 1 < intervals && u > -range + static_cast<double>(k + 1) * distance) {
        ++k;
    }
    const double share = (u + range) / distance - static_cast<double>(k);
    return (1.0 - share) * values[k] + share * values[k + 1];
}

double activated(const Activation& phi, Index channel, double u) {
    if (!phi.name().ends_with("spline(7,3)")) {
        return std::tanh(u);
    }
    const Vector<double> all = phi.coefficients();  // values / distance of knots, knot by knot
    const Vector<double> values = all.reshaped(all.size() / 7, 7).row(channel).transpose();
    return spline_by_definition(values, 3.0, u);
}

double loss_by_definition(const SmallProblem& problem, const NetworkSpec& network,
                          const std::vector<Weights<double>>& weights) {
    double sum = 0.0;
    for (Index i = 0; i < problem.inputs.cols(); ++i) {
        Vector<double> x = problem.inputs.col(i);
        for (Index l = 0; l < network.layers(); ++l) {
            const MapSpec& map = network.map(l);
            x = mapped_by_definition(map, weights[static_cast<std::size_t>(l)], x);
            const bool acts = l + 1 < network.layers() && map.part != StepPart::closes &&
                              map.part != StepPart::toward_input;
            for (Index p = 0; acts && p < map.to.places(); ++p) {
                for (Index channel = 0; channel < map.outputs(); ++channel) {
                    double& u = x[p * map.to.channels + channel];
                    u = activated(network.activation(l + 1), channel, u);
                }
            }
        }
        sum += 0.5 * (problem.targets.col(i) - x).squaredNorm();
    }
    return sum / static_cast<double>(problem.inputs.cols());
}

// As weights that belong together are: the same, and where the map is centered of mean 0 on every channel.
std::vector<Weights<double>> shared(const NetworkSpec& network,
                                    std::vector<Weights<double>> weights) {
    for (Index l = 0; l < network.layers(); ++l) {
        Weights<double>& own = weights[static_cast<std::size_t>(l)];
        if (network.weights_of(l) != l) {
            own = weights[static_cast<std::size_t>(network.weights_of(l))];
            continue;
        }
        const Index channels = network.map(l).windows.channels();
        const Index places = own.matrix.cols() / channels;
        for (Index c = 0; network.map(l).centered && c < own.matrix.rows() * channels; ++c) {
            double mean = 0.0;
            for (Index i = 0; i < places; ++i) {
                mean += own.matrix(c / channels, i * channels + c % channels) /
                        static_cast<double>(places);
            }
            for (Index i = 0; i < places; ++i) {
                own.matrix(c / channels, i * channels + c % channels) -= mean;
            }
        }
    }
    return weights;
}

const std::vector<std::string> networks{
    "5x4x2-residual(3,4)-residual(3,3)",
    "5x4x2-conv(3,3)-residual(3,2)-conv(2,1)",
    "5x4x1-potential(3,3)-potential(2,5)",
    "5x4x1-keep_input-potential(3,3)-fidelity-potential(2,3)-fidelity",
    "5x4x2-keep_input-conv(3,3)-residual(3)-fidelity-conv(2,3)",
    "5x4x1-keep_input-(potential(3,3)-fidelity)^3",
    "5x4x1-keep_input-(potential(3,3)-fidelity(blur(0.7),0.1,0.5))*2",
    "5x4x1-keep_input-(potential(3,3)-fidelity(radon(3),0.2))*2",
    "5x4x1-keep_input-(potential(3,3)-fidelity(fixed_mask(0.5)))*2",
    "5x4x2-conv(2,3)^3-conv(2,1)",
    "3x2x2-by_rows-recurrent(5)^3-3",
    "4x3x1-by_rows-recurrent(2)^2-recurrent(2)*2-3",
    "1x12x1-by_rows-recurrent(4)-3",
};

ConfigText one_step(const std::string& layers, const std::string& formulation) {
    ConfigText settings = one_gradient_step(layers);
    settings["network.output"] = "linear";
    settings["formulation.name"] = formulation;
    if (formulation == "contrastive") {
        settings["formulation.beta"] = "1e-5";
    }
    return settings;
}

// Those of shared weights are the sum over all layers that have them.
void expect_gradient(const ConfigText& settings, double tolerance) {
    const Communicator world = Communicator::world();
    const SmallProblem problem = small_problem(settings, 7);
    const NetworkSpec& network = problem.config.network;
    const auto start = shared(network, some_weights(problem));
    SmallBatches<double> training(problem, start, world);
    training.advance();
    const auto after = training.weights();
    EXPECT_NEAR(training.loss(), loss_by_definition(problem, network, start), 1e-12);
    for (std::size_t l = 0; l < start.size(); ++l) {
        const auto first = static_cast<std::size_t>(network.weights_of(static_cast<Index>(l)));
        if (first != l) {
            EXPECT_EQ(after[l].matrix, after[first].matrix) << "map " << l;
            EXPECT_EQ(after[l].bias, after[first].bias) << "map " << l;
            continue;
        }
        const double largest = (start[l].matrix - after[l].matrix).cwiseAbs().maxCoeff();
        expect_gradient_of_map(
            [&](const auto& weights) {
                return loss_by_definition(problem, network, shared(network, weights));
            },
            start, after, l, tolerance * std::max(1.0, largest));
    }
}

TEST(Steps, have_the_gradient_of_their_definition) {
    for (const std::string& layers : networks) {
        for (const std::string formulation : {"mac", "contrastive"}) {
            SCOPED_TRACE(layers + ", " + formulation);
            expect_gradient(one_step(layers, formulation), formulation == "mac" ? 1e-8 : 1e-5);
        }
    }
}

ConfigText spline_settings(const std::string& layers) {
    ConfigText settings = one_step(layers, "contrastive");
    settings["network.activation"] = "spline(7,3)";
    return settings;
}

const std::string shared_steps = "5x4x1-keep_input-(potential(3,3)-fidelity)^3";

// A first step of Adam goes as far as the rate, which is four times that of weights, against the sign of the
// derivative.
void expect_learned(const ConfigText& settings) {
    const Communicator world = Communicator::world();
    const std::string& layers = settings.at("network.layers");
    const double rate = 4.0 * std::stod(settings.at("weights.step"));
    const SmallProblem problem = small_problem(settings, 7);
    const NetworkSpec& network = problem.config.network;
    const auto start = shared(network, some_weights(problem));
    SmallBatches<double> training(problem, start, world);
    training.advance();
    int looked_at = 0;
    for (Index l = 1; l <= network.hidden(); ++l) {
        const Vector<double> before = network.activation(l).coefficients();
        const Vector<double> after = training.network().activation(l).coefficients();
        ASSERT_EQ(before.size(), after.size());
        for (Index i = 0; i < before.size(); ++i) {
            const auto moved = [&](double by) {
                NetworkSpec changed = network;
                Vector<double> coefficients = before;
                coefficients[i] += by;
                for (Index k = 1; k <= network.hidden(); ++k) {
                    if (k == l || (layers == shared_steps && k % 3 == l % 3)) {
                        changed.activations[static_cast<std::size_t>(k - 1)] =
                            network.activation(k).with_coefficients(coefficients);
                    }
                }
                return loss_by_definition(problem, changed, start);
            };
            const double slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            if (std::abs(slope) > 1e-5) {
                EXPECT_NEAR(after[i] - before[i], slope > 0.0 ? -rate : rate, 0.01 * rate)
                    << "block " << l << ", coefficient " << i;
                ++looked_at;
            } else if (std::abs(slope) < 1e-12) {
                EXPECT_NEAR(after[i], before[i], 0.01 * rate);
            }
        }
    }
    EXPECT_GT(looked_at, 20);
}

const std::string own_steps = "5x4x1-potential(3,3)-conv(2,3)-conv(1,3)";

TEST(Splines, learn_against_the_derivative_of_the_loss) {
    for (const std::string& layers : {own_steps, shared_steps}) {
        expect_learned(spline_settings(layers));
    }
}

// By small steps, so that no slope is clipped.
TEST(ProximalSplines, learn_so_too_where_blocks_have_gaps) {
    for (const std::string& layers : {own_steps, shared_steps}) {
        for (const std::string formulation : {"mac", "contrastive", "bregman", "fenchel"}) {
            SCOPED_TRACE(layers + ", " + formulation);
            ConfigText settings = one_step(layers, formulation);
            settings["network.activation"] = "proximal_spline(7,3)";
            settings["weights.step"] = "1e-5";
            if (formulation == "bregman" || formulation == "fenchel") {
                settings["formulation.lambda"] = "1e6";
                settings["formulation.passes"] = "1";
            }
            expect_learned(settings);
        }
    }
}

ConfigText some_epochs(const std::string& layers) {
    ConfigText settings = spline_settings(layers);
    settings["weights.solver"] = "muon";
    settings.erase("weights.momentum");
    settings["weights.step"] = "0.02";
    settings["train.epochs"] = "3";
    settings["train.batch"] = "8";
    return settings;
}

TEST(Steps, learn_the_same_on_every_grid) {
    const Communicator world = Communicator::world();
    const Communicator alone = world.split(world.rank());
    for (const std::string& layers : networks) {
        SCOPED_TRACE(layers);
        const SmallProblem problem = small_problem(some_epochs(layers), 19);
        SmallBatches<double> serial(problem.on_grid(1, {1}), alone);
        serial.advance_epochs(3);
        const auto expected = joined(serial.weights());
        for (const std::vector<int>& shards :
             some_grids(world.size(), problem.config.network.layers())) {
            SCOPED_TRACE(grid_text(shards));
            SmallBatches<double> training(problem.on_grid(static_cast<int>(shards.size()), shards),
                                          world);
            training.advance_epochs(3);
            EXPECT_TRUE(training.shards_agree());
            const auto weights = training.weights();
            EXPECT_LT(relative_distance(joined(weights), expected), 1e-9);
            const NetworkSpec& network = problem.config.network;
            for (Index l = 0; l < network.layers(); ++l) {
                const auto first = static_cast<std::size_t>(network.weights_of(l));
                EXPECT_EQ(weights[static_cast<std::size_t>(l)].matrix, weights[first].matrix);
            }
            for (Index l = 1; l <= network.hidden(); ++l) {
                const Vector<double> own = training.network().activation(l).coefficients();
                const Vector<double> other = serial.network().activation(l).coefficients();
                ASSERT_EQ(own.size(), other.size());
                EXPECT_TRUE(own.size() == 0 || (own - other).cwiseAbs().maxCoeff() < 1e-9);
            }
        }
    }
}

TEST(Steps, go_on_from_a_checkpoint_to_the_last_bit) {
    const Communicator world = Communicator::world();
    const TemporaryFolder folder{world};
    for (const std::string& layers : {shared_steps, networks[3]}) {
        const SmallProblem problem = small_problem(some_epochs(layers), 19);
        SmallBatches<double> whole(problem, world);
        whole.advance_epochs(2);
        const std::filesystem::path path = folder.path() / "checkpoint.h5";
        whole.write_checkpoint(path);
        whole.advance();
        SmallBatches<double> resumed(problem, path, world);
        resumed.advance();
        EXPECT_EQ(relative_distance(joined(resumed.weights()), joined(whole.weights())), 0.0);
        for (Index l = 1; l <= problem.config.network.hidden(); ++l) {
            EXPECT_EQ(resumed.network().activation(l).coefficients(),
                      whole.network().activation(l).coefficients());
        }
        const ModelHeader header = read_model_header(path);
        EXPECT_EQ(header.network.layers_text(), problem.config.network.layers_text());
        EXPECT_TRUE(header.network.activation(1).coefficients().size() == 3 * 7);
        EXPECT_NE(header.network.activation(1).coefficients(),
                  problem.config.network.activation(1).coefficients());
    }
}

}  // namespace
}  // namespace hoist
