#include <gtest/gtest.h>

#include "hoist/problem/picture_samples.hpp"
#include "hoist/train/evaluation.hpp"
#include "hoist/train/picture_quality.hpp"
#include "support/explicit_map.hpp"
#include "support/gradient_of_definition.hpp"
#include "support/random_pictures.hpp"

// Networks whose outputs are pictures, held to their definition by loops.

namespace hoist {
namespace {

Vector<double> answer_by_definition(const NetworkSpec& network,
                                    const std::vector<Weights<double>>& weights, Vector<double> x) {
    for (Index l = 0; l < network.layers(); ++l) {
        x = mapped_by_definition(network.map(l), weights[static_cast<std::size_t>(l)], x);
        if (l + 1 < network.layers()) {
            x = x.array().tanh().matrix().eval();
        }
    }
    return x;
}

double loss_by_definition(const SmallProblem& problem,
                          const std::vector<Weights<double>>& weights) {
    double sum = 0.0;
    for (Index i = 0; i < problem.inputs.cols(); ++i) {
        sum += 0.5 * (problem.targets.col(i) -
                      answer_by_definition(problem.config.network, weights, problem.inputs.col(i)))
                         .squaredNorm();
    }
    return sum / static_cast<double>(problem.inputs.cols());
}

TEST(Pictures, have_the_gradient_of_their_squared_error) {
    for (const std::string formulation : {"mac", "contrastive"}) {
        SCOPED_TRACE(formulation);
        ConfigText settings =
            one_gradient_step("6x4x1-conv(5,6,2,2)-conv(4,3)-shuffle(2)-add_input");
        settings["network.output"] = "linear";
        settings["formulation.name"] = formulation;
        if (formulation == "contrastive") {
            settings["formulation.beta"] = "1e-5";
        }
        expect_gradient_of(loss_by_definition, settings, formulation == "mac" ? 1e-8 : 1e-5);
    }
}

// Whole pictures of several sizes, an odd one among them, that other ranks hold other parts of.
TEST(Pictures, are_judged_whole_on_every_grid) {
    const Communicator world = Communicator::world();
    RandomPictures data({{8, 6, 1}, {7, 9, 1}, {8, 6, 1}, {12, 12, 1}, {8, 6, 1}, {7, 9, 1}});
    const std::vector<Index> chosen{0, 1, 2, 3, 5};
    const auto noise = parse_degradation("noise(40)");
    constexpr double unit = 0.15;
    for (const std::string end : {"conv(4,3)-shuffle(2)-add_input", "conv(4,3)-shuffle(2)"}) {
        const Config config =
            parse_config({{"network.layers", "4x4x1-conv(5,6,2,2)-conv(5,3)-" + end},
                          {"network.activation", "tanh"},
                          {"formulation.name", "mac"},
                          {"network.output", "linear"}});
        const NetworkSpec& network = config.network;
        std::vector<Weights<double>> weights;
        for (Index l = 0; l < network.layers(); ++l) {
            weights.push_back(initial_weights<double>(network.map(l), Start::he, 0.1, 3, l));
        }
        double ratio = 0.0;
        double similarity = 0.0;
        double loss = 0.0;
        for (const Index sample : chosen) {
            const GivenPicture picture = give_picture(data, sample, network, noise, 9);
            const NetworkSpec larger = network.resized(picture.fitting);
            const Vector<double> given =
                Eigen::Map<const Vector<double>>(picture.fitting_given.data(), larger.inputs());
            const Vector<double> u = answer_by_definition(larger, weights, given);
            std::vector<double> y(static_cast<std::size_t>(larger.outputs()));
            picture_target<double>(larger, unit, picture.fitting_clean, picture.fitting_given, y);
            loss +=
                0.5 *
                (Eigen::Map<const Vector<double>>(y.data(), larger.outputs()) - u).squaredNorm();
            // Pixel by pixel, of the places that the picture had.
            Vector<double> made(picture.shape.size());
            for (Index row = 0; row < picture.shape.rows; ++row) {
                for (Index column = 0; column < picture.shape.columns; ++column) {
                    const Index place = (row / 2) * (picture.fitting.columns / 2) + column / 2;
                    const double added =
                        larger.adds_input ? given[row * picture.fitting.columns + column] : 0.0;
                    made[row * picture.shape.columns + column] = std::clamp(
                        unit * u[4 * place + 2 * (row % 2) + column % 2] + added, 0.0, 1.0);
                }
            }
            const PictureQuality quality = compare_pictures(
                picture.shape,
                Eigen::Map<const Vector<double>>(picture.clean.data(), picture.shape.size()), made);
            ratio += quality.psnr / static_cast<double>(chosen.size());
            similarity += quality.ssim / static_cast<double>(chosen.size());
        }
        for (const int stages : {1, 2, 3}) {
            if (stages > world.size()) {
                continue;
            }
            GridOptions grid;
            grid.stages = stages;
            const Placement placement = place({1.0, 1.0, 1.0}, grid, world.size());
            const Range layers = placement.layers_of(world.rank());
            const Stage<double> stage{
                network, layers, {weights.begin() + layers.begin, weights.begin() + layers.end}};
            const auto parts = load_pictures<double>(data, chosen, network, placement, world.rank(),
                                                     noise, 9, unit);
            ASSERT_EQ(parts.size(), 3U);
            EXPECT_EQ(count_samples(parts), 5);
            const auto output = make_output_block<double>(network.output, config.formulation);
            const Evaluation evaluation =
                evaluate(config.formulation, world, placement, stage, *output, parts);
            EXPECT_EQ(evaluation.samples, 5);
            EXPECT_NEAR(evaluation.psnr, ratio, 1e-9);
            EXPECT_NEAR(evaluation.ssim, similarity, 1e-9);
            EXPECT_NEAR(evaluation.loss, loss / 5.0, 1e-9 * loss);
        }
    }
}

}  // namespace
}  // namespace hoist
