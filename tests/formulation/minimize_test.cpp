#include <gtest/gtest.h>

#include "hoist/base/error.hpp"
#include "hoist/formulation/formulation.hpp"
#include "support/defined_activation.hpp"
#include "support/random_matrix.hpp"

// Blocks that move from the feed-forward state and are told by their residuals.

namespace hoist {
namespace {

constexpr Index columns = 12;

struct Setting {
    std::string formulation;
    std::string activation;
};

void PrintTo(const Setting& setting, std::ostream* out) {
    *out << setting.formulation << " " << setting.activation;
}

NetworkSpec spec_of(const Setting& setting) {
    return parse_network("3-6-6-4", setting.activation, "softmax");
}

FormulationOptions options_of(const Setting& setting, double lambda) {
    FormulationOptions options;
    options.name = setting.formulation;
    options.lambda = {lambda, lambda};
    options.iterations = 3;
    return options;
}

std::vector<Setting> settings(const std::vector<std::string>& formulations) {
    std::vector<Setting> all;
    for (const std::string& activation : activation_names()) {
        for (const std::string& formulation : formulations) {
            try {
                check_formulation(spec_of({formulation, activation}),
                                  options_of({formulation, activation}, 1.0));
                all.push_back({formulation, activation});
            } catch (const UsageError&) {  // the refusals have tests of their own
            }
        }
    }
    return all;
}

/// The largest |found - expected| of each column, relative to the largest entry of all.
Vector<double> errors(const Matrix<double>& found, const Matrix<double>& expected) {
    return (found - expected).cwiseAbs().colwise().maxCoeff().transpose() /
           expected.cwiseAbs().maxCoeff();
}

/// Layer 1 below layer 2, whose activations have moved by a slope of the size of one.
class EveryMove : public testing::TestWithParam<Setting> {
  protected:
    NetworkSpec spec = spec_of(GetParam());
    DefinedActivation phi{GetParam().activation};
    /// Of u where x has 6 rows.
    Index rows = spec.activation(1).input(Shape::vector(6)).size();
    Weights<double> weights{random_matrix(rows, 6, 11, 0.7), random_matrix(rows, 1, 12, 0.5)};
    Matrix<double> u = random_matrix(rows, columns, 13);
    Matrix<double> u_above = (weights.matrix * phi.of(u)).colwise() + weights.bias;

    Matrix<double> moved_above(double lambda) const {
        const Matrix<double> g = random_matrix(6, columns, 14) / lambda;
        return GetParam().formulation == "mac" ? Matrix<double>(phi.of(u_above) - g)
                                               : phi.pulled(u_above, g);
    }
    Matrix<double> residual(double lambda, const Matrix<double>& x,
                            const Matrix<double>& at) const {
        return lambda * ((GetParam().formulation == "classical" ? at : phi.of(at)) - x);
    }
    template <typename Scalar>
    Matrix<double> move(const FormulationOptions& options, const Matrix<Scalar>& r_above) const {
        const auto formulation = make_formulation<Scalar>(spec, options);
        const Weights<Scalar> map{weights.matrix.cast<Scalar>(), weights.bias.cast<Scalar>()};
        formulation->prepare(1, map, formulation->pull_weight(2));
        const Matrix<Scalar> at = u_above.cast<Scalar>();
        Matrix<Scalar> x(6, columns);
        spec.activation(2).apply(at, x);
        const PenaltyChange<Scalar> above(*formulation, 2, r_above, at, x);
        const Matrix<Scalar> below = u.cast<Scalar>();
        Matrix<Scalar> x_below(6, columns);
        spec.activation(1).apply(below, x_below);
        Matrix<Scalar> r(6, columns);
        formulation->minimize(1, map, below, x_below, above, r);
        return r.template cast<double>();
    }
    // To numbers that float has.
    static void round(Matrix<double>& matrix) {
        matrix = matrix.cast<float>().cast<double>().eval();
    }
};

TEST_P(EveryMove, is_that_of_a_block_of_sweeps_which_starts_at_the_activation) {
    for (const double lambda : {0.1, 1.7, 1e3, 1e6}) {
        const Matrix<double> x_above = moved_above(lambda);
        for (const auto method :
             {BlockMethod::plain, BlockMethod::accelerated, BlockMethod::adaptive}) {
            FormulationOptions options = options_of(GetParam(), lambda);
            options.method = method;
            const auto formulation = make_formulation<double>(spec, options);
            formulation->prepare(1, weights, formulation->pull_weight(2));
            Matrix<double> x = phi.of(u);
            formulation->update_activations(1, weights, u,
                                            PenaltyAbove<double>(*formulation, 2, x_above), x);
            const Matrix<double> r = move<double>(options, residual(lambda, x_above, u_above));
            EXPECT_LT(errors(r, residual(lambda, x, u)).maxCoeff(), 1e-9 + 1e-11 * lambda)
                << lambda << ", method " << static_cast<int>(method);
        }
    }
}

/// Of d = x - phi(u); classical solves for x itself.
class EveryMoveByDifferences : public EveryMove {};

TEST_P(EveryMoveByDifferences, keeps_the_digits_of_float_however_large_lambda_is) {
    round(weights.matrix);
    round(u);
    round(u_above);
    for (const double lambda : {1e-1, 1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6}) {
        const Matrix<float> r_above = residual(lambda, moved_above(lambda), u_above).cast<float>();
        const FormulationOptions options = options_of(GetParam(), lambda);
        const Vector<double> error =
            errors(move<float>(options, r_above), move<double>(options, r_above.cast<double>()));
        // The lengths of the steps of mac are found by comparisons that may fall the other way.
        const Index exact = (error.array() < 1e-5).count();
        EXPECT_GE(exact, GetParam().formulation == "mac" ? columns / 2 : columns) << lambda;
    }
}

TEST_P(EveryMove, changes_penalty_and_signal_by_their_definitions) {
    constexpr double lambda = 1.7;
    const auto formulation = make_formulation<double>(spec, options_of(GetParam(), lambda));
    const Matrix<double> x = moved_above(lambda);
    const Matrix<double> r = residual(lambda, x, u_above);
    Matrix<double> x_free(6, columns);
    spec.activation(2).apply(u_above, x_free);
    const PenaltyChange<double> above(*formulation, 2, r, u_above, x_free);
    const Matrix<double> zero = Matrix<double>::Zero(rows, columns);
    Matrix<double> s(rows, columns);
    Matrix<double> expected(rows, columns);
    for (const double size : {0.0, 0.01, 1.0}) {
        const Matrix<double> v = random_matrix(rows, columns, 15, size);
        above.slope(v, s);
        formulation->signal(2, x, u_above + v, expected);
        EXPECT_LT((s - expected).cwiseAbs().maxCoeff(), 1e-13) << size;
        const Vector<double> rise = above.energy(v) - above.energy(zero);
        const Vector<double> by_definition =
            formulation->penalty(2, x, u_above + v) - formulation->penalty(2, x, u_above);
        EXPECT_LT((rise - by_definition).cwiseAbs().maxCoeff(), 1e-12) << size;
    }
    formulation->residual_signal(2, r, u_above, s);
    formulation->signal(2, x, u_above, expected);
    EXPECT_LT((s - expected).cwiseAbs().maxCoeff(), 1e-14);
}

std::string name_of(const testing::TestParamInfo<Setting>& test) {
    const std::string& activation = test.param.activation;
    return test.param.formulation + "_" + activation.substr(0, activation.find('('));
}

INSTANTIATE_TEST_SUITE_P(all, EveryMove,
                         testing::ValuesIn(settings({"classical", "mac", "fenchel", "bregman"})),
                         name_of);
INSTANTIATE_TEST_SUITE_P(all, EveryMoveByDifferences,
                         testing::ValuesIn(settings({"mac", "fenchel", "bregman"})), name_of);

}  // namespace
}  // namespace hoist
