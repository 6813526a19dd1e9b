#include "hoist/train/choice_fit.hpp"

#include <gtest/gtest.h>

#include <random>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

constexpr Index inputs = 3;
constexpr Index samples = 40;

struct Drawn {
    Eigen::MatrixXd z = Eigen::MatrixXd::Zero(inputs, samples);
    Eigen::MatrixXd y{1, samples};
};

// Points on the segments between three labels; most targets follow them, the others are anywhere.
Drawn draw(unsigned seed) {
    std::mt19937 engine(seed);
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    Drawn drawn;
    for (Index i = 0; i < samples; ++i) {
        const Index below = uniform(engine) < 0.5 ? 0 : 1;
        const double share = uniform(engine);
        drawn.z(below, i) = 1.0 - share;
        drawn.z(below + 1, i) = share;
        drawn.y(0, i) = uniform(engine) < 0.6 ? static_cast<double>(below) + share - 1.0
                                              : 2.0 * uniform(engine) - 1.0;
    }
    return drawn;
}

// (14), of any theta.
double objective(const SplineLoss& loss, const Drawn& drawn, const Eigen::MatrixXd& theta) {
    double sum = 0.0;
    for (Index i = 0; i < samples; ++i) {
        for (Index p = 0; p < loss.labels(); ++p) {
            sum += loss.at_label(p, drawn.y(0, i)) * theta.row(p).dot(drawn.z.col(i));
        }
    }
    return sum / static_cast<double>(samples);
}

struct Fitted {
    Eigen::RowVectorXd weights;
    double optimum;
};

// Over all ranks, each of which adds every so-manieth sample.
Fitted fit(const SplineLoss& loss, const Drawn& drawn) {
    const Communicator world = Communicator::world();
    Stage<double> stage;
    stage.network = parse_network("3-1", "relu", "spline(-1,1,5,absolute)");
    stage.layers = {0, 1};
    stage.weights.push_back({Eigen::MatrixXd::Constant(1, inputs, 7.0), Vector<double>::Ones(1)});
    PhaseTimes times;
    ChoiceFit<double> choice(loss, world, samples, stage, times);
    for (int again = 0; again < 2; ++again) {  // the second fit knows nothing of the first
        for (Index i = world.rank(); i < samples; i += world.size()) {
            choice.add(drawn.z.middleCols(i, 1), drawn.y.middleCols(i, 1));
        }
        choice.solve();
    }
    EXPECT_EQ(stage.weights.front().bias[0], 0.0);
    return {stage.weights.front().matrix, choice.optimum()};
}

TEST(ChoiceFit, reaches_the_least_of_all_choices_and_no_mixture_is_better) {
    const SplineLoss loss = parse_spline_loss("spline(-1,1,5,truncated(0.4))");
    for (const unsigned seed : {1U, 2U, 3U}) {
        const Drawn drawn = draw(seed);
        const Fitted fitted = fit(loss, drawn);
        const Index labels = loss.labels();
        double least = std::numeric_limits<double>::infinity();
        Eigen::RowVectorXd best(inputs);
        for (Index code = 0; code < labels * labels * labels; ++code) {
            Eigen::MatrixXd theta = Eigen::MatrixXd::Zero(labels, inputs);
            Eigen::RowVectorXd chosen(inputs);
            for (Index q = 0, rest = code; q < inputs; ++q, rest /= labels) {
                theta(rest % labels, q) = 1.0;
                chosen[q] = loss.label(rest % labels);
            }
            if (const double value = objective(loss, drawn, theta); value < least) {
                least = value;
                best = chosen;
            }
        }
        EXPECT_NEAR(fitted.optimum, least, 1e-12);
        EXPECT_EQ(fitted.weights, best);
        std::mt19937 engine(seed);
        std::exponential_distribution<double> exponential;
        for (int trial = 0; trial < 500; ++trial) {
            Eigen::MatrixXd theta(labels, inputs);
            for (double& entry : theta.reshaped()) {
                entry = exponential(engine);
            }
            theta.array().rowwise() /= theta.colwise().sum().eval().array();
            EXPECT_GE(objective(loss, drawn, theta), fitted.optimum);
        }
    }
}

TEST(ChoiceFit, gives_an_input_that_no_sample_has_the_best_constant) {
    const SplineLoss loss = parse_spline_loss("spline(-1,1,5,absolute)");
    Drawn drawn;
    drawn.z.row(0).setOnes();
    drawn.y.setConstant(0.5);
    drawn.y.leftCols(5).setConstant(-1.0);
    EXPECT_EQ(fit(loss, drawn).weights, Eigen::RowVectorXd::Constant(inputs, 0.5));
}

}  // namespace
}  // namespace hoist
