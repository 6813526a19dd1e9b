#include "hoist/formulation/spline_loss.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "hoist/base/error.hpp"
#include "hoist/formulation/output_block.hpp"

namespace hoist {
namespace {

constexpr double y = 0.3;

TEST(SplineLoss, is_the_loss_at_labels_and_linear_between_them) {
    const SplineLoss loss = parse_spline_loss("spline(-2,2,9,squared)");
    EXPECT_EQ(loss.labels(), 9);
    EXPECT_DOUBLE_EQ(loss.label(3), -0.5);
    for (Index p = 0; p < 9; ++p) {
        const double cost = std::pow(loss.label(p) - y, 2.0);
        EXPECT_DOUBLE_EQ(loss.at_label(p, y), cost);
        EXPECT_NEAR(loss.value(loss.label(p), y), cost, 1e-15);
    }
    EXPECT_NEAR(loss.value(0.625, y), 0.75 * std::pow(0.5 - y, 2.0) + 0.25 * std::pow(1.0 - y, 2.0),
                1e-15);
    EXPECT_NEAR(loss.value(3.0, y), std::pow(3.0 - y, 2.0), 1e-15);  // outside the loss itself
}

TEST(SplineLoss, has_the_losses_that_it_names) {
    const auto at_zero = [](const char* name, double target) {
        return parse_spline_loss(std::string("spline(-1,1,3,") + name + ")").at_label(1, target);
    };
    EXPECT_DOUBLE_EQ(at_zero("absolute", 0.7), 0.7);
    EXPECT_DOUBLE_EQ(at_zero("truncated(0.5)", 0.3), 0.3);
    EXPECT_DOUBLE_EQ(at_zero("truncated(0.5)", -0.7), 0.5);
    EXPECT_DOUBLE_EQ(at_zero("truncated_squared(0.5)", 0.4), 0.16000000000000003);
    EXPECT_DOUBLE_EQ(at_zero("truncated_squared(0.5)", 3.0), 0.25);
    // The check function of the quantile 0.9: prediction - target = -y.
    EXPECT_DOUBLE_EQ(at_zero("knots(-1:0.9, 0:0, 1:0.1)", 2.0), 1.8);
    EXPECT_DOUBLE_EQ(at_zero("knots(-1:0.9, 0:0, 1:0.1)", -2.0), 0.2);
}

TEST(SplineLoss, has_the_slope_of_its_value) {
    for (const char* name : {"absolute", "squared", "truncated(0.5)", "truncated_squared(1.1)",
                             "knots(-1:0.9,0:0,1:0.1)"}) {
        const SplineLoss loss = parse_spline_loss(std::string("spline(-2,2,9,") + name + ")");
        for (double u = -3.03; u < 3.1; u += 0.1) {
            const double h = 1e-6;
            const double difference = (loss.value(u + h, y) - loss.value(u - h, y)) / (2.0 * h);
            EXPECT_NEAR(loss.slope(u, y), difference, 1e-8) << name << " at " << u;
        }
    }
}

TEST(SplineLoss, is_the_energy_of_an_output_and_its_slope) {
    OutputOptions options;
    options.loss = parse_spline_loss("spline(-2,2,9,truncated(0.5))");
    const auto output = make_output_block<double>(Output::spline, options);
    const Eigen::MatrixXd targets{{0.3, -1.0, 0.0}};
    const Eigen::MatrixXd u{{0.45, 1.9, 0.1}};
    Eigen::MatrixXd slope(1, 3);
    output->slope(targets, u, slope);
    const Vector<double> energy = output->energy(targets, u);
    for (Index i = 0; i < 3; ++i) {
        EXPECT_DOUBLE_EQ(energy[i], options.loss.value(u(0, i), targets(0, i)));
        EXPECT_DOUBLE_EQ(slope(0, i), options.loss.slope(u(0, i), targets(0, i)));
    }
    EXPECT_FALSE(output->quadratic());
}

TEST(SplineLoss, refuses_what_is_none) {
    for (const char* text :
         {"spline", "spline(0,1,3)", "spline(1,0,3,absolute)", "spline(0,1,1,absolute)",
          "spline(0,1,3,huber)", "spline(0,1,3,absolute(1))", "spline(0,1,3,truncated)",
          "spline(0,1,3,truncated(0))", "spline(0,1,3,truncated(x))", "spline(0,1,3,knots(0:0))",
          "spline(0,1,3,knots(0:0,0:1))", "spline(0,1,3,knots(1,2))", "spline(0,1,3,absolute"}) {
        EXPECT_THROW(parse_spline_loss(text), UsageError) << text;
    }
}

}  // namespace
}  // namespace hoist
