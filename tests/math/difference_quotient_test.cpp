#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/math/activation.hpp"
#include "test_name.hpp"

// weight (phi(u) - phi(u - g / weight)) beside its definition in long double.

namespace hoist {
namespace {

using Long = long double;
using Column = Eigen::Array<Long, Eigen::Dynamic, 1>;

static_assert(std::numeric_limits<Long>::digits >= 64);

Column projected(const Column& u) {
    Column sorted = u;
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    Long sum = 0;
    Long tau = 0;
    for (Index k = 0; k < u.size(); ++k) {
        sum += sorted[k];
        if (sorted[k] > (sum - 1) / static_cast<Long>(k + 1)) {
            tau = (sum - 1) / static_cast<Long>(k + 1);
        }
    }
    return (u - tau).max(Long{0});
}

/// An activation by its definition.
class Defined {
  public:
    explicit Defined(const std::string& text) : name_(text.substr(0, text.find('('))) {
        if (name_.size() < text.size()) {
            parameter_ = static_cast<Long>(std::stod(text.substr(name_.size() + 1)));
        }
    }

    Column operator()(const Column& u) const {
        if (name_ == "softmax") {
            const Column e = (u - u.maxCoeff()).exp();
            return e / e.sum();
        }
        if (name_ == "simplex") return projected(u);
        if (name_ == "maxpool") {
            const auto group = static_cast<Index>(parameter_);
            Column x(u.size() / group);
            for (Index i = 0; i < x.size(); ++i) x[i] = u.segment(i * group, group).maxCoeff();
            return x;
        }
        if (name_ == "lifting" || name_ == "scaled_lifting") {
            std::vector<Long> x;
            for (const Long value : u) {
                for (Long label = -1; label <= 1; ++label) {  // three of them
                    if (name_ == "lifting" || label != 0) {
                        x.push_back((name_ == "lifting" ? 1 : label) * hat(value, label));
                    }
                }
            }
            return Column::Map(x.data(), static_cast<Index>(x.size()));
        }
        return u.unaryExpr([this](Long value) { return at(value); });
    }

    bool acts_on_coordinates() const {
        return name_ != "softmax" && name_ != "simplex" && name_ != "maxpool" &&
               !name_.ends_with("lifting");
    }

  private:
    // The entry of a label of -1, 0, 1.
    static Long hat(Long u, Long label) {
        return label < 0   ? std::max(-u, Long{0})
               : label > 0 ? std::max(u, Long{0})
                           : 1 - std::abs(u);
    }

    Long at(Long u) const {
        const Long a = parameter_;
        const Long turn = std::numbers::pi_v<Long> / 2;
        if (name_ == "identity") return u;
        if (name_ == "relu") return std::max(u, Long{0});
        if (name_ == "leaky_relu") return u > 0 ? u : static_cast<Long>(static_cast<float>(a)) * u;
        if (name_ == "hard_tanh") return std::clamp(u, Long{-1}, Long{1});
        if (name_ == "hard_sigmoid") return std::clamp(u, Long{0}, Long{1});
        if (name_ == "soft_threshold") return u > a ? u - a : u < -a ? u + a : 0;
        if (name_ == "sigmoid") return 1 / (1 + std::exp(-u));
        if (name_ == "tanh") return std::tanh(u);
        if (name_ == "softplus") return std::max(u, Long{0}) + std::log1p(std::exp(-std::abs(u)));
        if (name_ == "sign") return u > 0 ? 1 : u < 0 ? -1 : 0;
        if (name_ == "gelu") return u * std::erfc(-u / std::numbers::sqrt2_v<Long>) / 2;
        if (name_ == "sin") return std::sin(u);
        if (name_.ends_with("spline")) {  // as it starts, with its knots on [-1, 1]
            const Long apart = 2 / (a - 1);
            const Long k = std::clamp(std::floor((u + 1) / apart), Long{0}, a - 2);
            const auto value = [&](Long knot) {
                const Long t = knot * apart - 1;
                return static_cast<Long>(0.3) * t *
                       (name_ == "spline" ? std::exp(-8 * t * t) : 1 / std::sqrt(1 + 25 * t * t));
            };
            const Long share = (u + 1) / apart - k;
            return (1 - share) * value(k) + share * value(k + 1);
        }
        if (name_ == "saturated_sin") return std::sin(std::clamp(u, -turn, turn));
        throw std::invalid_argument("no definition of " + name_);
    }

    std::string name_;
    Long parameter_ = 0;
};

template <typename Scalar>
Matrix<Scalar> random_matrix(Index rows, Index columns, unsigned seed, float size) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(0, size);
    return Matrix<Scalar>::NullaryExpr(rows, columns,
                                       [&] { return static_cast<Scalar>(normal(engine)); });
}

class EveryActivation : public testing::TestWithParam<std::string> {
  protected:
    std::shared_ptr<const Activation> activation = parse_activation(GetParam());
    Defined phi{GetParam()};

    template <typename Scalar>
    Matrix<Scalar> quotient(double weight, const Matrix<Scalar>& u, const Matrix<Scalar>& g) const {
        Matrix<Scalar> x(activation->output(Shape::vector(u.rows()))->size(), u.cols());
        activation->apply(u, x);
        Matrix<Scalar> s(x.rows(), x.cols());
        activation->difference_quotient(weight, u, g, x, s);
        return s;
    }

    Column defined(double weight, const Column& u, const Column& g) const {
        const auto w = static_cast<Long>(weight);
        return w * (phi(u) - phi(Column(u - g / w)));
    }

    // Within `tolerance` of g's own coordinate, or of the largest of its column.
    template <typename Scalar>
    void expect_definition(double weight, const Matrix<Scalar>& u, const Matrix<Scalar>& g,
                           double tolerance) const {
        const Matrix<Scalar> s = quotient(weight, u, g);
        for (Index j = 0; j < u.cols(); ++j) {
            const Column at = u.col(j).template cast<Long>();
            const Column pull = g.col(j).template cast<Long>();
            const Column exact = defined(weight, at, pull);
            // of the definition
            const Long rounding = 8 * std::numeric_limits<Long>::epsilon() *
                                  (static_cast<Long>(std::abs(weight)) * (at.abs().maxCoeff() + 1) +
                                   pull.abs().maxCoeff());
            for (Index i = 0; i < s.rows(); ++i) {
                const Long size =
                    phi.acts_on_coordinates() ? std::abs(pull[i]) : pull.abs().maxCoeff();
                const Long allowed =
                    static_cast<Long>(tolerance) * std::max(size, std::abs(exact[i])) + rounding;
                EXPECT_LE(std::abs(static_cast<Long>(s(i, j)) - exact[i]), allowed)
                    << "weight " << weight << ", u " << at[i] << ", g " << pull[i] << ", exact "
                    << exact[i] << ", found " << s(i, j);
            }
        }
    }
};

TEST_P(EveryActivation, loses_no_digits_of_float_at_any_weight) {
    const Matrix<float> u = random_matrix<float>(12, 20, 1, 2);
    for (double weight = 1e-3; weight < 2e12; weight *= 10) {
        for (const float size : {1e-4F, 1.0F, 30.0F}) {
            const Matrix<float> g = random_matrix<float>(12, 20, 2, size);
            expect_definition<float>(weight, u, g, 4e-6);
            expect_definition<float>(-weight, u, g, 4e-6);
        }
    }
}

TEST_P(EveryActivation, loses_no_digits_of_double) {
    const Matrix<double> u = random_matrix<double>(12, 20, 3, 2);
    const Matrix<double> g = random_matrix<double>(12, 20, 4, 1);
    for (const double weight : {1e-3, 0.1, 1.0, 7.0, 1e3, 1e5}) {
        expect_definition<double>(weight, u, g, GetParam().starts_with("leaky") ? 2e-8 : 1e-12);
        expect_definition<double>(-weight, u, g, GetParam().starts_with("leaky") ? 2e-8 : 1e-12);
    }
}

TEST_P(EveryActivation, is_right_at_kinks_and_across_them) {
    if (GetParam() == "sign") {
        return;  // is tested beside zero, where it jumps by more than g
    }
    std::vector<float> points;
    for (const float kink : {0.0F, 0.5F, 1.0F, -0.5F, -1.0F}) {
        const float beside = std::max(std::abs(kink), 0.25F) * 0x1p-22F;
        for (const float distance : {0.0F, beside, -beside, 0.125F, -0.125F}) {
            points.push_back(kink + distance);
        }
    }
    const auto count = static_cast<Index>(points.size());
    // Rows beside zero for the activations that take columns or groups.
    Matrix<float> u = Matrix<float>::Zero(12, count * count);
    Matrix<float> g = Matrix<float>::Zero(12, count * count);
    for (const double weight : {0x1p-10, 0x1p-1, 0x1p3, 0x1p20, 0x1p40}) {
        for (Index from = 0; from < count; ++from) {
            for (Index to = 0; to < count; ++to) {
                const float start = points[static_cast<std::size_t>(from)];
                const float end = points[static_cast<std::size_t>(to)];
                u.col(from * count + to).setConstant(start);
                u(1, from * count + to) = end;
                g.col(from * count + to).setConstant(static_cast<float>(weight) * (start - end));
                g(2, from * count + to) *= 0.5F;
            }
        }
        expect_definition<float>(weight, u, g, 2e-6);
        expect_definition<float>(-weight, u, g, 2e-6);
    }
}

TEST_P(EveryActivation, is_linear_in_steps_that_vanish) {
    if (GetParam() == "sign") {
        return;
    }
    const Matrix<float> u = random_matrix<float>(12, 20, 5, 1);
    const Matrix<float> g = random_matrix<float>(12, 20, 6, 1);
    const Matrix<float> s = quotient<float>(1e9, u, g);
    for (const auto& [scale, weight] :
         {std::pair{1e-30F, 1e9}, {1e-30F, 1e15}, {1e-25F, 1e20}, {1.0F, 1e30}, {1.0F, 1e45}}) {
        const Matrix<float> tiny = quotient<float>(weight, u, scale * g) / scale;
        EXPECT_LT((tiny - s).cwiseAbs().maxCoeff(), 2e-6F * g.cwiseAbs().maxCoeff())
            << scale << " " << weight;
    }
}

TEST_P(EveryActivation, neither_overflows_nor_hides_a_nan) {
    const Matrix<float> u = random_matrix<float>(12, 20, 7, 2);
    const Matrix<float> g = random_matrix<float>(12, 20, 8, 1e9F);
    for (const double weight : {1e-30, 1e-33}) {
        if (GetParam() == "sin") {  // of which only the bounds are left
            EXPECT_LE(quotient<float>(weight, u, g).cwiseAbs().maxCoeff(), 2.1 * weight);
        } else {
            expect_definition<float>(weight, u, g, 1e-5);
            expect_definition<float>(-weight, u, g, 1e-5);
        }
    }
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    Matrix<float> broken = u;
    broken(0, 0) = nan;
    EXPECT_TRUE(std::isnan(quotient<float>(10, broken, g)(0, 0)));
    broken = g;
    broken(0, 0) = nan;
    EXPECT_TRUE(std::isnan(quotient<float>(10, u, broken)(0, 0)));
    EXPECT_TRUE(std::isnan(quotient<float>(-10, u, broken)(0, 0)));
    EXPECT_THROW(quotient<float>(0, u, g), Defect);
}

TEST_P(EveryActivation, is_exactly_the_slope_times_g_on_a_linear_piece) {
    const std::vector<std::string> linear{"identity",  "relu",         "leaky_relu(0.1)",
                                          "hard_tanh", "hard_sigmoid", "soft_threshold(0.5)"};
    if (std::ranges::find(linear, GetParam()) == linear.end()) {
        return;
    }
    Matrix<float> u(6, 1);
    u << -1.75F, -0.75F, -0.3F, 0.3F, 0.75F, 1.75F;
    for (const float size : {1e-30F, 1e-3F, 0.1F, -0.1F}) {
        const Matrix<float> g = random_matrix<float>(6, 1, 9, 1).cwiseAbs() * size;
        Matrix<float> expected(6, 1);
        activation->pull_back(u, g, expected);
        for (const double weight : {7.0, 1e3, 1e7, 1e12}) {
            EXPECT_EQ(quotient<float>(weight, u, g), expected) << weight;
            EXPECT_EQ(quotient<float>(-weight, u, g), expected) << weight;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Table, EveryActivation, testing::ValuesIn(activation_names()),
                         [](const auto& suite) { return test_name(suite.param); });

// In the tails, where phi' vanishes, relative to the quotient itself.
TEST(SmoothActivations, keep_their_relative_accuracy_in_the_tails) {
    const auto logistic_difference = [](Long a, Long b) {
        return a > 0 ? 1 / (1 + std::exp(b)) - 1 / (1 + std::exp(a))
                     : 1 / (1 + std::exp(-a)) - 1 / (1 + std::exp(-b));
    };
    for (const std::string name : {"sigmoid", "tanh", "softplus"}) {
        const auto activation = parse_activation(name);
        for (const float u : {-60.0F, -20.0F, -5.0F, 5.0F, 20.0F, 36.0F}) {
            for (const float g : {1.0F, -1.0F}) {
                for (const double weight : {0.1, 1.0, 3.0, 1e3, 1e5}) {
                    if (name == "tanh" && std::abs(u) > 36.0F) continue;
                    const Matrix<float> at = Matrix<float>::Constant(1, 1, u);
                    Matrix<float> x(1, 1);
                    Matrix<float> s(1, 1);
                    activation->apply(at, x);
                    activation->difference_quotient(weight, at, Matrix<float>::Constant(1, 1, g), x,
                                                    s);
                    const auto w = static_cast<Long>(weight);
                    const Long v = u - g / w;
                    const Long difference =
                        name == "sigmoid" ? logistic_difference(u, v)
                        : name == "tanh"  ? 2 * logistic_difference(2 * static_cast<Long>(u), 2 * v)
                                          : Defined("softplus")(Column::Constant(1, u))[0] -
                                               Defined("softplus")(Column::Constant(1, v))[0];
                    const auto exact = static_cast<double>(w * difference);
                    EXPECT_NEAR(s(0, 0), exact, 2e-5 * std::abs(exact))
                        << name << " " << u << " " << g << " " << weight;
                }
            }
        }
    }
}

TEST(ColumnActivations, do_not_move_with_a_pull_that_is_the_same_everywhere) {
    for (const std::string name : {"softmax", "simplex"}) {
        const auto activation = parse_activation(name);
        const Matrix<float> u = random_matrix<float>(7, 9, 10, 1);
        const Matrix<float> g = Matrix<float>::Constant(7, 9, 3.7F);
        Matrix<float> x(7, 9);
        activation->apply(u, x);
        for (const double weight : {1e-2, 1.0, 1e8}) {
            Matrix<float> s(7, 9);
            activation->difference_quotient(weight, u, g, x, s);
            EXPECT_LT(s.cwiseAbs().maxCoeff(), 1e-6F) << name << " " << weight;
        }
    }
}

TEST(LeakyRelu, has_a_parameter_slope_that_loses_no_digits) {
    const auto activation = parse_activation("leaky_relu(0.2)");
    const Matrix<float> u = random_matrix<float>(5, 1, 11, 1);
    const Matrix<float> g = random_matrix<float>(5, 1, 12, 1);
    const auto negative = [](Long value) { return std::min(value, Long{0}); };
    for (double weight = 1e-3; weight < 2e12; weight *= 10) {
        for (const double signed_weight : {weight, -weight}) {
            const auto w = static_cast<Long>(signed_weight);
            Long exact = 0;
            for (Index i = 0; i < u.size(); ++i) {
                const Long own = negative(u(i));
                const Long moved = negative(u(i) - g(i) / w);
                exact += w / 2 * (own - moved) * (own + moved);
            }
            const double size = static_cast<double>(std::abs(exact)) + 1;
            EXPECT_NEAR(activation->gap_coefficient_slopes(signed_weight, u, g)[0],
                        static_cast<double>(exact), 2e-6 * size);
        }
    }
}

}  // namespace
}  // namespace hoist
