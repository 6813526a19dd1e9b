#include "hoist/formulation/classical.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "hoist/base/error.hpp"
#include "support/messages.hpp"

namespace hoist {
namespace {

// A layer of 7 units below one of 5, with what its neighbors show it.
struct Block {
    Weights<double> weights;
    Matrix<double> u;
    Matrix<double> target;
    Matrix<double> x;
    double lambda = 1.7;
    double mu = 0.6;
};

Block some_block() {
    std::mt19937_64 engine(4);
    std::normal_distribution<double> normal;
    const auto draw = [&] { return normal(engine); };
    constexpr Index columns = 40;
    return {{Matrix<double>::NullaryExpr(5, 7, draw), Vector<double>::NullaryExpr(5, draw)},
            Matrix<double>::NullaryExpr(7, columns, draw),
            Matrix<double>::NullaryExpr(5, columns, draw),
            Matrix<double>::NullaryExpr(7, columns, draw).cwiseAbs().cwiseMin(1.0)};
}

FormulationOptions options_of(NnlsOptions::Method method) {
    FormulationOptions options;
    options.lambda = {1.7, 0.6};
    options.nnls.method = method;
    options.nnls.sweeps = 500;
    return options;
}

Matrix<double> gradient_at(const Block& block, const Matrix<double>& x) {
    const Matrix<double> above = (block.weights.matrix * x).colwise() + block.weights.bias;
    return block.lambda * (x - block.u) +
           block.mu * block.weights.matrix.transpose() * (above - block.target);
}

const std::vector<std::string> carried{"relu", "hard_tanh", "hard_sigmoid", "identity"};

TEST(Classical, moves_a_block_to_the_minimum_within_the_range_of_its_activation) {
    const Block block = some_block();
    for (const std::string& activation : carried) {
        for (const auto method :
             {NnlsOptions::Method::coordinate_descent, NnlsOptions::Method::block_pivoting}) {
            const NetworkSpec spec = parse_network("3-7-5-2", activation, "linear");
            Classical<double> formulation(spec, options_of(method));
            formulation.prepare(1, block.weights, block.mu);
            Matrix<double> x = block.x;
            const PenaltyAbove<double> above(formulation, 2, block.target);
            formulation.update_activations(1, block.weights, block.u, above, x);
            const ActivationTraits traits = spec.activation(1).traits();
            const Matrix<double> moved =
                (x - gradient_at(block, x)).cwiseMax(traits.lower).cwiseMin(traits.upper);
            EXPECT_LT((x - moved).cwiseAbs().maxCoeff(), 1e-11) << activation;
        }
    }
}

TEST(Classical, takes_a_gradient_step_by_its_definition) {
    const Block block = some_block();
    constexpr double step = 0.13;
    for (const std::string& activation : carried) {
        const NetworkSpec spec = parse_network("3-7-5-2", activation, "linear");
        const Classical<double> formulation(spec,
                                            options_of(NnlsOptions::Method::coordinate_descent));
        const Matrix<double> above =
            (block.weights.matrix * block.x).colwise() + block.weights.bias;
        const Matrix<double> pull = block.mu * (above - block.target);
        Matrix<double> x(7, block.x.cols());
        formulation.gradient_step(1, block.weights, block.u, pull, step, block.x, x);
        const ActivationTraits traits = spec.activation(1).traits();
        const Matrix<double> expected = (block.x - step * gradient_at(block, block.x))
                                            .cwiseMax(traits.lower)
                                            .cwiseMin(traits.upper);
        EXPECT_LT((x - expected).cwiseAbs().maxCoeff(), 1e-13) << activation;
    }
}

TEST(Classical, answers_with_the_signal_at_the_least_of_penalty_and_slope) {
    const Block block = some_block();
    const Matrix<double> g = block.x - 2.0 * block.u;
    for (const std::string& activation : carried) {
        const NetworkSpec spec = parse_network("3-7-5-2", activation, "linear");
        const Classical<double> formulation(spec,
                                            options_of(NnlsOptions::Method::coordinate_descent));
        Matrix<double> s(7, block.x.cols());
        formulation.respond(1, block.u, g, block.x, s);
        const ActivationTraits traits = spec.activation(1).traits();
        const Matrix<double> least = block.u - s / block.lambda;
        for (Index i = 0; i < least.size(); ++i) {
            // lambda/2 (x - u)^2 + g x is least where its slope is zero, or points out of the range.
            const double slope = block.lambda * (least(i) - block.u(i)) + g(i);
            EXPECT_GE(least(i), traits.lower - 1e-14);
            EXPECT_LE(least(i), traits.upper + 1e-14);
            EXPECT_TRUE(std::abs(slope) < 1e-12 ||
                        (slope > 0.0 && std::abs(least(i) - traits.lower) < 1e-14) ||
                        (slope < 0.0 && std::abs(least(i) - traits.upper) < 1e-14))
                << activation;
        }
    }
}

TEST(Classical, penalizes_half_the_squared_distance_and_pulls_by_it) {
    const Block block = some_block();
    const NetworkSpec spec = parse_network("3-7-5-2", "relu", "linear");
    const Classical<double> formulation(spec, options_of(NnlsOptions::Method::coordinate_descent));
    const Matrix<double> u = block.target;
    const Matrix<double> x = u.cwiseAbs();
    const Vector<double> penalty = formulation.penalty(2, x, u);
    ASSERT_EQ(penalty.size(), x.cols());
    for (Index i = 0; i < x.cols(); ++i) {
        EXPECT_NEAR(penalty(i), 0.3 * (x.col(i) - u.col(i)).squaredNorm(), 1e-12);
    }
    EXPECT_EQ(formulation.pull_weight(2), 0.6);
    EXPECT_EQ(PenaltyAbove<double>(formulation, 2, x).target(), x);
}

TEST(Classical, carries_projections_and_refuses_every_other_activation_with_advice) {
    for (const std::string& name : activation_names()) {
        const NetworkSpec spec = parse_network("3-6-2", name, "linear");
        const bool projection = std::ranges::find(carried, name) != carried.end();
        EXPECT_EQ(projection, spec.activation(1).traits().projection) << name;
        const std::string message = message_of<UsageError>([&] { check_classical(spec); });
        if (projection) {
            EXPECT_EQ(message, "") << name;
        } else {
            expect_mentions(message, {"classical", name.substr(0, name.find('(')), "use "});
        }
    }
}

TEST(Classical, names_the_layers_that_hand_something_on) {
    for (const auto& [layers, output] : std::vector<std::pair<std::string, std::string>>{
             {"3x4x1-by_rows-recurrent(5)^3-2", "softmax"},
             {"6x6x1-keep_input-potential(2,3)-fidelity", "linear"}}) {
        const NetworkSpec spec = parse_network(layers, "relu", output);
        const std::string message = message_of<UsageError>([&] { check_classical(spec); });
        expect_mentions(message, {"classical", spec.layers_text(), "contrastive"});
        EXPECT_EQ(message.find("use relu"), std::string::npos) << message;
    }
}

TEST(Formulation, is_made_by_name) {
    const NetworkSpec spec = parse_network("3-7-5-2", "relu", "linear");
    FormulationOptions options = options_of(NnlsOptions::Method::coordinate_descent);
    for (const std::string& name : formulation_names()) {
        options.name = name;
        if (options.is_lrrn()) {  // no penalty of x and u alone
            EXPECT_THROW(make_formulation<double>(spec, options), Defect);
            continue;
        }
        EXPECT_EQ(make_formulation<float>(spec, options)->pull_weight(1), 1.7);
        EXPECT_EQ(make_formulation<double>(spec, options)->pull_weight(2), 0.6);
    }
    options.name = "classic";
    expect_mentions(message_of<UsageError>([&] { check_formulation(spec, options); }),
                    {"formulation.name = classic is unknown", "classical"});
}

TEST(Formulation, needs_a_lambda_for_each_block) {
    FormulationOptions options = options_of(NnlsOptions::Method::coordinate_descent);
    EXPECT_NO_THROW(check_formulation(parse_network("3-7-5-2", "relu", "softmax"), options));
    EXPECT_THROW(check_formulation(parse_network("3-7-5-2", "relu", "simplex"), options), Defect);
    EXPECT_THROW(check_formulation(parse_network("3-7-6-5-2", "relu", "softmax"), options), Defect);
}

}  // namespace
}  // namespace hoist
