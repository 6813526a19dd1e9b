#include "hoist/model/weights.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "hoist/model/linear_map.hpp"
#include "hoist/model/network_spec.hpp"

namespace hoist {
namespace {

constexpr Index inputs = 400;
constexpr Index outputs = 250;

Matrix<double> draw(Start start) {
    return initial_weights<double>(MapSpec::dense(inputs, outputs), start, 0.0, 3, 1).matrix;
}

double variance(const Matrix<double>& matrix) {
    const double mean = matrix.mean();
    return (matrix.array() - mean).square().mean();
}

TEST(InitialWeights, have_the_variance_of_their_start) {
    // 10^5 numbers: the sample variance is within 2 % by more than four standard deviations.
    EXPECT_NEAR(variance(draw(Start::he)), 2.0 / inputs, 0.02 * 2.0 / inputs);
    EXPECT_NEAR(variance(draw(Start::xavier)), 2.0 / (inputs + outputs),
                0.02 * 2.0 / (inputs + outputs));
    EXPECT_NEAR(variance(draw(Start::normal)), 0.1, 0.02 * 0.1);
    EXPECT_NEAR(variance(draw(Start::variance_scaling)), 1.0 / inputs, 0.02 / inputs);
    for (const Start start : {Start::he, Start::xavier, Start::normal, Start::variance_scaling}) {
        const Matrix<double> weights = draw(start);
        EXPECT_NEAR(weights.mean(), 0.0, 5.0 * std::sqrt(variance(weights) / 1e5));
    }
}

TEST(InitialWeights, have_the_range_of_their_start) {
    const double half_width = std::sqrt(6.0 / (inputs + outputs));
    const double uniform = draw(Start::xavier).cwiseAbs().maxCoeff();
    EXPECT_LE(uniform, half_width);
    EXPECT_GT(uniform, 0.999 * half_width);
    // Normals of standard deviation s cut at two of them: s is 1/0.8796 of what is left.
    const double cut = 2.0 / (0.8796256610342398 * std::sqrt(static_cast<double>(inputs)));
    const double truncated = draw(Start::variance_scaling).cwiseAbs().maxCoeff();
    EXPECT_LE(truncated, cut);
    EXPECT_GT(truncated, 0.99 * cut);
    EXPECT_GT(draw(Start::he).cwiseAbs().maxCoeff(), 3.5 * std::sqrt(2.0 / inputs));
}

TEST(InitialWeights, of_a_convolution_hand_on_its_channels_where_asked) {
    const Matrix<double> x = Matrix<double>::Random(5 * 6 * 3, 2);
    for (const Index channels : {2, 3, 7}) {
        const auto map = MapSpec::convolution(Windows{{5, 6, 3}, 3, 3, 1, 1}, channels);
        const auto weights = initial_weights<double>(map, Start::dirac, 0.0, 1, 0);
        Matrix<double> u(map.to.size(), 2);
        LinearMap<double>(weights, map).apply(x, u);
        for (Index place = 0; place < 30; ++place) {
            for (Index c = 0; c < std::min<Index>(channels, 3); ++c) {
                EXPECT_EQ(u.row(place * channels + c), x.row(place * 3 + c));
            }
        }
        const auto he = initial_weights<double>(map, Start::he, 0.0, 1, 0);
        EXPECT_EQ(weights.matrix.bottomRows(std::max<Index>(channels - 3, 0)),
                  he.matrix.bottomRows(std::max<Index>(channels - 3, 0)));
    }
    EXPECT_EQ(draw(Start::dirac), draw(Start::he));
}

// The cosine transform of a window is orthonormal, and only its constant has a mean.
TEST(InitialWeights, of_a_convolution_look_for_cosines_where_asked) {
    const auto of = [](Index filters) {
        const auto map = MapSpec::convolution(Windows{{9, 9, 1}, 5, 5, 1, 2}, filters);
        return initial_weights<double>(map, Start::cosines, 0.0, 1, 0).matrix;
    };
    const Matrix<double> rows = of(24);
    EXPECT_LT((rows * rows.transpose() - Matrix<double>::Identity(24, 24)).cwiseAbs().maxCoeff(),
              1e-12);
    EXPECT_LT(rows.rowwise().sum().cwiseAbs().maxCoeff(), 1e-12);
    EXPECT_EQ(of(8), rows.topRows(8));
    for (Index i = 0; i < 5; ++i) {  // the lowest wave goes across
        EXPECT_NEAR(rows(0, i) * rows(0, 4) / std::abs(rows(0, 4) * rows(0, 4)),
                    std::cos(std::numbers::pi * (static_cast<double>(i) + 0.5) / 5.0) /
                        std::cos(std::numbers::pi * 4.5 / 5.0),
                    1e-12);
    }
    EXPECT_EQ(draw(Start::cosines), draw(Start::he));
}

TEST(InitialWeights, of_a_centered_map_have_no_mean_on_any_channel) {
    const auto spec = parse_network("6x6x2-potential(4,3)", "relu", "linear");
    const auto weights = initial_weights<double>(spec.map(0), Start::he, 0.0, 1, 0);
    EXPECT_GT(weights.matrix.norm(), 0.1);
    for (Index channel = 0; channel < 2; ++channel) {
        Vector<double> sum = Vector<double>::Zero(4);
        for (Index place = 0; place < 9; ++place) {
            sum += weights.matrix.col(2 * place + channel);
        }
        EXPECT_LT(sum.cwiseAbs().maxCoeff(), 1e-13);
    }
}

TEST(InitialWeights, depend_on_the_seed_and_the_layer_alone) {
    const auto weights = [](std::uint64_t seed, Index layer) {
        return initial_weights<double>(MapSpec::dense(30, 20), Start::he, 0.0, seed, layer).matrix;
    };
    EXPECT_EQ(weights(1, 0), weights(1, 0));
    EXPECT_NE(weights(1, 0), weights(2, 0));
    EXPECT_NE(weights(1, 0), weights(1, 1));
    EXPECT_EQ(initial_weights<float>(MapSpec::dense(30, 20), Start::he, 0.0, 1, 0).matrix,
              weights(1, 0).cast<float>());
}

TEST(InitialWeights, start_with_the_bias_asked_for) {
    const auto weights = initial_weights<float>(MapSpec::dense(3, 4), Start::he, 0.25, 1, 0);
    EXPECT_EQ(weights.bias, Vector<float>::Constant(4, 0.25F));
    EXPECT_EQ(weights.matrix.rows(), 4);
    EXPECT_EQ(weights.matrix.cols(), 3);
}

TEST(Weights, apply_a_map_and_a_bias_to_every_column) {
    Weights<double> weights{Matrix<double>(2, 3), Vector<double>(2)};
    weights.matrix << 1, 2, 3, 4, 5, 6;
    weights.bias << 10, 20;
    Matrix<double> x(3, 2);
    x << 1, 0, 0, 1, 1, 0;
    Matrix<double> u(2, 2);
    LinearMap<double>(weights).apply(x, u);
    Matrix<double> expected(2, 2);
    expected << 14, 12, 30, 25;
    EXPECT_EQ(u, expected);
}

TEST(Weights, take_the_transposed_solution_of_a_regression) {
    Matrix<double> solution(3, 2);
    solution << 1, 2, 3, 4, 5, 6;
    Weights<float> weights;
    weights.assign(solution);
    Matrix<float> expected(2, 2);
    expected << 1, 3, 2, 4;
    EXPECT_EQ(weights.matrix, expected);
    EXPECT_EQ(weights.bias, (Vector<float>(2) << 5, 6).finished());
}

}  // namespace
}  // namespace hoist
