#include "hoist/train/inversion.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <random>

namespace hoist {
namespace {

Matrix<double> drawn(Index rows, Index columns, std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> value;
    return Matrix<double>::NullaryExpr(rows, columns, [&] { return value(engine); });
}

struct Net {
    NetworkSpec spec;
    Stage<double> stage;

    explicit Net(const std::string& layers, const std::string& activation = "relu",
                 const std::string& output = "linear")
        : spec(parse_network(layers, activation, output)) {
        stage.network = spec;
        stage.layers = {0, spec.layers()};
        for (Index l = 0; l < spec.layers(); ++l) {
            const MapSpec& map = spec.map(l);
            stage.weights.push_back(
                {drawn(map.outputs(), map.inputs(), 10 + static_cast<std::uint64_t>(l)) /
                     std::sqrt(static_cast<double>(map.inputs())),
                 0.1 * drawn(map.outputs(), 1, 20 + static_cast<std::uint64_t>(l))});
        }
    }
    const Matrix<double>& w(Index l) const { return stage.of(l).matrix; }
    const Vector<double>& b(Index l) const { return stage.of(l).bias; }

    Inversion inversion(Index layer, Standardization unit = {}, double lambda = 1.0,
                        double tolerance = 1e-14) const {
        InversionOptions options;
        options.layer = layer;
        options.lambda.assign(spec.activations.size(), lambda);
        if (layer > 0) {
            options.lambda[static_cast<std::size_t>(layer - 1)] = 1.0;
        }
        options.tolerance = tolerance;
        options.sweeps = 400;
        return {spec, stage, options, std::move(unit)};
    }
};

GivenValues exact(const Matrix<double>& y) { return {y, Vector<double>::Zero(y.cols())}; }

std::unique_ptr<Prior> tikhonov(Index columns) { return make_prior({}, columns); }

TEST(Inversion, of_one_linear_map_solves_the_normal_equations) {
    const Net net("12-9");
    const Matrix<double> y = drawn(9, 4, 1);
    const Vector<double> alpha{{1e-3, 0.03, 0.5, 4.0}};
    const auto prior = tikhonov(4);
    const FoundInputs found = net.inversion(0).find(exact(y), *prior, alpha);
    for (Index j = 0; j < 4; ++j) {
        const Matrix<double> system =
            net.w(0).transpose() * net.w(0) + alpha[j] * Matrix<double>::Identity(12, 12);
        const Vector<double> x = system.llt().solve(net.w(0).transpose() * (y.col(j) - net.b(0)));
        EXPECT_LT((found.x.col(j) - x).norm(), 1e-6 * x.norm()) << j;
        EXPECT_NEAR(found.residual[j], (net.w(0) * x + net.b(0) - y.col(j)).norm(), 1e-6);
        EXPECT_NEAR(found.energy[j],
                    0.5 * (net.w(0) * x + net.b(0) - y.col(j)).squaredNorm() +
                        0.5 * alpha[j] * x.squaredNorm(),
                    1e-8);
        EXPECT_EQ(found.ending[static_cast<std::size_t>(j)], Ending::settled);
    }
}

// x = prox_{alpha R}(x - grad) where grad = W'(phi(Wx + b) - y) is that of the gap.
TEST(Inversion, of_a_perceptron_meets_the_optimality_condition_of_every_prior) {
    for (const char* activation : {"relu", "sigmoid", "tanh", "hard_tanh", "leaky_relu(0.2)"}) {
        const Net net("12-9-3", activation);
        const Inversion inversion = net.inversion(1);
        const Matrix<double> y = inversion.answer(drawn(12, 3, 2));
        for (const PriorKind kind : {PriorKind::tikhonov, PriorKind::tv, PriorKind::box}) {
            PriorOptions options;
            options.kind = kind;
            options.picture = {3, 4, 1};
            options.lower = Vector<double>::Constant(12, -0.2);
            options.upper = Vector<double>::Constant(12, 0.3);
            const auto prior = make_prior(options, 3);
            const Vector<double> alpha{{0.01, 0.1, 0.5}};
            const FoundInputs found = inversion.find(exact(y), *prior, alpha);
            Matrix<double> phi = (net.w(0) * found.x).colwise() + net.b(0);
            net.spec.activation(1).apply(phi, phi);
            const Matrix<double> step = found.x - net.w(0).transpose() * (phi - y);
            Matrix<double> next(12, 3);
            for (int call = 0; call < 40; ++call) {
                prior->prox({0, 3}, alpha, step, next);
            }
            EXPECT_LT((next - found.x).norm(), 1e-5) << activation << static_cast<int>(kind);
            EXPECT_GT(found.x.norm(), 0.1);
        }
    }
}

// At the minimum over all blocks x_l = phi_l(u_l - W_l' r_{l+1} / lambda_l), r_{l+1} the slope above.
TEST(Inversion, of_a_deep_net_comes_to_where_no_block_can_be_lowered) {
    const Net net("10-8-7-6", "relu,tanh");
    const Inversion inversion = net.inversion(0);
    const Matrix<double> y = inversion.answer(drawn(10, 2, 3)) + 0.1 * drawn(6, 2, 4);
    const double alpha = 0.05;
    const auto prior = tikhonov(2);
    const FoundInputs found = inversion.find(exact(y), *prior, Vector<double>::Constant(2, alpha));
    EXPECT_EQ(found.ending[0], Ending::settled);
    // Newton-free: the fixed point in the signals, from the x_0 that was found.
    const auto affine = [&](Index l, const Matrix<double>& x) -> Matrix<double> {
        return (net.w(l) * x).colwise() + net.b(l);
    };
    const auto phi = [&](Index l, Matrix<double> u) {
        net.spec.activation(l).apply(u, u);
        return u;
    };
    const Matrix<double> u1 = affine(0, found.x);
    Matrix<double> x1 = phi(1, u1);
    Matrix<double> x2 = phi(2, affine(1, x1));
    for (int i = 0; i < 20000; ++i) {
        const Matrix<double> u2 = affine(1, x1);
        const Matrix<double> r3 = affine(2, x2) - y;
        x2 += 0.1 * (phi(2, u2 - net.w(2).transpose() * r3) - x2);
        const Matrix<double> r2 = phi(2, u2) - x2;
        x1 += 0.1 * (phi(1, u1 - net.w(1).transpose() * r2) - x1);
    }
    const Matrix<double> slope = net.w(0).transpose() * (phi(1, u1) - x1) + alpha * found.x;
    EXPECT_LT(slope.norm(), 1e-5);
    EXPECT_GT((alpha * found.x).norm(), 1e-2);
}

TEST(Inversion, raises_no_energy_whatever_the_sweeps) {
    const Net net("10-8-7-6");
    Inversion inversion = net.inversion(2);
    const Matrix<double> y = inversion.answer(drawn(10, 3, 5));
    Vector<double> before = Vector<double>::Constant(3, 1e300);
    for (const int sweeps : {1, 2, 3, 5, 8, 13, 40, 100}) {
        InversionOptions options;
        options.layer = 2;
        options.lambda = {0.1, 1.0};
        options.sweeps = sweeps;
        options.tolerance = 1e-15;
        const auto prior = tikhonov(3);
        const FoundInputs found = Inversion(net.spec, net.stage, options)
                                      .find(exact(y), *prior, Vector<double>::Constant(3, 1e-3));
        EXPECT_TRUE((found.energy.array() <= before.array() * (1.0 + 1e-12)).all()) << sweeps;
        before = found.energy;
    }
    EXPECT_LT(before.maxCoeff(), 0.1);
}

TEST(Inversion, finds_for_a_column_what_it_finds_for_that_column_alone) {
    const Net net("10-8-7-6");
    const Inversion inversion = net.inversion(0);
    const Matrix<double> y = inversion.answer(drawn(10, 3, 6));
    const auto all = tikhonov(3);
    const FoundInputs together = inversion.find(exact(y), *all, Vector<double>::Constant(3, 0.01));
    for (Index j = 0; j < 3; ++j) {
        const auto one = tikhonov(1);
        const FoundInputs alone =
            inversion.find(exact(y.col(j)), *one, Vector<double>::Constant(1, 0.01));
        EXPECT_LT((alone.x - together.x.col(j)).norm(), 1e-4 * alone.x.norm());
    }
}

TEST(Inversion, in_the_unit_of_the_data_is_that_of_a_first_map_that_takes_it_in) {
    const Net net("12-9-3");
    Net folded = net;
    const Standardization unit{drawn(12, 1, 7), drawn(12, 1, 8).cwiseAbs().array() + 0.5};
    folded.stage.weights[0].matrix = net.w(0) * unit.scale.asDiagonal();
    folded.stage.weights[0].bias = net.b(0) - net.w(0) * unit.scale.cwiseProduct(unit.mean);
    const Matrix<double> y = net.inversion(1).answer(drawn(12, 2, 9));
    const auto first = tikhonov(2);
    const auto second = tikhonov(2);
    const Vector<double> alpha = Vector<double>::Constant(2, 0.1);
    const Matrix<double> x = net.inversion(1, unit).find(exact(y), *first, alpha).x;
    EXPECT_LT((folded.inversion(1).find(exact(y), *second, alpha).x - x).norm(), 1e-5);
    EXPECT_LT((net.inversion(1, unit).answer(x) - folded.inversion(1).answer(x)).norm(), 1e-12);
}

TEST(Inversion, finds_inputs_for_scores_by_their_gap) {
    for (const char* output : {"softmax", "simplex"}) {
        const Net net("10-8-4", "tanh", output);
        InversionOptions options;
        options.scores = true;
        options.lambda = {1.0, 1.0};
        options.tolerance = 1e-12;
        const Inversion inversion(net.spec, net.stage, options);
        const Matrix<double> y = inversion.answer(drawn(10, 2, 23));
        EXPECT_LT((y.colwise().sum().array() - 1.0).abs().maxCoeff(), 1e-12);
        const auto prior = tikhonov(2);
        const FoundInputs found =
            inversion.find(exact(y), *prior, Vector<double>::Constant(2, 1e-5));
        EXPECT_LT(found.residual.maxCoeff(), 0.01) << output;
        EXPECT_LT(found.energy.maxCoeff(), 0.01);
    }
}

// The first alpha and the last differ by 1e6.
Vector<double> errors_for_falling_noise(const Net& net, Index layer, const Matrix<double>& truth,
                                        const Matrix<double>& direction,
                                        const Vector<double>& delta) {
    const Inversion inversion = net.inversion(layer);
    Vector<double> errors(delta.size());
    for (Index i = 0; i < delta.size(); ++i) {
        const Matrix<double> y = inversion.answer(truth) + delta[i] * direction / direction.norm();
        const auto prior = tikhonov(1);
        const FoundInputs found = inversion.find({y, Vector<double>::Constant(1, delta[i])}, *prior,
                                                 Vector<double>::Constant(1, delta[i]));
        errors[i] = (found.x - truth).norm();
    }
    return errors;
}

// |x - x+| <= sqrt(delta) (1 + |w|) for alpha = delta where x+ = W'w (Engl, Hanke and Neubauer 1996,
// section 3.2; Burger and Osher 2004 for other convex R).
TEST(Inversion, errs_no_more_than_the_root_of_the_noise_where_the_source_condition_holds) {
    const Net net("12-9");
    const Vector<double> w = drawn(9, 1, 11);
    const Vector<double> delta{{1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5}};
    const Vector<double> errors =
        errors_for_falling_noise(net, 0, net.w(0).transpose() * w, drawn(9, 1, 12), delta);
    for (Index i = 0; i < delta.size(); ++i) {
        EXPECT_LE(errors[i], std::sqrt(delta[i]) * (1.0 + w.norm())) << delta[i];
        EXPECT_TRUE(i == 0 || errors[i] < errors[i - 1]);
    }
}

TEST(Inversion, of_a_perceptron_errs_less_with_less_noise_over_several_decades) {
    const Net net("6-40-3");  // the units that are on determine the input
    const Vector<double> truth = drawn(6, 1, 13);
    const Vector<double> delta{{0.1, 1e-2, 1e-3, 1e-4, 1e-5}};
    const Vector<double> errors = errors_for_falling_noise(net, 1, truth, drawn(40, 1, 14), delta);
    for (Index i = 1; i < delta.size(); ++i) {
        EXPECT_LT(errors[i], errors[i - 1]);
    }
    EXPECT_GT(std::log10(errors[0] / errors[4]), 0.5 * 4.0) << errors.transpose();
    EXPECT_LT(errors[4], 1e-4 * truth.norm());
}

TEST(Inversion, knows_that_noise_turns_no_unit_on) {
    const Net net("30-200-3");
    const Inversion inversion = net.inversion(1);
    const Matrix<double> truth = drawn(30, 1, 15);
    const Matrix<double> clean = inversion.answer(truth);
    const Matrix<double> direction = drawn(200, 1, 16);
    const double noise = 0.02 * clean.norm();
    const Matrix<double> y = clean + noise * direction / direction.norm();
    const auto error = [&](double told) {
        const auto prior = tikhonov(1);
        return (inversion
                    .find({y, Vector<double>::Constant(1, told)}, *prior,
                          Vector<double>::Constant(1, 1e-3))
                    .x -
                truth)
            .norm();
    };
    EXPECT_LT(error(noise), 0.5 * error(0.0));
}

TEST(Inversion, chooses_the_largest_alpha_with_the_residual_that_is_asked_for) {
    for (const Index layer : {Index{0}, Index{1}, Index{2}}) {
        const Net net("16-14-12-9", layer == 1 ? "relu" : "tanh");
        // Far above the rounding of energies, so that each settles whatever the digits are.
        const Inversion inversion = net.inversion(layer, {}, 0.03, 1e-10);
        const Matrix<double> clean = inversion.answer(drawn(16, 3, 17));
        const Vector<double> allowed{{0.02, 0.1, 0.5}};
        const auto prior = tikhonov(3);
        const FoundInputs found = inversion.find_within(exact(clean), *prior, allowed);
        for (Index j = 0; j < 3; ++j) {
            EXPECT_EQ(found.ending[static_cast<std::size_t>(j)], Ending::settled)
                << layer << ", sample " << j;
            EXPECT_LE(found.residual[j], 1.05 * allowed[j]) << layer;
            EXPECT_GT(found.residual[j], 0.6 * allowed[j]) << layer;
        }
        const auto other = tikhonov(3);
        const FoundInputs more = inversion.find(exact(clean), *other, 1.5 * found.alpha);
        EXPECT_TRUE((more.residual.array() > allowed.array()).all()) << layer;
    }
}

TEST(Inversion, says_where_no_alpha_reaches_the_residual) {
    const Net net("5-9");
    const auto prior = tikhonov(1);
    const FoundInputs found = net.inversion(0).find_within(exact(drawn(9, 1, 18)), *prior,
                                                           Vector<double>::Constant(1, 1e-3));
    EXPECT_EQ(found.ending[0], Ending::unreached);
    EXPECT_GT(found.residual[0], 0.1);
}

TEST(Inversion, takes_activations_without_a_gap_by_their_squared_distance) {
    for (const char* activation : {"gelu", "sin", "maxpool(2)"}) {
        const Net net("10-12-8", activation);
        const Inversion inversion = net.inversion(0);
        const Matrix<double> y = inversion.answer(0.5 * drawn(10, 2, 19));
        const auto prior = tikhonov(2);
        const FoundInputs found =
            inversion.find(exact(y), *prior, Vector<double>::Constant(2, 1e-4));
        EXPECT_LT(found.residual.maxCoeff(), 0.05 * y.norm()) << activation;
    }
}

TEST(Inversion, goes_through_convolutions_pools_and_residual_maps) {
    const Net net("6x6x1-conv(3,3)-avgpool(2)-residual(3)-8-4", "relu");
    for (const Index layer : {Index{0}, Index{1}, Index{2}, Index{3}}) {
        const Inversion inversion = net.inversion(layer);
        const Matrix<double> y = inversion.answer(drawn(36, 2, 21));
        const auto prior = tikhonov(2);
        const FoundInputs found =
            inversion.find(exact(y), *prior, Vector<double>::Constant(2, 1e-4));
        EXPECT_LT(found.residual.maxCoeff(), 0.05 * y.norm()) << layer;
    }
}

TEST(Inversion, is_compared_with_gradient_descent_that_lowers_the_residual) {
    const Net net("10-12-8-4", "tanh");
    const Inversion inversion = net.inversion(0);
    const Matrix<double> y = inversion.answer(0.5 * drawn(10, 2, 22));
    const Vector<double> allowed = Vector<double>::Constant(2, 1e-3);
    const Matrix<double> x = inversion.landweber(y, allowed, 5000);
    EXPECT_TRUE(
        ((inversion.answer(x) - y).colwise().norm().transpose().array() <= allowed.array()).all());
    // From the same start, along the slope of the misfit, once the step is short enough.
    Matrix<double> first = Matrix<double>::Zero(10, 2);
    for (int steps = 1; first.col(0).isZero() || first.col(1).isZero(); ++steps) {
        const Matrix<double> now = inversion.landweber(y, allowed, steps);
        for (Index j = 0; j < 2; ++j) {
            if (first.col(j).isZero()) {
                first.col(j) = now.col(j);
            }
        }
        ASSERT_LT(steps, 30);
    }
    const auto misfit = [&](const Matrix<double>& at) -> Matrix<double> {
        return 0.5 * (inversion.answer(at) - y).colwise().squaredNorm();
    };
    Matrix<double> slope(10, 2);
    constexpr double h = 1e-6;
    for (Index i = 0; i < 10; ++i) {
        Matrix<double> there = Matrix<double>::Zero(10, 2);
        there.row(i).setConstant(h);
        slope.row(i) = (misfit(there) - misfit(-there)) / (2.0 * h);
    }
    for (Index j = 0; j < 2; ++j) {
        EXPECT_NEAR(first.col(j).normalized().dot(slope.col(j).normalized()), -1.0, 1e-6);
    }
}

}  // namespace
}  // namespace hoist
