#include "hoist/formulation/prior.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

constexpr Index inputs = 12;
constexpr Index columns = 3;

Matrix<double> drawn(std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> value;
    return Matrix<double>::NullaryExpr(inputs, columns, [&] { return value(engine); });
}

PriorOptions options_of(PriorKind kind) {
    PriorOptions options;
    options.kind = kind;
    options.picture = {3, 4, 1};
    options.lower = Vector<double>::Constant(inputs, -0.25);
    options.upper = Vector<double>::LinSpaced(inputs, 0.0, 1.0);
    return options;
}

class EveryPrior : public testing::TestWithParam<PriorKind> {};

TEST_P(EveryPrior, has_a_proximal_map_that_nothing_nearby_beats) {
    const auto prior = make_prior(options_of(GetParam()), columns);
    const Matrix<double> v = drawn(1);
    const Vector<double> weight{{0.1, 1.0, 5.0}};
    Matrix<double> x(inputs, columns);
    for (int call = 0; call < 40; ++call) {  // each begins where the last one ended
        prior->prox({0, columns}, weight, v, x);
    }
    const auto objective = [&](const Matrix<double>& at) -> Vector<double> {
        return weight.cwiseProduct(prior->value(at)) +
               0.5 * (at - v).colwise().squaredNorm().transpose();
    };
    const Vector<double> least = objective(x);
    ASSERT_TRUE(least.allFinite());
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const double length = std::pow(10.0, -static_cast<double>(seed % 4));
        const Vector<double> other = objective(x + length * drawn(100 + seed));
        EXPECT_TRUE((other.array() >= least.array() - 1e-7).all());
    }
}

TEST_P(EveryPrior, moves_some_columns_as_all_of_them) {
    const auto together = make_prior(options_of(GetParam()), columns);
    const auto apart = make_prior(options_of(GetParam()), columns);
    const Matrix<double> v = drawn(2);
    const Vector<double> weight{{0.5, 0.2, 0.7}};
    Matrix<double> x(inputs, columns);
    Matrix<double> y(inputs, columns);
    together->prox({0, columns}, weight, v, x);
    apart->prox({0, 1}, weight, v.leftCols(1), y.leftCols(1));
    apart->prox({1, columns}, weight, v.rightCols(2), y.rightCols(2));
    EXPECT_LT((x - y).norm(), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(priors, EveryPrior,
                         testing::Values(PriorKind::tikhonov, PriorKind::tv, PriorKind::box));

TEST(Prior, of_tikhonov_shrinks_by_its_weight) {
    const auto prior = make_prior({}, columns);
    const Matrix<double> v = drawn(3);
    Matrix<double> x(inputs, columns);
    prior->prox({0, columns}, Vector<double>{{0.0, 1.0, 3.0}}, v, x);
    EXPECT_LT((x.col(0) - v.col(0)).norm(), 1e-14);
    EXPECT_LT((x.col(1) - v.col(1) / 2.0).norm(), 1e-14);
    EXPECT_LT((x.col(2) - v.col(2) / 4.0).norm(), 1e-14);
}

TEST(Prior, of_a_box_projects_where_its_weight_vanishes_and_is_infinite_outside) {
    const PriorOptions options = options_of(PriorKind::box);
    const auto prior = make_prior(options, columns);
    const Matrix<double> v = 2.0 * drawn(4);
    Matrix<double> x(inputs, columns);
    prior->prox({0, columns}, Vector<double>::Zero(columns), v, x);
    for (Index j = 0; j < columns; ++j) {
        EXPECT_EQ(x.col(j), v.col(j).cwiseMax(options.lower).cwiseMin(options.upper));
    }
    EXPECT_TRUE(prior->value(x).allFinite());
    x(3, 1) = options.upper[3] + 0.1;
    EXPECT_TRUE(std::isinf(prior->value(x)[1]));
    EXPECT_TRUE(std::isfinite(prior->value(x)[0]));
}

TEST(Prior, is_asked_for_by_its_name) {
    EXPECT_EQ(parse_prior("box"), PriorKind::box);
    EXPECT_EQ(parse_variation("anisotropic"), Variation::anisotropic);
    try {
        parse_prior("tikonov");
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("did you mean tikhonov?"), std::string::npos);
    }
    EXPECT_THROW(parse_prior("wavelet"), UsageError);
    EXPECT_THROW(parse_variation("l2"), UsageError);
}

}  // namespace
}  // namespace hoist
