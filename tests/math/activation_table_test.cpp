#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "hoist/base/error.hpp"
#include "hoist/math/activation.hpp"
#include "test_name.hpp"

namespace hoist {
namespace {

/// Normal numbers of deviation 3 that float can hold.
Matrix<double> random_matrix(Index rows, Index columns, int seed) {
    std::mt19937 engine(static_cast<unsigned>(seed));
    std::normal_distribution<float> normal(0, 3);
    return Matrix<float>::NullaryExpr(rows, columns, [&] { return normal(engine); }).cast<double>();
}

class EveryActivation : public testing::TestWithParam<std::string> {
  protected:
    Matrix<double> phi(const Matrix<double>& u) const {
        Matrix<double> x(activation->output(Shape::vector(u.rows()))->size(), u.cols());
        activation->apply(u, x);
        return x;
    }

    std::shared_ptr<const Activation> activation = parse_activation(GetParam());
};

TEST_P(EveryActivation, is_named_as_it_is_read) {
    EXPECT_EQ(activation->name(), GetParam());
    EXPECT_EQ(parse_activation(activation->name())->name(), activation->name());
}

TEST_P(EveryActivation, pulls_back_by_the_adjoint_of_its_derivative) {
    // <e, J v> = <J'e, v>, with J v by differences.
    const Matrix<double> u = random_matrix(12, 40, 1);
    const Matrix<double> v = random_matrix(12, 40, 2);
    constexpr double h = 1e-6;
    const Matrix<double> forward = (phi(u + h * v) - phi(u - h * v)) / (2 * h);
    const Matrix<double> e = random_matrix(forward.rows(), 40, 3);
    Matrix<double> d(12, 40);
    activation->pull_back(u, e, d);
    for (Index j = 0; j < u.cols(); ++j) {
        EXPECT_NEAR(e.col(j).dot(forward.col(j)), d.col(j).dot(v.col(j)), 1e-6) << j;
    }
}

TEST_P(EveryActivation, changes_no_faster_than_its_lipschitz_constant) {
    const Matrix<double> u = random_matrix(12, 200, 4);
    const Matrix<double> v = u + 0.3 * random_matrix(12, 200, 5);
    const Matrix<double> change = phi(u) - phi(v);
    for (Index j = 0; j < u.cols(); ++j) {
        EXPECT_LE(change.col(j).norm(),
                  activation->traits().lipschitz * (u - v).col(j).norm() * (1 + 1e-9));
    }
}

TEST_P(EveryActivation, is_homogeneous_where_it_says_so) {
    const Matrix<double> u = random_matrix(12, 40, 8);
    const double change = (phi(4 * u) - 4 * phi(u)).cwiseAbs().maxCoeff();
    EXPECT_EQ(change == 0, activation->traits().homogeneous) << change;
}

TEST_P(EveryActivation, acts_in_place_on_blocks_and_in_single_precision_alike) {
    if (activation->output(Shape::vector(6)) != Shape::vector(6)) {
        return;  // input and output differ in size
    }
    const Matrix<double> u = random_matrix(37, 11, 6);
    const Matrix<double> e = random_matrix(37, 11, 7);
    const Matrix<double> x = phi(u);
    Matrix<double> d(37, 11);
    activation->pull_back(u, e, d);

    Matrix<double> whole = u;
    activation->apply(whole, whole);
    EXPECT_EQ(whole, x);
    whole = e;
    activation->pull_back(u, whole, whole);
    EXPECT_EQ(whole, d);

    // Rows 3..19 of the columns 2..5: not contiguous, and elsewhere nothing changes.
    const Matrix<double> expected = phi(u.block(3, 2, 17, 4));
    Matrix<double> part = u;
    activation->apply(part.block(3, 2, 17, 4), part.block(3, 2, 17, 4));
    EXPECT_EQ(part.block(3, 2, 17, 4), expected);
    part.block(3, 2, 17, 4) = u.block(3, 2, 17, 4);
    EXPECT_EQ(part, u);

    Matrix<float> single_d = e.cast<float>();
    activation->pull_back(u.cast<float>(), single_d, single_d);
    EXPECT_LT((single_d.cast<double>() - d).cwiseAbs().maxCoeff(), 1e-5);
    Matrix<float> single = u.cast<float>();
    activation->apply(single, single);
    EXPECT_LT((single.cast<double>() - x).cwiseAbs().maxCoeff(), 2e-6);
    if (activation->traits().minimizer) {
        // Each value is rounded by at most 6e-8 near saturation, where the gap is linear in that.
        EXPECT_NEAR(activation->gap(single, u.cast<float>()).sum(), 0, 1e-5);
    }
    if (activation->traits().has_prox) {
        Matrix<double> p(37, 11);
        activation->prox(0.4, u, p);
        Matrix<float> single_p = u.cast<float>();
        activation->prox(0.4, single_p, single_p);
        EXPECT_LT((single_p.cast<double>() - p).cwiseAbs().maxCoeff(), 5e-6);
    }
}

TEST_P(EveryActivation, gives_the_gap_of_each_column) {
    if (!activation->traits().minimizer) {
        return;
    }
    const Matrix<double> u = random_matrix(9, 5, 8);
    const Matrix<double> x = phi(random_matrix(9, 5, 9));
    const Vector<double> gaps = activation->gap(x, u);
    ASSERT_EQ(gaps.size(), 5);
    for (Index j = 0; j < 5; ++j) {
        EXPECT_EQ(activation->gap(x.col(j), u.col(j))[0], gaps[j]) << j;
    }
}

TEST_P(EveryActivation, refuses_what_it_does_not_have) {
    Matrix<double> x = Matrix<double>::Constant(4, 1, 0.25);
    const ActivationTraits traits = activation->traits();
    EXPECT_EQ(traits.minimizer,
              GetParam() != "sin" && GetParam() != "gelu" && !GetParam().starts_with("maxpool") &&
                  !GetParam().starts_with("lifting") && !GetParam().starts_with("spline"));
    EXPECT_EQ(traits.has_prox, traits.minimizer && GetParam() != "sign");
    if (!traits.minimizer) {
        EXPECT_THROW(activation->gap(x, x), Defect);
    }
    if (!traits.has_prox) {
        EXPECT_THROW(activation->prox(1, x, x), Defect);
    }
    if (!traits.minimizer || activation->coefficients().size() == 0) {
        EXPECT_THROW(activation->gap_coefficient_slopes(1, x, x), Defect);
    }
}

TEST_P(EveryActivation, knows_the_number_in_its_parentheses_and_takes_another) {
    const bool has_one = GetParam().ends_with(")");
    EXPECT_EQ(activation->parameter().has_value(), has_one);
    if (!has_one) {
        EXPECT_THROW(activation->with_parameter(0.5), Defect);
        return;
    }
    const std::string kind = GetParam().substr(0, GetParam().find('('));
    const bool whole = kind == "maxpool" || kind.ends_with("spline") || kind.ends_with("lifting");
    const double other = whole ? 5 : 0.625;
    const auto changed = activation->with_parameter(other);
    EXPECT_EQ(changed->parameter(), other);
    EXPECT_EQ(changed->name(), kind + (whole ? "(5)" : "(0.625)"));
    EXPECT_EQ(*activation->parameter(), *parse_activation(kind)->parameter());
    for (double value : {-1.0, 0.0, std::numeric_limits<double>::quiet_NaN()}) {
        EXPECT_THROW(activation->with_parameter(value), Defect) << value;
    }
}

// <g, phi(u)> by the coefficients, and phi by others of them.
TEST_P(EveryActivation, knows_what_can_be_learned_of_it) {
    const Vector<double> coefficients = activation->coefficients();
    const Matrix<double> u = random_matrix(8, 6, 12);
    EXPECT_EQ(coefficients.size() > 0, GetParam().starts_with("leaky_relu") ||
                                           GetParam().find("spline") != std::string::npos);
    if (coefficients.size() == 0) {
        EXPECT_THROW(activation->coefficient_slopes(u, u), Defect);
        EXPECT_THROW(activation->with_coefficients(Vector<double>::Ones(1)), Defect);
        return;
    }
    EXPECT_THROW(activation->with_coefficients(Vector<double>::Ones(coefficients.size() + 1)),
                 Defect);
    const auto of_two = activation->of_channels(2);
    for (const auto& one : {activation, of_two ? of_two : activation}) {
        const Vector<double> start = one->coefficients();
        const Matrix<double> g = random_matrix(8, 6, 13);
        const Vector<double> slopes = one->coefficient_slopes(u, g);
        ASSERT_EQ(slopes.size(), start.size());
        for (Index i = 0; i < start.size(); ++i) {
            const auto at = [&](double by) {
                Vector<double> moved = start;
                moved[i] += by;
                Matrix<double> x(8, 6);
                one->with_coefficients(moved)->apply(u, x);
                return x.cwiseProduct(g).sum();
            };
            EXPECT_NEAR(slopes[i], (at(1e-4) - at(-1e-4)) / 2e-4, 1e-9) << i;
        }
        const Vector<double> single = one->coefficient_slopes(u.cast<float>(), g.cast<float>());
        EXPECT_LT((single - slopes).cwiseAbs().maxCoeff(), 1e-5);
    }
}

INSTANTIATE_TEST_SUITE_P(Table, EveryActivation, testing::ValuesIn(activation_names()),
                         [](const auto& suite) { return test_name(suite.param); });

TEST(Activation, has_a_gap_that_changes_with_its_coefficients_by_the_stated_slopes) {
    const Matrix<double> u = random_matrix(8, 30, 10);
    const Matrix<double> g = random_matrix(8, 30, 11);
    constexpr double h = 1e-8;
    for (const auto& phi :
         {parse_activation("leaky_relu(0.05)"), parse_activation("leaky_relu(0.3)"),
          parse_activation("leaky_relu(0.9)"), parse_activation("proximal_spline(7,3)"),
          parse_activation("proximal_spline(5)")->of_channels(2)}) {
        for (const double weight : {1.5, -0.7, 40.0}) {
            Matrix<double> x(8, 30);
            phi->apply(u - g / weight, x);
            const Vector<double> slopes = phi->gap_coefficient_slopes(weight, u, g);
            const Vector<double> single =
                phi->gap_coefficient_slopes(weight, u.cast<float>(), g.cast<float>());
            const Vector<double> start = phi->coefficients();
            ASSERT_EQ(slopes.size(), start.size());
            for (Index i = 0; i < start.size(); ++i) {
                const auto at = [&](double by) {
                    Vector<double> moved = start;
                    moved[i] += by;
                    return phi->with_coefficients(moved)->gap(x, u).sum();
                };
                const double difference = weight * (at(h) - at(-h)) / (2 * h);
                const double size = std::max(std::abs(difference), slopes.cwiseAbs().maxCoeff());
                EXPECT_NEAR(slopes[i], difference, 1e-6 * size)
                    << phi->name() << ", weight " << weight << ", coefficient " << i;
                EXPECT_NEAR(single[i], difference, 1e-5 * size);
            }
        }
    }
}

TEST(ProximalSpline, clips_the_slopes_that_it_is_given_and_keeps_their_mean) {
    const auto start = parse_activation("proximal_spline(5,2)")->of_channels(2);
    Vector<double> given(10);  // knot by knot
    given << 0, 0, 0.5, 3, 0.2, 4, 0.9, 4.5, 1.2, 4.7;
    const auto phi = start->with_coefficients(given);
    const Vector<double> moved = phi->coefficients();
    const auto of_channel = [](const Vector<double>& all, Index channel) -> Vector<double> {
        return all.reshaped(2, 5).row(channel).transpose();
    };
    for (const Index channel : {0, 1}) {
        const Vector<double> from = of_channel(given, channel);
        const Vector<double> to = of_channel(moved, channel);
        EXPECT_NEAR(to.mean(), from.mean(), 1e-14);
        for (Index k = 0; k < 4; ++k) {
            EXPECT_NEAR(to[k + 1] - to[k], std::clamp(from[k + 1] - from[k], 0.001, 0.999), 1e-14);
        }
    }
    EXPECT_EQ(phi->with_coefficients(moved)->coefficients(), moved);
    const Vector<double> rounded = moved.cast<float>().cast<double>();
    EXPECT_EQ(phi->with_coefficients(rounded)->coefficients(), rounded);
    EXPECT_LT(phi->traits().lipschitz, 1.0);
}

TEST(Sin, is_the_sine_with_the_cosine_as_its_slope_far_out_too) {
    const auto sine = parse_activation("sin");
    for (double u : {0.0, 0.3, -1.2, 2.5, -40.0, 1e4}) {
        Matrix<double> x(1, 1);
        sine->apply(Matrix<double>::Constant(1, 1, u), x);
        EXPECT_NEAR(x(0, 0), std::sin(u), 1e-15) << u;
        sine->pull_back(Matrix<double>::Constant(1, 1, u), Matrix<double>::Constant(1, 1, 2), x);
        EXPECT_NEAR(x(0, 0), 2 * std::cos(u), 1e-15) << u;
        Matrix<float> single = Matrix<float>::Constant(1, 1, static_cast<float>(u));
        const double exact = std::sin(static_cast<double>(single(0, 0)));
        sine->apply(single, single);
        EXPECT_NEAR(static_cast<double>(single(0, 0)), exact, 3e-7) << u;
    }
    Matrix<float> bad = Matrix<float>::Constant(1, 1, std::numeric_limits<float>::quiet_NaN());
    sine->apply(bad, bad);
    EXPECT_TRUE(std::isnan(bad(0, 0)));
}

TEST(Activation, is_read_with_white_space_and_default_parameters) {
    EXPECT_EQ(parse_activation("  relu\t")->name(), "relu");
    EXPECT_EQ(parse_activation("leaky_relu")->name(), "leaky_relu(0.1)");
    EXPECT_EQ(parse_activation(" leaky_relu ( 0.2 ) ")->name(), "leaky_relu(0.2)");
    EXPECT_EQ(parse_activation("soft_threshold")->name(), "soft_threshold(0.5)");
    EXPECT_EQ(parse_activation("maxpool( 3 )")->name(), "maxpool(3)");
    EXPECT_EQ(parse_activation("lifting(5, 1)")->name(), "lifting(5)");
    EXPECT_EQ(parse_activation("lifting( 5 , 2.5 )")->name(), "lifting(5,2.5)");
    EXPECT_EQ(parse_activation("lifting(5,2.5)")->with_parameter(4)->name(), "lifting(4,2.5)");
}

std::string error_of(std::string_view text) {
    try {
        parse_activation(text);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

TEST(Activation, that_is_unknown_is_refused_with_the_nearest_name) {
    EXPECT_NE(error_of("rleu").find("did you mean 'relu'"), std::string::npos);
    EXPECT_NE(error_of("leaky-relu(0.1)").find("did you mean 'leaky_relu'"), std::string::npos);
    EXPECT_NE(error_of("something_else").find("soft_threshold"), std::string::npos);
    EXPECT_EQ(error_of("something_else").find("did you mean"), std::string::npos);
}

TEST(Activation, with_a_parameter_that_does_not_fit_is_refused) {
    for (const char* text : {"leaky_relu(0)",
                             "leaky_relu(1)",
                             "leaky_relu(-0.1)",
                             "leaky_relu(nan)",
                             "leaky_relu()",
                             "leaky_relu(a)",
                             "leaky_relu(0.1",
                             "leaky_relu(0.1)x",
                             "leaky_relu(0.1, 0.2)",
                             "soft_threshold(0)",
                             "soft_threshold(inf)",
                             "relu(1)",
                             "relu()",
                             "",
                             "()",
                             "softmax(2)",
                             "maxpool(1)",
                             "maxpool(0)",
                             "maxpool(2.5)",
                             "maxpool(-2)",
                             "maxpool(1e12)",
                             "maxpool(nan)",
                             "lifting(1)",
                             "lifting(3,0)",
                             "lifting(3,-1)",
                             "lifting(3,)",
                             "lifting(3,1,1)",
                             "scaled_lifting(3.5)"}) {
        EXPECT_THROW(parse_activation(text), UsageError) << text;
    }
    EXPECT_NE(error_of("leaky_relu(2)").find("between 0 and 1"), std::string::npos);
    EXPECT_NE(error_of("relu(1)").find("no parameter"), std::string::npos);
    EXPECT_NE(error_of("maxpool(2.5)").find("whole number from 2"), std::string::npos);
}

TEST(Activation, refuses_matrices_of_different_sizes) {
    const auto relu = parse_activation("relu");
    const Matrix<double> u = Matrix<double>::Zero(3, 2);
    Matrix<double> x(2, 3);
    EXPECT_THROW(relu->apply(u, x), Defect);
    EXPECT_THROW(relu->gap(x, u), Defect);
    EXPECT_THROW(relu->prox(1, u, x), Defect);
    EXPECT_THROW(relu->pull_back(u, x, x), Defect);
    const auto pool = parse_activation("maxpool(3)");
    EXPECT_THROW(pool->apply(u, x), Defect);
    EXPECT_THROW(pool->pull_back(u, Matrix<double>::Zero(1, 2), x), Defect);
}

TEST(Activation, refuses_a_step_that_is_not_positive) {
    Matrix<double> x = Matrix<double>::Zero(3, 2);
    EXPECT_THROW(parse_activation("tanh")->prox(0, x, x), Defect);
    EXPECT_THROW(parse_activation("relu")->prox(-1, x, x), Defect);
}

}  // namespace
}  // namespace hoist
