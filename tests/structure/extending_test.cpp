// The examples of the README's section on extending, as they stand there.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

#include "../../src/config/key.hpp"
#include "../../src/math/activation_of.hpp"
#include "../../src/math/elementwise.hpp"
#include "hoist/base/error.hpp"
#include "hoist/formulation/gap_penalty.hpp"
#include "hoist/math/weight_solver.hpp"

namespace hoist {
namespace {

#include "examples.hpp"

TEST(Extending, an_activation_agrees_with_its_definition_at_any_weight) {
    const ActivationOf<Elementwise<Arctangent>> phi("atan", Elementwise<Arctangent>(Arctangent{}));
    const Matrix<double> u = Matrix<double>::Random(9, 4) * 5.0;
    Matrix<double> x(9, 4);
    phi.apply(u, x);
    EXPECT_LT((x.array() - u.array().atan()).abs().maxCoeff(), 1e-15);
    const Matrix<double> g = Matrix<double>::Random(9, 4);
    Matrix<double> s(9, 4);
    for (const double weight : {1e-3, 1.0, -1.0, 1e3, 1e9}) {
        phi.difference_quotient(weight, u, g, x, s);
        for (Index i = 0; i < u.size(); ++i) {
            const long double at = u.data()[i];
            const long double h = g.data()[i] / static_cast<long double>(weight);
            const auto expected = static_cast<double>(weight * (std::atan(at) - std::atan(at - h)));
            EXPECT_NEAR(s.data()[i], expected, 1e-7) << weight;
        }
    }
    Matrix<double> d(9, 4);
    phi.pull_back(u, g, d);
    phi.difference_quotient(1e9, u, g, x, s);  // g times the derivative, but for 1e-9
    EXPECT_LT((d - s).norm(), 1e-7);
}

TEST(Extending, a_penalty_is_that_of_fenchel_with_other_weights) {
    const NetworkSpec spec = parse_network("3-4-5-2", "tanh", "softmax");
    FormulationOptions options;
    options.name = "fenchel";
    options.lambda = {8.0, 8.0};
    options.gamma = 0.25;
    const Discounted<double> discounted(spec, options);
    const auto fenchel = make_formulation<double>(spec, options);
    for (const Index layer : {1, 2}) {
        const Matrix<double> u = Matrix<double>::Random(layer + 3, 6);
        const Matrix<double> x = 0.5 * Matrix<double>::Random(layer + 3, 6);
        const double factor = layer == 1 ? 0.25 : 1.0;
        EXPECT_LT((discounted.penalty(layer, x, u) - factor * fenchel->penalty(layer, x, u)).norm(),
                  1e-12);
        EXPECT_EQ(discounted.pull_weight(layer), factor * fenchel->pull_weight(layer));
    }
}

TEST(Extending, a_fit_takes_its_steps_down_the_gradient) {
    SignDescent<double> solver({}, 2, 1);
    Matrix<double> w = Matrix<double>::Zero(1, 2);
    Vector<double> b = Vector<double>::Zero(1);
    const Matrix<double> gradient{{3.0, -0.01, 0.0}};
    const Matrix<double> none;
    const BatchEquations<double> equations{gradient, none, none, none};
    solver.begin(w, b);
    solver.step(equations, 0.125, w, b);
    EXPECT_EQ(w, (Matrix<double>{{-0.125, 0.125}}));
    EXPECT_EQ(b[0], 0.0);
}

TEST(Extending, a_key_reads_its_value_and_refuses_others) {
    Config config;
    time_limit.read({time_limit.name, "2.5"}, config);
    EXPECT_EQ(config.time_limit, 2.5);
    EXPECT_THROW(time_limit.read({time_limit.name, "-1"}, config), UsageError);
}

}  // namespace
}  // namespace hoist
