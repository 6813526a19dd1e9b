#include "hoist/model/linear_map.hpp"

#include <gtest/gtest.h>

#include <Eigen/SVD>

#include "hoist/model/network_spec.hpp"
#include "support/explicit_map.hpp"
#include "support/random_matrix.hpp"

namespace hoist {
namespace {

/// Of `network`, the first, or the one that stands behind #.
MapSpec map_of(const std::string& network) {
    const auto mark = network.find('#');
    return mark == std::string::npos ? parse_network(network + "-2", "identity", "softmax").map(0)
                                     : parse_network(network.substr(0, mark), "identity", "linear")
                                           .map(std::stol(network.substr(mark + 1)));
}

class AnyMap : public testing::TestWithParam<std::string> {
  protected:
    const MapSpec map = map_of(GetParam());
    const Weights<double> weights{random_matrix(map.outputs(), map.inputs(), 1),
                                  random_matrix(map.outputs(), 1, 2)};
    const LinearMap<double> linear{weights, map};
    const Matrix<double> matrix = explicit_matrix(map, weights);
    // More places than a tile has, and more samples.
    const Matrix<double> x = random_matrix(map.from.size(), 131, 3);
    const Matrix<double> s = random_matrix(map.to.size(), 131, 4);

    static double error(const Matrix<double>& a, const Matrix<double>& b) {
        return (a - b).cwiseAbs().maxCoeff() / b.cwiseAbs().maxCoeff();
    }
};

TEST_P(AnyMap, is_the_definition_of_a_convolution) {
    Matrix<double> u(map.to.size(), x.cols());
    linear.apply(x, u);
    for (Index j = 0; j < x.cols(); ++j) {
        ASSERT_LT(error(u.col(j), mapped_by_definition(map, weights, x.col(j))), 1e-13);
    }
    Matrix<double> sum = u;
    linear.add_product(-0.5, x, sum);
    EXPECT_LT(error(sum, u - 0.5 * matrix * x), 1e-13);
}

TEST_P(AnyMap, is_pulled_back_by_its_adjoint) {
    Matrix<double> g(map.from.size(), s.cols());
    linear.pull_back(s, g);
    EXPECT_LT(error(g, matrix.transpose() * s), 1e-13);
    Matrix<double> sum = x;
    linear.add_pull_back(3.0, s, sum);
    EXPECT_LT(error(sum, x + 3.0 * matrix.transpose() * s), 1e-13);
}

// The derivative of <s, u> by an entry of W, u being linear in it.
TEST_P(AnyMap, gives_pairs_that_make_the_gradient_by_its_weights) {
    Matrix<double> gradient = Matrix<double>::Zero(map.outputs(), map.inputs());
    Vector<double> sums = Vector<double>::Zero(map.outputs());
    MapSpec own = map;
    own.skips.clear();
    Index next = 0;
    linear.pairs(
        x, s,
        [&](const ConstMatrixRef<double>& windows, const ConstMatrixRef<double>& t, Index first) {
            EXPECT_EQ(first, next);
            next += windows.cols();
            gradient += t * windows.transpose();
            sums += t.rowwise().sum();
        });
    EXPECT_EQ(next, map.places() * x.cols());
    for (const auto& [row, column] : {std::pair<Index, Index>{0, 0},
                                      {map.outputs() - 1, map.inputs() - 1},
                                      {std::min<Index>(1, map.outputs() - 1), 0}}) {
        Weights<double> one{Matrix<double>::Zero(map.outputs(), map.inputs()), {}};
        one.matrix(row, column) = 1.0;
        one.bias = Vector<double>::Zero(map.outputs());
        EXPECT_NEAR(gradient(row, column), (explicit_matrix(own, one) * x).cwiseProduct(s).sum(),
                    1e-12 * gradient.cwiseAbs().maxCoeff());
    }
    double last = 0.0;
    for (Index p = 0; p < map.places(); ++p) {
        last += map.adjoint ? -x.row(p * map.from.channels + map.outputs() - 1).sum() /
                                  static_cast<double>(map.windows.rows * map.windows.columns)
                            : s.row(p * map.to.channels + map.outputs() - 1).sum();
    }
    EXPECT_NEAR(sums[map.outputs() - 1], last, 1e-11);
}

// What is added to W F(x) + b on the way to u is taken from the target.
TEST_P(AnyMap, has_the_target_of_its_own_part) {
    Matrix<double> u(map.to.size(), x.cols());
    linear.apply(x, u);
    Matrix<double> scratch;
    const Matrix<double> own = linear.target(x, u, scratch);
    MapSpec alone = map;
    alone.skips.clear();
    Matrix<double> expected(map.to.size(), x.cols());
    LinearMap<double>(weights, alone).apply(x, expected);
    const Index written = map.adjoint ? map.to.channels : map.outputs();
    for (Index p = 0; p < map.to.places(); ++p) {
        EXPECT_LT(error(own.middleRows(p * map.to.channels, written),
                        expected.middleRows(p * map.to.channels, written)),
                  1e-12);
    }
}

TEST_P(AnyMap, has_a_norm_below_its_bound) {
    const double norm = Eigen::JacobiSVD<Matrix<double>>(matrix).singularValues()[0];
    EXPECT_GE(linear.norm_bound(), norm);
    EXPECT_LE(linear.norm_bound(), 4.0 * norm);
}

TEST_P(AnyMap, takes_no_columns_for_nothing) {
    Matrix<double> u(map.to.size(), 0);
    linear.apply(Matrix<double>(map.from.size(), 0), u);
    Matrix<double> g(map.from.size(), 0);
    linear.pull_back(u, g);
    EXPECT_EQ(g.size(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    maps, AnyMap,
    testing::Values("7-5", "4x3x2-5", "6x5x2-conv(3,3)", "6x5x2-conv(3,3,2)", "6x5x3-conv(2,1)",
                    "5x6x1-conv(4,2,1,0)", "7x7x2-conv(3,5,3,1)", "4x4x1-conv(2,4,1,0)",
                    "3x3x1-conv(2,3,1,2)", "4x4x2-conv(5,3,2,0)", "2x2x2-conv(3,3,2,1)",
                    "6x4x2-avgpool(2)-conv(3,3)", "4x4x3-avgpool(2)-5", "4x4x3-avgpool-5",
                    "1x9x1-conv(2,1,4,0)", "12x12x2-conv(2,3)", "7-residual", "5x4x3-residual(3)",
                    "6x4x2-avgpool(2)-residual(3)", "4x4x3-avgpool-residual",
                    "5x4x2-residual(3,3)#0", "5x4x2-residual(3,3)#1", "6x5x2-potential(3,5)#0",
                    "6x5x2-potential(3,5)#1", "3x3x1-potential(2,5)-conv(1,1)#0",
                    "3x3x1-potential(2,5)-conv(1,1)#1", "5x4x2-keep_input-conv(3,3)-conv(2,3)#0",
                    "5x4x2-keep_input-conv(3,3)-conv(2,3)#1",
                    "5x4x2-keep_input-conv(2,1)-residual(3)-conv(2,1)#1",
                    "5x4x1-keep_input-potential(3,3)-fidelity-potential(3,3)-fidelity#0",
                    "5x4x1-keep_input-potential(3,3)-fidelity-potential(3,3)-fidelity#1",
                    "5x4x1-keep_input-potential(3,3)-fidelity-potential(3,3)-fidelity#2",
                    "5x4x1-keep_input-potential(3,3)-fidelity-potential(3,3)-fidelity#3",
                    "5x4x1-keep_input-potential(3,3)-fidelity-potential(3,3)-fidelity#4",
                    "5x4x1-keep_input-potential(3,3)-fidelity-potential(3,3)-fidelity#5",
                    "3x2x2-by_rows-recurrent(5)*3-4#0", "3x2x2-by_rows-recurrent(5)*3-4#1",
                    "3x2x2-by_rows-recurrent(5)*3-4#2",
                    "5x4x1-keep_input-conv(1,3)-fidelity(blur(0.8))-conv(1,3)#1",
                    "5x6x2-keep_input-conv(2,3)-fidelity(blur(0.8),0.05,0.3)-conv(2,3)#1",
                    "6x4x1-keep_input-conv(1,3)-fidelity(box(3)+subsample(2),0.1)#1",
                    "5x4x1-keep_input-conv(1,3)-fidelity(radon(3))-conv(1,3)#1",
                    "3x5x2-keep_input-conv(2,3)-fidelity(radon(4),0.05,0.3)-conv(2,3)#1",
                    "5x4x2-keep_input-conv(2,3)-fidelity(fixed_mask(0.4))-conv(2,3)#1",
                    "5x4x1-keep_input-conv(1,3)-fidelity(fixed_mask(0.4),0.05,0.3)#1"),
    [](const auto& test) {
        std::string name = test.param;
        std::ranges::replace_if(
            name, [](char c) { return std::isalnum(c) == 0; }, '_');
        return name;
    });

TEST(NormalizedMap, takes_the_moments_of_its_weights_from_each_channel) {
    MapSpec map = parse_network("4x3x2-conv(3,3)-batchnorm-2", "identity", "softmax").map(0);
    Weights<double> weights{random_matrix(3, 18, 1), random_matrix(3, 1, 2)};
    weights.moments = {random_matrix(3, 1, 3), random_matrix(3, 1, 4).cwiseAbs()};
    const Matrix<double> x = random_matrix(24, 5, 5);
    const Matrix<double> s = random_matrix(36, 5, 6);
    const LinearMap<double> linear{weights, map};
    Matrix<double> u(36, 5);
    linear.apply(x, u);
    Matrix<double> g(24, 5);
    linear.pull_back(s, g);
    Weights<double> raw{weights.matrix, Vector<double>::Zero(3)};
    const Matrix<double> matrix = explicit_matrix(map, raw);
    for (Index i = 0; i < 36; ++i) {
        const Index k = i % 3;
        const double scale = 1.0 / std::sqrt(weights.moments.variance[k] + 1e-5);
        for (Index j = 0; j < 5; ++j) {
            EXPECT_NEAR(
                u(i, j),
                scale * (matrix.row(i).dot(x.col(j)) - weights.moments.mean[k]) + weights.bias[k],
                1e-12);
        }
    }
    const auto scaled = [&](const Matrix<double>& by) {
        Matrix<double> all = by;
        for (Index i = 0; i < 36; ++i) {
            all.row(i) /= std::sqrt(weights.moments.variance[i % 3] + 1e-5);
        }
        return all;
    };
    EXPECT_LT((g - matrix.transpose() * scaled(s)).cwiseAbs().maxCoeff(), 1e-12);
}

}  // namespace
}  // namespace hoist
