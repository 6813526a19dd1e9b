#include "hoist/formulation/output_block.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "support/serial_network.hpp"

namespace hoist {
namespace {

struct Case {
    Output output;
    double lambda;
};

// Outputs U and one-hot targets Y, near the decision and far from it.
struct Columns {
    Matrix<double> y;
    Matrix<double> u;
};

Columns some_columns(std::uint64_t seed) {
    constexpr Index classes = 5;
    constexpr Index count = 200;
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal;
    std::uniform_int_distribution<Index> any_class(0, classes - 1);
    Columns columns{Matrix<double>::Zero(classes, count), Matrix<double>(classes, count)};
    for (Index i = 0; i < count; ++i) {
        const double size = std::pow(10.0, static_cast<double>(i % 4) - 2.0);
        columns.y(any_class(engine), i) = 1.0;
        for (double& value : columns.u.col(i)) {
            value = size * normal(engine);
        }
    }
    return columns;
}

class EveryOutputBlock : public testing::TestWithParam<Case> {
  protected:
    std::unique_ptr<OutputBlock<double>> block =
        make_output_block<double>(GetParam().output, {.lambda = GetParam().lambda});

    Matrix<double> target(const Columns& columns) const {
        Matrix<double> t(columns.u.rows(), columns.u.cols());
        block->target(columns.y, columns.u, t);
        return t;
    }

    // weight/2 |T - v|^2 + const, equal to the energy at u.
    Vector<double> majorizer(const Columns& columns, const Matrix<double>& v) const {
        const Matrix<double> t = target(columns);
        const double half = 0.5 * block->weight();
        return block->energy(columns.y, columns.u) +
               half * ((t - v).colwise().squaredNorm() - (t - columns.u).colwise().squaredNorm())
                          .transpose();
    }
};

TEST_P(EveryOutputBlock, is_never_above_its_quadratic) {
    const Columns at = some_columns(1);
    for (const double distance : {1e-3, 0.1, 1.0, 10.0}) {
        for (std::uint64_t seed = 2; seed < 6; ++seed) {
            const Matrix<double> v = at.u + distance * some_columns(seed).u;
            const Vector<double> energy = block->energy(at.y, v);
            const Vector<double> bound = majorizer(at, v);
            for (Index i = 0; i < v.cols(); ++i) {
                EXPECT_LE(energy(i), bound(i) + 1e-12 * (1.0 + std::abs(bound(i))))
                    << "column " << i << ", distance " << distance;
            }
        }
    }
}

TEST_P(EveryOutputBlock, has_the_slope_of_its_quadratic_where_they_meet) {
    const Columns at = some_columns(1);
    const Matrix<double> slope = block->weight() * (at.u - target(at));
    constexpr double step = 1e-5;
    for (Index k = 0; k < at.u.rows(); ++k) {
        Matrix<double> forward = at.u;
        Matrix<double> back = at.u;
        forward.row(k).array() += step;
        back.row(k).array() -= step;
        const Vector<double> difference =
            (block->energy(at.y, forward) - block->energy(at.y, back)) / (2.0 * step);
        for (Index i = 0; i < at.u.cols(); ++i) {
            EXPECT_NEAR(difference(i), slope(k, i), 1e-6 * (1.0 + std::abs(slope(k, i))));
        }
    }
}

TEST_P(EveryOutputBlock, has_the_energy_of_its_definition) {
    const Columns at = some_columns(3);
    const Vector<double> energy = block->energy(at.y, at.u);
    const Matrix<double> p = softmax_by_definition(at.u);
    const Matrix<double> z = simplex_block(at.y, at.u, GetParam().lambda);
    for (Index i = 0; i < at.u.cols(); ++i) {
        Index label = 0;
        at.y.col(i).maxCoeff(&label);
        double expected = 0.5 * (at.y.col(i) - at.u.col(i)).squaredNorm();
        if (GetParam().output == Output::softmax) {
            expected = -std::log(p(label, i));
        } else if (GetParam().output == Output::simplex) {
            expected = -std::log(z(label, i)) +
                       0.5 * GetParam().lambda * (z.col(i) - at.u.col(i)).squaredNorm();
        }
        EXPECT_NEAR(energy(i), expected, 1e-9 * (1.0 + expected));
    }
}

TEST_P(EveryOutputBlock, says_whether_one_regression_is_exact) {
    const Columns at = some_columns(1);
    const Matrix<double> v = at.u + some_columns(2).u;
    const bool exact = (block->energy(at.y, v) - majorizer(at, v)).cwiseAbs().maxCoeff() < 1e-9;
    EXPECT_EQ(exact, block->quadratic());
}

TEST_P(EveryOutputBlock, has_scores_that_belong_to_its_outputs) {
    const Columns at = some_columns(4);
    Matrix<double> p(at.u.rows(), at.u.cols());
    block->scores(at.u, p);
    if (GetParam().output == Output::linear) {
        EXPECT_EQ(p, at.u);
        return;
    }
    for (Index i = 0; i < p.cols(); ++i) {
        EXPECT_NEAR(p.col(i).sum(), 1.0, 1e-12);
        EXPECT_GE(p.col(i).minCoeff(), 0.0);
        Index top = 0;
        at.u.col(i).maxCoeff(&top);
        EXPECT_EQ(p(top, i), p.col(i).maxCoeff());
    }
}

TEST_P(EveryOutputBlock, answers_in_float_as_in_double) {
    const Columns at = some_columns(5);
    const auto coarse = make_output_block<float>(GetParam().output, {.lambda = GetParam().lambda});
    const Matrix<float> y = at.y.cast<float>();
    const Matrix<float> u = at.u.cast<float>();
    Matrix<float> t(u.rows(), u.cols());
    coarse->target(y, u, t);
    const Columns rounded{at.y, u.cast<double>()};
    const Matrix<double> expected = target(rounded);
    EXPECT_LT((t.cast<double>() - expected).cwiseAbs().maxCoeff(),
              1e-5 * expected.cwiseAbs().maxCoeff());
    EXPECT_LT((coarse->energy(y, u) - block->energy(rounded.y, rounded.u)).cwiseAbs().maxCoeff(),
              1e-4);
}

INSTANTIATE_TEST_SUITE_P(all, EveryOutputBlock,
                         testing::Values(Case{Output::linear, 1.0}, Case{Output::softmax, 1.0},
                                         Case{Output::simplex, 0.3}, Case{Output::simplex, 20.0}),
                         [](const auto& test) {
                             return to_text(test.param.output) +
                                    std::to_string(static_cast<int>(10 * test.param.lambda));
                         });

/// A loss by its definition, of the scores u of one sample whose class is j.
struct Loss {
    std::string name;
    Output output;
    OutputOptions options;
    double (*definition)(const Vector<double>& u, Index j);
};

void PrintTo(const Loss& loss, std::ostream* out) { *out << loss.name; }

double miss(const Vector<double>& u, Index j, double offset) {
    double most = 0.0;
    for (Index i = 0; i < u.size(); ++i) {
        most = i == j ? most : std::max(most, u[i] - u[j] + offset);
    }
    return most;
}

const std::vector<Loss> losses{
    {"softmax_at_cooled_outputs",
     Output::softmax,
     {.temperature = 0.3},
     [](const Vector<double>& u, Index j) {
         const double most = u.maxCoeff();
         return most - u[j] + 0.3 * std::log(((u.array() - most) / 0.3).exp().sum());
     }},
    {"softmax_with_an_offset",
     Output::softmax,
     {.temperature = 0.5, .offset = 0.8},
     [](const Vector<double>& u, Index j) {
         Vector<double> v = u;
         v[j] -= 0.8;
         const double most = v.maxCoeff();
         return most - v[j] + 0.5 * std::log(((v.array() - most) / 0.5).exp().sum());
     }},
    {"hinge",
     Output::hinge,
     {.offset = 1.0},
     [](const Vector<double>& u, Index j) { return miss(u, j, 1.0); }},
    {"squared_hinge",
     Output::squared_hinge,
     {.offset = 0.7},
     [](const Vector<double>& u, Index j) { return 0.5 * miss(u, j, 0.7) * miss(u, j, 0.7); }},
    {"none", Output::none, {}, [](const Vector<double>&, Index) { return 0.0; }},
};

class EveryLoss : public testing::TestWithParam<Loss> {};

TEST_P(EveryLoss, has_the_energy_of_its_definition_and_the_slope_of_that) {
    const Columns columns = some_columns(5);
    const auto block = make_output_block<double>(GetParam().output, GetParam().options);
    const Vector<double> energy = block->energy(columns.y, columns.u);
    Matrix<double> slope(columns.u.rows(), columns.u.cols());
    block->slope(columns.y, columns.u, slope);
    constexpr double step = 1e-6;
    for (Index i = 0; i < columns.u.cols(); ++i) {
        Index own = 0;
        columns.y.col(i).maxCoeff(&own);
        const Vector<double> u = columns.u.col(i);
        EXPECT_NEAR(energy[i], GetParam().definition(u, own), 1e-12 * (1.0 + std::abs(energy[i])));
        for (Index row = 0; row < u.size(); ++row) {
            Vector<double> up = u;
            Vector<double> down = u;
            up[row] += step;
            down[row] -= step;
            const double difference =
                (GetParam().definition(up, own) - GetParam().definition(down, own)) / (2.0 * step);
            EXPECT_NEAR(slope(row, i), difference, 1e-6);
        }
    }
    Matrix<double> target(slope.rows(), slope.cols());
    block->target(columns.y, columns.u, target);
    EXPECT_LT((block->weight() * (columns.u - target) - slope).cwiseAbs().maxCoeff(), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Losses, EveryLoss, testing::ValuesIn(losses),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace hoist
