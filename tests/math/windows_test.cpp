#include "hoist/math/windows.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "hoist/base/error.hpp"
#include "hoist/math/fixed_operator.hpp"
#include "hoist/math/window_max.hpp"
#include "support/random_matrix.hpp"

namespace hoist {
namespace {

const std::vector<Windows> some{{{4, 5, 2}, 3, 3, 1, 1}, {{4, 5, 2}, 3, 3, 2, 1},
                                {{6, 6, 1}, 2, 2, 2, 0}, {{5, 5, 3}, 5, 5, 1, 0},
                                {{3, 4, 2}, 1, 1, 1, 0}, {{7, 3, 1}, 3, 3, 3, 2},
                                {{9, 2, 1}, 1, 2, 4, 0}, {{1, 1, 6}, 1, 1, 1, 0}};

TEST(Windows, count_how_many_of_them_hold_a_number) {
    for (const Windows& windows : some) {
        ASSERT_TRUE(windows.fit());
        const Matrix<double> one = Matrix<double>::Ones(windows.length() * windows.places(), 1);
        Matrix<double> count = Matrix<double>::Zero(windows.from.size(), 1);
        windows.scatter_add(one.data(), {0, windows.places()}, count.data());
        EXPECT_EQ(static_cast<double>(windows.overlap()), count.maxCoeff());
    }
}

TEST(Windows, are_gathered_in_parts_as_in_one) {
    for (const Windows& windows : some) {
        const Matrix<float> x = random_matrix(windows.from.size(), 1, 1).cast<float>();
        Matrix<float> whole(windows.length(), windows.places());
        windows.gather(x.data(), {0, windows.places()}, whole.data());
        Matrix<float> parts = Matrix<float>::Constant(windows.length(), windows.places(), 9.0f);
        const Index middle = windows.places() / 2;
        windows.gather(x.data(), {middle, windows.places()}, parts.col(middle).data());
        windows.gather(x.data(), {0, middle}, parts.data());
        EXPECT_EQ(parts, whole);
        if (windows.are_the_block()) {
            EXPECT_EQ(Eigen::Map<const Matrix<float>>(whole.data(), whole.size(), 1), x);
        }
    }
}

TEST(Windows, show_the_first_channels_and_go_on_in_the_mirror_image) {
    const Windows windows{{4, 5, 3}, 5, 5, 1, 2, 2, true};
    ASSERT_TRUE(windows.fit());
    const Matrix<double> x = random_matrix(60, 1, 1);
    Matrix<double> seen(windows.length(), windows.places());
    windows.gather(x.data(), {0, windows.places()}, seen.data());
    const std::vector<Index> rows{2, 1, 0, 1, 2, 3, 2, 1};
    const std::vector<Index> columns{2, 1, 0, 1, 2, 3, 4, 3, 2};
    for (Index place = 0; place < 20; ++place) {
        for (Index i = 0; i < 25; ++i) {
            const Index row = rows[static_cast<std::size_t>(place / 5 + i / 5)];
            const Index column = columns[static_cast<std::size_t>(place % 5 + i % 5)];
            for (Index channel = 0; channel < 2; ++channel) {
                EXPECT_EQ(seen(2 * i + channel, place), x((row * 5 + column) * 3 + channel, 0));
            }
        }
    }
    const Matrix<double> y = random_matrix(windows.length(), windows.places(), 2);
    Matrix<double> back = Matrix<double>::Zero(60, 1);
    windows.scatter_add(y.data(), {0, windows.places()}, back.data());
    EXPECT_NEAR(back.cwiseProduct(x).sum(), seen.cwiseProduct(y).sum(), 1e-12);
    const Matrix<double> one = Matrix<double>::Ones(windows.length() * windows.places(), 1);
    Matrix<double> count = Matrix<double>::Zero(60, 1);
    windows.scatter_add(one.data(), {0, windows.places()}, count.data());
    EXPECT_LE(count.maxCoeff(), static_cast<double>(windows.overlap()));
    EXPECT_FALSE((Windows{{2, 5, 3}, 5, 5, 1, 2, 2, true}.fit()));
}

TEST(Windows, that_lie_in_the_padding_alone_or_nowhere_do_not_fit) {
    EXPECT_FALSE((Windows{{4, 4, 1}, 5, 5, 1, 0}.fit()));
    EXPECT_FALSE((Windows{{4, 4, 1}, 3, 3, 1, 3}.fit()));
    EXPECT_FALSE((Windows{{4, 4, 1}, 0, 0, 1, 0}.fit()));
    EXPECT_FALSE((Windows{{4, 4, 1}, 2, 2, 0, 0}.fit()));
    EXPECT_FALSE((Windows{{1, 1, 9}, 3, 3, 1, 0}.fit()));
    EXPECT_TRUE((Windows{{1, 1, 9}, 3, 3, 1, 1}.fit()));
}

TEST(FixedOperator, of_means_is_their_definition_and_has_its_adjoint) {
    const auto mean = means_over({{5, 4, 2}, 3, 3, 1, 0});
    EXPECT_EQ(mean->to(), (Shape{3, 2, 2}));
    const auto x = random_matrix(40, 3, 1);
    Matrix<double> y(12, 3);
    mean->apply(ConstMatrixRef<double>(x), y);
    double sum = 0.0;
    for (Index r = 2; r < 5; ++r) {
        for (Index c = 1; c < 4; ++c) {
            sum += x((r * 4 + c) * 2 + 1, 2);
        }
    }
    EXPECT_NEAR(y(11, 2), sum / 9.0, 1e-15);
    const auto z = random_matrix(12, 3, 2);
    Matrix<double> back = Matrix<double>::Zero(40, 3);
    mean->add_adjoint(ConstMatrixRef<double>(z), back);
    EXPECT_NEAR(back.cwiseProduct(x).sum(), z.cwiseProduct(y).sum(), 1e-13);
    EXPECT_GE(mean->norm_bound() * x.norm(), y.norm());
}

class WindowMaximum : public testing::Test {
  protected:
    const Windows windows{{5, 4, 3}, 2, 2, 2, 0};
    const std::shared_ptr<const Activation> pool =
        max_over_windows(parse_activation("leaky_relu(0.1)"), windows);
    const Matrix<double> u = random_matrix(60, 4, 1);
};

TEST_F(WindowMaximum, is_the_largest_activation_of_each_window_and_channel) {
    EXPECT_EQ(pool->output({5, 4, 3}), (Shape{2, 2, 3}));
    EXPECT_EQ(pool->output({4, 4, 3}), std::nullopt);
    EXPECT_EQ(pool->input({2, 2, 3}), (Shape{5, 4, 3}));
    Matrix<double> x(12, 4);
    pool->apply(u, x);
    for (Index place = 0; place < 4; ++place) {
        for (Index k = 0; k < 3; ++k) {
            double largest = -9.0;
            for (const Index at : {0, 1, 4, 5}) {
                const Index corner = place / 2 * 8 + place % 2 * 2;
                const double value = u((corner + at) * 3 + k, 3);
                largest = std::max(largest, value > 0.0 ? value : 0.1 * value);
            }
            EXPECT_DOUBLE_EQ(x(place * 3 + k, 3), largest);
        }
    }
}

TEST_F(WindowMaximum, has_the_derivative_of_its_values) {
    const auto e = random_matrix(12, 4, 2);
    Matrix<double> d(60, 4);
    pool->pull_back(u, e, d);
    const auto value = [&](const Matrix<double>& at) {
        Matrix<double> x(12, 4);
        pool->apply(at, x);
        return x.cwiseProduct(e).sum();
    };
    const double step = 1e-6;
    for (Index i = 0; i < 60; ++i) {
        Matrix<double> up = u;
        Matrix<double> down = u;
        up(i, 1) += step;
        down(i, 1) -= step;
        EXPECT_NEAR(d(i, 1), (value(up) - value(down)) / (2.0 * step), 1e-8);
    }
}

TEST_F(WindowMaximum, gives_its_derivative_to_one_of_equals_and_keeps_a_nan) {
    const Matrix<double> equal = Matrix<double>::Constant(60, 1, 2.0);
    Matrix<double> d(60, 1);
    pool->pull_back(equal, Matrix<double>::Ones(12, 1), d);
    EXPECT_EQ(d.sum(), 12.0);
    EXPECT_EQ(d.maxCoeff(), 1.0);
    Matrix<double> broken = equal;
    broken(16, 0) = std::numeric_limits<double>::quiet_NaN();  // row 1, column 1, channel 1
    Matrix<double> x(12, 1);
    pool->apply(broken, x);
    EXPECT_TRUE(std::isnan(x(1, 0)));
    EXPECT_EQ(x.array().isNaN().count(), 1);
}

TEST_F(WindowMaximum, has_no_penalty_of_its_own) {
    EXPECT_FALSE(pool->traits().minimizer);
    EXPECT_FALSE(pool->traits().has_prox);
    Matrix<double> x(12, 4);
    EXPECT_THROW(pool->gap(x, u), Defect);
}

// weight (phi(u) - phi(u - g / weight)), and its signal by u where g is the slope in x.
TEST_F(WindowMaximum, has_the_difference_quotients_of_its_values) {
    const Matrix<double> g = random_matrix(60, 4, 3);
    Matrix<double> x(12, 4);
    pool->apply(u, x);
    for (const double weight : {0.5, 30.0, -0.5, -30.0}) {
        Matrix<double> moved(12, 4);
        pool->apply(u - g / weight, moved);
        Matrix<double> s(12, 4);
        pool->difference_quotient(weight, u, g, x, s);
        EXPECT_LT((s - weight * (x - moved)).cwiseAbs().maxCoeff(), 1e-12) << weight;
    }
    // A large weight leaves the derivative; any weight moves the largest of a window alone.
    const Matrix<double> e = random_matrix(12, 4, 4);
    Matrix<double> limit(60, 4);
    pool->pull_back(u, e, limit);
    Matrix<double> signal(60, 4);
    pool->difference_signal(1e9, u, e, x, signal);
    EXPECT_LT((signal - limit).cwiseAbs().maxCoeff(), 1e-6);
    pool->difference_signal(0.5, u, e, x, signal);
    EXPECT_TRUE(((signal.array() != 0.0) <= (limit.array() != 0.0)).all());
    // phi is leaky_relu(0.1): two states on either side of its kink.
    const auto phi = [](double value) { return std::max(value, 0.1 * value); };
    for (Index j = 0; j < 4; ++j) {
        double sum = 0.0;
        for (Index i = 0; i < 12; ++i) {
            const double largest = x(i, j) > 0.0 ? x(i, j) : 10.0 * x(i, j);
            sum += 0.5 * (phi(largest) - phi(largest - e(i, j) / 0.5));
        }
        EXPECT_NEAR(signal.col(j).sum(), sum, 1e-12);
    }
}

}  // namespace
}  // namespace hoist
