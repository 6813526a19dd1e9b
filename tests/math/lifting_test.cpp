#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "hoist/base/error.hpp"
#include "hoist/math/activation.hpp"
#include "support/defined_activation.hpp"
#include "support/random_matrix.hpp"
#include "test_name.hpp"

// Ochs, Meinhardt, Leal-Taixe and Moeller 2018.

namespace hoist {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

class Lifting : public testing::TestWithParam<std::string> {
  protected:
    std::shared_ptr<const Activation> phi = parse_activation(GetParam());
    DefinedActivation defined{GetParam()};
    Index entries = phi->traits().entries;
    Matrix<double> u = random_matrix(7, 30, 1, 2.0);

    Matrix<double> of(const Matrix<double>& at) const {
        Matrix<double> x(at.rows() * entries, at.cols());
        phi->apply(at, x);
        return x;
    }
};

TEST_P(Lifting, is_that_of_its_definition_inside_and_outside_of_the_labels) {
    EXPECT_LT((of(u) - defined.of(u)).cwiseAbs().maxCoeff(), 1e-13);
    Matrix<float> single(7 * entries, 30);
    phi->apply(u.cast<float>(), single);
    EXPECT_LT((single.cast<double>() - defined.of(u)).cwiseAbs().maxCoeff(), 2e-5);
}

TEST_P(Lifting, has_the_inverse_of_its_paper) {
    const Matrix<double> x = of(u);
    if (GetParam().starts_with("scaled")) {  // equation (8) with the scales of (12)
        EXPECT_LT((defined.summed(x) - u).cwiseAbs().maxCoeff(), 1e-13);
        return;
    }
    EXPECT_LT((defined.summed(x).array() - 1.0).abs().maxCoeff(), 1e-13);
    const std::vector<double> labels = phi->labels();
    for (Index i = 0; i < u.rows(); ++i) {
        for (Index j = 0; j < u.cols(); ++j) {
            double sum = 0.0;
            for (Index e = 0; e < entries; ++e) {
                sum += labels[static_cast<std::size_t>(e)] * x(i * entries + e, j);
            }
            EXPECT_NEAR(sum, u(i, j), 1e-12);
        }
    }
}

TEST_P(Lifting, pulls_back_by_its_slopes) {
    const Matrix<double> e = random_matrix(7 * entries, 30, 2);
    Matrix<double> d(7, 30);
    phi->pull_back(u, e, d);
    EXPECT_LT((d - defined.pull_back(u, e)).cwiseAbs().maxCoeff(), 1e-9);
    Matrix<float> single(7, 30);
    phi->pull_back(u.cast<float>(), e.cast<float>(), single);
    EXPECT_LT((single.cast<double>() - d).cwiseAbs().maxCoeff(), 1e-4);
}

TEST_P(Lifting, takes_at_a_label_the_slope_of_the_side_nearer_to_zero) {
    const std::vector<double> labels = phi->labels();
    const Matrix<double> e = random_matrix(entries, 1, 3);
    for (std::size_t i = 1; i + 1 < labels.size(); ++i) {
        Matrix<double> at(1, 1);
        Matrix<double> beside(1, 1);
        phi->pull_back(Matrix<double>::Constant(1, 1, labels[i]), e, at);
        const double inward = labels[i] < 0 ? 1e-6 : -1e-6;
        phi->pull_back(Matrix<double>::Constant(1, 1, labels[i] + inward), e, beside);
        EXPECT_EQ(at, beside) << i;
    }
}

TEST_P(Lifting, answers_a_pull_on_each_entry_alone) {
    const Matrix<double> x = of(u);
    const Matrix<double> g = random_matrix(7 * entries, 30, 4);
    Matrix<double> s(7, 30);
    for (const double weight : {0.2, 1.5, 30.0, 1e4}) {
        for (const double sided : {weight, -weight}) {
            phi->difference_signal(sided, u, g, x, s);
            const Matrix<double> expected =
                sided * defined.summed(defined.of(u) - defined.pulled(u, g / sided));
            EXPECT_LT((s - expected).cwiseAbs().maxCoeff(), 1e-14 * (weight + 1e3)) << sided;
        }
    }
}

TEST_P(Lifting, answers_a_move_of_u_in_every_entry) {
    const Matrix<double> x = of(u);
    const Matrix<double> g = random_matrix(7, 30, 5);
    Matrix<double> s(7 * entries, 30);
    for (const double weight : {0.2, -1.5, 30.0}) {
        phi->difference_quotient(weight, u, g, x, s);
        const Matrix<double> expected = weight * (defined.of(u) - defined.of(u - g / weight));
        EXPECT_LT((s - expected).cwiseAbs().maxCoeff(), 1e-11) << weight;
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Lifting,
                         testing::Values("lifting(3)", "lifting(4,0.5)", "lifting(9,3)",
                                         "scaled_lifting(3)", "scaled_lifting(4)",
                                         "scaled_lifting(5,2.5)", "scaled_lifting(10,4)"),
                         [](const auto& suite) { return test_name(suite.param); });

/// x with x_1 <= 0 <= x_2 for each of u.
Matrix<double> some_split(Index rows, std::uint64_t seed) {
    Matrix<double> x = random_matrix(2 * rows, 20, seed).cwiseAbs();
    for (Index i = 0; i < rows; ++i) {
        x.row(2 * i) *= -1.0;
    }
    return x;
}

TEST(ScaledLiftingOfThree, is_min_and_max_with_zero_and_minimizes_a_convex_function) {
    const auto phi = parse_activation("scaled_lifting(3)");
    EXPECT_TRUE(phi->traits().minimizer);
    EXPECT_TRUE(phi->traits().has_prox);
    const Matrix<double> u = random_matrix(4, 20, 6);
    Matrix<double> x(8, 20);
    phi->apply(u, x);
    const auto objective = [&](const Matrix<double>& at, Index j) {
        double value = 0.5 * at.col(j).squaredNorm();
        for (Index i = 0; i < 8; ++i) {
            value -= at(i, j) * u(i / 2, j);
        }
        return value;
    };
    for (std::uint64_t seed = 7; seed < 12; ++seed) {
        const Matrix<double> other = some_split(4, seed);
        const Vector<double> gaps = phi->gap(other, u);
        for (Index j = 0; j < 20; ++j) {
            // F + F* - <x, u> is how far F - <x, u> is above its least value.
            EXPECT_NEAR(gaps[j], objective(other, j) - objective(x, j), 1e-13);
            EXPECT_GE(gaps[j], 0.5 * (other - x).col(j).squaredNorm() - 1e-13);
        }
    }
    for (Index j = 0; j < 20; ++j) {
        for (Index i = 0; i < 4; ++i) {
            EXPECT_EQ(x(2 * i, j), std::min(u(i, j), 0.0));
            EXPECT_EQ(x(2 * i + 1, j), std::max(u(i, j), 0.0));
        }
    }
    EXPECT_EQ(phi->gap(x, u).cwiseAbs().maxCoeff(), 0.0);
    x(0, 0) = 0.25;
    EXPECT_EQ(phi->gap(x, u)[0], infinity);
}

TEST(ScaledLiftingOfThree, has_the_projection_as_its_proximal_map) {
    const auto phi = parse_activation("scaled_lifting(3)");
    Matrix<double> x(4, 1);
    phi->prox(0.7, Matrix<double>{{-2}, {-2}, {3}, {3}}, x);
    EXPECT_EQ(x, (Matrix<double>{{-2}, {0}, {0}, {3}}));
}

TEST(Liftings, of_other_sizes_have_neither_gap_nor_proximal_map) {
    for (const char* name : {"lifting(3)", "scaled_lifting(4)", "scaled_lifting(5)"}) {
        EXPECT_FALSE(parse_activation(name)->traits().minimizer) << name;
    }
}

TEST(Liftings, change_the_channels_of_a_shape) {
    const auto phi = parse_activation("lifting(5)");
    EXPECT_EQ(phi->output({4, 4, 3}), (Shape{4, 4, 15}));
    EXPECT_EQ(phi->input({4, 4, 15}), (Shape{4, 4, 3}));
    EXPECT_EQ(parse_activation("scaled_lifting(5)")->output(Shape::vector(3)), Shape::vector(12));
    EXPECT_EQ(parse_activation("scaled_lifting(4)")->output(Shape::vector(3)), Shape::vector(12));
    EXPECT_TRUE(parse_activation("relu")->labels().empty());
}

}  // namespace
}  // namespace hoist
