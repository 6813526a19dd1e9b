#include "hoist/math/simplex.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

/// One random problem: labels on the simplex, scores and the weight of the distance.
struct Problem {
    Vector<double> y;
    Vector<double> u;
    double lambda;
};

Problem random_problem(std::mt19937_64& engine, int number) {
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform(0, 1);
    const Index p = 1 + static_cast<Index>(engine() % 12);
    Problem problem{Vector<double>::Zero(p), Vector<double>(p), 0};
    if (number % 3 == 0) {
        problem.y[static_cast<Index>(engine() % static_cast<unsigned long>(p))] = 1;
    } else {
        for (Index i = 0; i < p; ++i) {
            const bool zero = number % 3 == 1 && engine() % 2 == 0;
            problem.y[i] = zero ? 0 : -std::log(1 - uniform(engine));
        }
        problem.y[0] += 1e-3;
        problem.y /= problem.y.sum();
    }
    const double scale = std::pow(10, -6 + 9 * uniform(engine));
    for (Index i = 0; i < p; ++i) {
        problem.u[i] = scale * normal(engine);
    }
    problem.lambda = std::pow(10, -4 + 8 * uniform(engine));
    return problem;
}

std::vector<Problem> random_problems() {
    std::mt19937_64 engine(11);
    std::vector<Problem> problems;
    for (int number = 0; number < 2000; ++number) {
        problems.push_back(random_problem(engine, number));
    }
    return problems;
}

Vector<double> solve(const Problem& problem) {
    Matrix<double> z(problem.u.size(), 1);
    cross_entropy_prox<double>(problem.y, problem.u, problem.lambda, z);
    return z;
}

/// The multiplier of sum z = 1 that a coordinate with y_i > 0 implies: z_i - u_i - y_i/(lambda
/// z_i).
double multiplier(const Problem& problem, const Vector<double>& z, Index i) {
    return z[i] - problem.u[i] - problem.y[i] / (problem.lambda * z[i]);
}

TEST(CrossEntropyProx, meets_the_optimality_conditions_on_the_simplex) {
    for (const Problem& problem : random_problems()) {
        const Vector<double> z = solve(problem);
        EXPECT_NEAR(z.sum(), 1, 1e-12);
        EXPECT_GE(z.minCoeff(), 0);
        // The multiplier nu is read off the largest coordinate and has to serve all the others.
        Index largest = 0;
        z.maxCoeff(&largest);
        const double nu = multiplier(problem, z, largest);
        for (Index i = 0; i < z.size(); ++i) {
            const double distance = problem.u[i] + nu;
            const double share = problem.y[i] / problem.lambda;
            const double size = 1 + problem.u.cwiseAbs().maxCoeff() + std::abs(nu);
            // Stationarity times z_i: z_i (z_i - u_i - nu) = y_i/lambda, and with y_i = 0
            // complementarity.
            EXPECT_NEAR(z[i] * (z[i] - distance), share, 1e-13 * size * (1 + size * z[i]));
            if (problem.y[i] > 0) {
                EXPECT_GT(z[i], 0);
            } else {
                EXPECT_NEAR(z[i], std::max(0.0, distance), 1e-13 * size);
            }
        }
    }
}

TEST(CrossEntropyProx, is_not_beaten_by_a_neighboring_point) {
    const auto objective = [](const Problem& problem, const Vector<double>& z) {
        double value = 0.5 * problem.lambda * (z - problem.u).squaredNorm();
        for (Index i = 0; i < z.size(); ++i) {
            value -= problem.y[i] > 0 ? problem.y[i] * std::log(z[i]) : 0;
        }
        return value;
    };
    int compared = 0;
    for (const Problem& problem : random_problems()) {
        const Vector<double> z = solve(problem);
        const double best = objective(problem, z);
        for (Index i = 0; i < z.size(); ++i) {
            for (Index j = 0; j < z.size(); ++j) {
                Vector<double> other = z;
                const double move = std::min(z[j], 1e-4);
                other[i] += move;
                other[j] -= move;
                EXPECT_GE(objective(problem, other), best - 1e-12 * (1 + std::abs(best)));
                ++compared;
            }
        }
    }
    EXPECT_GT(compared, 10000);
}

TEST(CrossEntropyProx, has_its_multiplier_inside_the_bracket) {
    for (const Problem& problem : random_problems()) {
        const Vector<double> z = solve(problem);
        Index largest = 0;
        z.maxCoeff(&largest);
        const double nu = multiplier(problem, z, largest);
        const auto p = static_cast<double>(z.size());
        const Eigen::ArrayXd share = problem.y.array() / problem.lambda;
        const double slack = 1e-12 * (1 + std::abs(nu) + problem.u.cwiseAbs().maxCoeff());
        EXPECT_GE(nu, (1 / p - p * share - problem.u.array()).minCoeff() - slack);
        EXPECT_LE(nu, 1 - (problem.u.array() + share).maxCoeff() + slack);
    }
}

/// The lower end that the report prints for one-hot labels: it adds up the stationarity conditions
/// of all coordinates as if none were clipped at zero, and bounds z_i from below by the value of
/// the objective at the label.
double printed_lower_end(const Problem& problem) {
    const auto p = static_cast<double>(problem.u.size());
    const double theta = 0.5 * problem.lambda * (problem.y - problem.u).squaredNorm();
    return (1 - problem.u.sum() - std::exp(theta) / problem.lambda) / p;
}

TEST(CrossEntropyProx, needs_another_lower_end_than_the_printed_one) {
    int one_hot = 0;
    int outside = 0;
    for (const Problem& problem : random_problems()) {
        if (problem.y.maxCoeff() == 1) {
            const Vector<double> z = solve(problem);
            Index label = 0;
            problem.y.maxCoeff(&label);
            ++one_hot;
            outside += multiplier(problem, z, label) < printed_lower_end(problem) - 1e-6 ? 1 : 0;
        }
    }
    EXPECT_GT(outside, one_hot / 10) << one_hot << " problems have one-hot labels";
    RecordProperty("printed_end_fails", outside);
    RecordProperty("one_hot", one_hot);
}

TEST(CrossEntropyProx, takes_few_iterations) {
    int most = 0;
    double total = 0;
    const auto problems = random_problems();
    for (const Problem& problem : problems) {
        Matrix<double> z(problem.u.size(), 1);
        const int taken = cross_entropy_prox<double>(problem.y, problem.u, problem.lambda, z);
        most = std::max(most, taken);
        total += taken;
    }
    RecordProperty("most_iterations", most);
    RecordProperty("total_iterations", static_cast<int>(total));
    EXPECT_LE(most, 20);
    EXPECT_LE(total / static_cast<double>(problems.size()), 7);
}

TEST(CrossEntropyProx, tends_to_the_projection_as_lambda_grows) {
    for (Problem problem : random_problems()) {
        problem.lambda = 1e14;
        Matrix<double> projection(problem.u.size(), 1);
        project_onto_simplex<double>(problem.u, projection);
        EXPECT_LT((solve(problem) - projection).cwiseAbs().maxCoeff(), 1e-6);
    }
}

TEST(CrossEntropyProx, tends_to_the_labels_as_lambda_falls) {
    for (Problem problem : random_problems()) {
        problem.u /= std::max(1.0, problem.u.norm());
        problem.lambda = 1e-9;
        EXPECT_LT((solve(problem) - problem.y).cwiseAbs().maxCoeff(), 1e-7);
    }
}

TEST(CrossEntropyProx, treats_every_column_alone_in_place_and_in_single_precision) {
    std::mt19937_64 engine(5);
    std::normal_distribution<float> normal(0, 2);
    const Matrix<float> u = Matrix<float>::NullaryExpr(10, 33, [&] { return normal(engine); });
    Matrix<float> y = Matrix<float>::Zero(10, 33);
    for (Index j = 0; j < 33; ++j) {
        y(j % 10, j) = 1;
    }
    Matrix<float> z = u;
    cross_entropy_prox<float>(y, z, 0.7, z);
    for (Index j = 0; j < 33; ++j) {
        const Problem problem{y.col(j).cast<double>(), u.col(j).cast<double>(), 0.7};
        EXPECT_LT((z.col(j).cast<double>() - solve(problem)).cwiseAbs().maxCoeff(), 1e-7);
    }
}

TEST(CrossEntropyProx, refuses_a_weight_that_is_not_positive_and_other_sizes) {
    Matrix<double> z = Matrix<double>::Constant(2, 1, 0.5);
    const Matrix<double> u = z;
    EXPECT_THROW(cross_entropy_prox<double>(u, u, 0, z), Defect);
    EXPECT_THROW(cross_entropy_prox<double>(u, Matrix<double>::Zero(3, 1), 1, z), Defect);
}

TEST(ProjectionOntoSimplex, meets_the_optimality_conditions) {
    for (const Problem& problem : random_problems()) {
        Matrix<double> z(problem.u.size(), 1);
        project_onto_simplex<double>(problem.u, z);
        const double size = 1 + problem.u.cwiseAbs().maxCoeff();
        EXPECT_NEAR(z.sum(), 1, 1e-14 * size);
        EXPECT_GE(z.minCoeff(), 0);
        Index largest = 0;
        z.col(0).maxCoeff(&largest);
        const double tau = problem.u[largest] - z(largest, 0);
        for (Index i = 0; i < z.rows(); ++i) {
            EXPECT_NEAR(z(i, 0), std::max(0.0, problem.u[i] - tau), 1e-14 * size);
        }
    }
}

TEST(ProjectionOntoSimplex, leaves_points_of_the_simplex_where_they_are_and_works_in_place) {
    for (const Problem& problem : random_problems()) {
        Matrix<double> z = problem.y;
        project_onto_simplex<double>(z, z);
        EXPECT_LT((z - problem.y).cwiseAbs().maxCoeff(), 1e-15);
    }
}

TEST(ProjectionOntoSimplex, is_the_nearest_point_found_by_brute_force_in_two_and_three_dimensions) {
    std::mt19937_64 engine(2);
    std::normal_distribution<double> normal(0.3, 1);
    constexpr int points = 200;
    for (int trial = 0; trial < 50; ++trial) {
        const Index p = 2 + trial % 2;
        const Vector<double> u = Vector<double>::NullaryExpr(p, [&] { return normal(engine); });
        Matrix<double> z(p, 1);
        project_onto_simplex<double>(u, z);
        Vector<double> best = Vector<double>::Unit(p, 0);
        for (int a = 0; a <= points; ++a) {
            for (int b = 0; b <= (p == 3 ? points - a : 0); ++b) {
                Vector<double> candidate(p);
                candidate[0] = a / static_cast<double>(points);
                if (p == 3) {
                    candidate[1] = b / static_cast<double>(points);
                }
                candidate[p - 1] = 1 - candidate.head(p - 1).sum();
                if ((candidate - u).squaredNorm() < (best - u).squaredNorm()) {
                    best = candidate;
                }
            }
        }
        EXPECT_LE((z - u).squaredNorm(), (best - u).squaredNorm() + 1e-15);
        EXPECT_LT((z - best).norm(), 2.0 / points);
    }
}

TEST(ProjectionOntoSimplex, agrees_in_single_precision) {
    std::mt19937_64 engine(9);
    std::normal_distribution<float> normal(0, 1);
    const Matrix<float> u = Matrix<float>::NullaryExpr(10, 20, [&] { return normal(engine); });
    Matrix<float> z(10, 20);
    project_onto_simplex<float>(u, z);
    Matrix<double> expected(10, 20);
    project_onto_simplex<double>(u.cast<double>(), expected);
    EXPECT_LT((z.cast<double>() - expected).cwiseAbs().maxCoeff(), 1e-7);
}

}  // namespace
}  // namespace hoist
