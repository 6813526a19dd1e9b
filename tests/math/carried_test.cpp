#include "hoist/math/carried.hpp"

#include <gtest/gtest.h>

#include "hoist/math/window_max.hpp"
#include "support/random_matrix.hpp"

namespace hoist {
namespace {

constexpr Index acted = 3;
constexpr Index all = 5;
constexpr Index places = 4;
constexpr Index samples = 6;

// Rows of a block that belong to the first channels, place by place; or to the others.
Matrix<double> of_channels(const Matrix<double>& block, bool first) {
    const Matrix<double> by_place = block.reshaped(all, places * samples);
    return (first ? Matrix<double>(by_place.topRows(acted))
                  : Matrix<double>(by_place.bottomRows(all - acted)))
        .reshaped((first ? acted : all - acted) * places, samples);
}

class Carried : public testing::TestWithParam<std::string> {
  protected:
    const std::shared_ptr<const Activation> phi = parse_activation(GetParam());
    const std::shared_ptr<const Activation> both = with_carried(phi, acted, all);
    const Matrix<double> u = random_matrix(all * places, samples, 1);
    const Matrix<double> g = random_matrix(all * places, samples, 2);
    const Matrix<double> top = of_channels(u, true);
};

TEST_P(Carried, acts_on_the_first_channels_and_hands_on_the_others) {
    Matrix<double> x(u.rows(), samples);
    both->apply(u, x);
    Matrix<double> expected(top.rows(), samples);
    phi->apply(top, expected);
    EXPECT_EQ(of_channels(x, true), expected);
    EXPECT_EQ(of_channels(x, false), of_channels(u, false));
    Matrix<double> in_place = u;
    both->apply(in_place, in_place);
    EXPECT_EQ(in_place, x);

    Matrix<double> d(u.rows(), samples);
    both->pull_back(u, g, d);
    phi->pull_back(top, of_channels(g, true), expected);
    EXPECT_EQ(of_channels(d, true), expected);
    EXPECT_EQ(of_channels(d, false), of_channels(g, false));

    for (const double weight : {1.5, -0.7}) {
        Matrix<double> s(u.rows(), samples);
        both->difference_signal(weight, u, g, x, s);
        phi->difference_signal(weight, top, of_channels(g, true), of_channels(x, true), expected);
        EXPECT_EQ(of_channels(s, true), expected);
        EXPECT_EQ(of_channels(s, false), of_channels(g, false));
    }
    EXPECT_EQ(both->name(), phi->name());
    EXPECT_EQ(both->output({2, 2, all}), (Shape{2, 2, all}));
}

// F is that of phi beside |x|^2/2, whose gap is |x - u|^2/2 and whose minimizer is the number itself.
TEST_P(Carried, has_the_gap_and_the_proximal_map_of_both) {
    EXPECT_EQ(both->traits().minimizer, phi->traits().minimizer);
    EXPECT_EQ(both->traits().has_prox, phi->traits().has_prox);
    if (!phi->traits().has_prox) {
        return;
    }
    Matrix<double> x(u.rows(), samples);
    both->apply(g, x);
    const Vector<double> expected =
        phi->gap(of_channels(x, true), top) +
        0.5 * (of_channels(x, false) - of_channels(u, false)).colwise().squaredNorm().transpose();
    EXPECT_LT((both->gap(x, u) - expected).cwiseAbs().maxCoeff(), 1e-12);
    EXPECT_LT(both->gap(x, g).cwiseAbs().maxCoeff(), 1e-12);
    Matrix<double> p(u.rows(), samples);
    both->prox(0.4, u, p);
    Matrix<double> own(top.rows(), samples);
    phi->prox(0.4, top, own);
    EXPECT_LT((of_channels(p, true) - own).cwiseAbs().maxCoeff(), 1e-14);
    EXPECT_EQ(of_channels(p, false), of_channels(u, false));
}

INSTANTIATE_TEST_SUITE_P(some, Carried,
                         testing::Values("relu", "tanh", "soft_threshold(0.2)", "leaky_relu(0.3)",
                                         "gelu", "spline(7,2)"),
                         [](const auto& test) {
                             return test.param.substr(0, test.param.find('('));
                         });

TEST(Carried, learns_what_phi_learns) {
    const auto own = parse_activation("spline(5,2)")->of_channels(acted);
    const auto both = with_carried(own, acted, all);
    const Matrix<double> u = random_matrix(all * places, samples, 1);
    const Matrix<double> g = random_matrix(all * places, samples, 2);
    EXPECT_EQ(both->coefficients(), own->coefficients());
    EXPECT_EQ(both->coefficient_slopes(u, g),
              own->coefficient_slopes(of_channels(u, true), of_channels(g, true)));
    const Vector<double> others = random_matrix(5 * acted, 1, 3);
    const auto changed = both->with_coefficients(others);
    Matrix<double> x(u.rows(), samples);
    changed->apply(u, x);
    Matrix<double> expected(acted * places, samples);
    own->with_coefficients(others)->apply(of_channels(u, true), expected);
    EXPECT_EQ(of_channels(x, true), expected);
    EXPECT_EQ(of_channels(x, false), of_channels(u, false));
}

TEST(WindowMax, learns_the_slope_of_what_it_takes_the_maximum_of) {
    const Windows windows{{4, 4, 2}, 2, 2, 2, 0};
    const auto pool = max_over_windows(parse_activation("leaky_relu(0.3)"), windows);
    EXPECT_EQ(pool->coefficients(), Vector<double>::Constant(1, 0.3));
    const auto steeper = pool->with_coefficients(Vector<double>::Constant(1, 0.5));
    EXPECT_EQ(steeper->name(), "leaky_relu(0.5)");
    const Matrix<double> u = random_matrix(32, 3, 1);
    const Matrix<double> g = random_matrix(8, 3, 2);
    Matrix<double> x(8, 3);
    Matrix<double> y(8, 3);
    pool->apply(u, x);
    steeper->apply(u, y);
    EXPECT_NEAR(pool->coefficient_slopes(u, g)[0], (y - x).cwiseProduct(g).sum() / 0.2, 1e-12);
}

}  // namespace
}  // namespace hoist
