#include "hoist/math/weight_solver.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <barrier>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <thread>

#include "hoist/base/error.hpp"

namespace hoist {
namespace {

using Kind = WeightSolverOptions::Kind;

constexpr Index inputs = 5;
constexpr Index outputs = 4;

/// [W b].
using Joined = Matrix<double>;

/// What some mini-batches say, as they come one after another.
class Batch {
  public:
    explicit Batch(std::uint64_t seed, Index count = 12) {
        std::mt19937_64 engine(seed);
        std::normal_distribution<double> normal;
        const auto draw = [&] { return normal(engine); };
        const auto samples = static_cast<double>(count);
        Matrix<double> x = Matrix<double>::NullaryExpr(inputs + 1, count, draw);
        x.row(inputs).setOnes();
        const Matrix<double> s = Matrix<double>::NullaryExpr(outputs, count, draw);
        columns = x.topRows(inputs);
        gradient = s * x.transpose() / samples;
        input_gram = x * x.transpose() / samples;
        signal_gram = s * s.transpose() / samples;
    }
    Matrix<double> columns;
    Matrix<double> gradient;
    Matrix<double> input_gram;
    Matrix<double> signal_gram;
};

/// W and b, and steps on them.
template <typename Scalar>
struct Solved {
    explicit Solved(const WeightSolverOptions& options)
        : solver(make_weight_solver<Scalar>(options, inputs, outputs)) {
        std::mt19937_64 engine(99);
        std::normal_distribution<double> normal;
        const auto draw = [&] { return static_cast<Scalar>(normal(engine)); };
        matrix = Matrix<Scalar>::NullaryExpr(outputs, inputs, draw);
        bias = Vector<Scalar>::NullaryExpr(outputs, draw);
    }
    Joined joined() const {
        Joined both(outputs, inputs + 1);
        both << matrix.template cast<double>(), bias.template cast<double>();
        return both;
    }
    void step(const Batch& batch, double rate) {
        // Only the lower triangles count.
        const auto lower = [](const Matrix<double>& gram) {
            Matrix<Scalar> half = gram.cast<Scalar>();
            half.template triangularView<Eigen::StrictlyUpper>().setConstant(Scalar{7});
            return half;
        };
        const Matrix<Scalar> gradient = batch.gradient.cast<Scalar>();
        const Matrix<Scalar> input_gram = lower(batch.input_gram);
        const Matrix<Scalar> signal_gram = lower(batch.signal_gram);
        const Matrix<Scalar> columns = batch.columns.cast<Scalar>();
        solver->step({gradient, input_gram, signal_gram, columns}, rate, matrix, bias);
    }
    void begin_and_step(const Batch& batch, double rate) {
        solver->begin(matrix, bias);
        step(batch, rate);
    }

    std::unique_ptr<WeightSolver<Scalar>> solver;
    Matrix<Scalar> matrix;
    Vector<Scalar> bias;
};

Joined without_bias(Joined w) {
    w.col(inputs).setZero();
    return w;
}

WeightSolverOptions options_of(Kind kind) {
    WeightSolverOptions options;
    options.kind = kind;
    options.momentum = 0.8;
    options.second_momentum = 0.97;
    options.decay = 0.3;
    options.ridge = 0.05;
    options.damping = 0.7;
    options.refresh = 3;
    options.memory = 0.2;
    options.curvature = 1.6;
    return options;
}

const std::vector<double> rates{0.1, 0.05, 0.2, 0.1, 0.03, 0.1, 0.1, 0.3, 0.1, 0.1, 0.1, 0.1};

TEST(Sgd, is_heavy_ball_momentum_with_ridge_and_decoupled_decay) {
    Solved<double> solved(options_of(Kind::sgd));
    Joined w = solved.joined();
    Joined velocity = Joined::Zero(outputs, inputs + 1);
    for (std::size_t t = 0; t < rates.size(); ++t) {
        const Batch batch(t);
        velocity = 0.8 * velocity + batch.gradient + 2.0 * 0.05 * without_bias(w);
        w = w - rates[t] * 0.3 * without_bias(w) - rates[t] * velocity;
        solved.step(batch, rates[t]);
        EXPECT_LT((solved.joined() - w).cwiseAbs().maxCoeff(), 1e-13) << "step " << t;
    }
}

TEST(Adam, follows_its_published_recursion) {
    // Kingma and Ba 2015, algorithm 1; decay as Loshchilov and Hutter 2019, algorithm 2.
    Solved<double> solved(options_of(Kind::adam));
    Joined w = solved.joined();
    Joined m = Joined::Zero(outputs, inputs + 1);
    Joined v = m;
    for (std::size_t t = 0; t < rates.size(); ++t) {
        const Batch batch(t);
        const Joined g = batch.gradient + 2.0 * 0.05 * without_bias(w);
        m = 0.8 * m + 0.2 * g;
        v = 0.97 * v + 0.03 * g.cwiseAbs2();
        const double steps = static_cast<double>(t) + 1.0;
        const Joined mean = m / (1.0 - std::pow(0.8, steps));
        const Joined square = v / (1.0 - std::pow(0.97, steps));
        w = w.array() - rates[t] * 0.3 * without_bias(w).array() -
            rates[t] * mean.array() / (square.array().sqrt() + 1e-8);
        solved.step(batch, rates[t]);
        EXPECT_LT((solved.joined() - w).cwiseAbs().maxCoeff(), 1e-12) << "step " << t;
    }
}

TEST(Adam, counts_more_steps_than_a_float_can_tell_apart_without_harm) {
    WeightSolverOptions options = options_of(Kind::adam);
    options.ridge = options.decay = 0.0;
    Solved<float> solved(options);
    solved.solver->state()[2](0, 0) = 16777216.0F;  // 2^24
    solved.solver->state()[0].setConstant(1.0F);
    solved.solver->state()[1].setConstant(1.0F);
    const Joined before = solved.joined();
    Batch batch(1);
    batch.gradient.setOnes();
    solved.step(batch, 0.5);
    EXPECT_LT((before - solved.joined()).array().abs().maxCoeff() - 0.5, 1e-5);
    EXPECT_GT((before - solved.joined()).array().minCoeff() - 0.5, -1e-5);
}

TEST(Muon, moves_along_its_momentum_with_nearly_equal_singular_values) {
    // Jordan et al. 2024: five Newton-Schulz steps bring every singular value to about 0.7 to 1.2
    // and keep the singular vectors; 0.2 sqrt(max(m, n)) as Liu et al. 2025, eq. 4.
    Solved<double> solved(options_of(Kind::muon));
    Joined velocity = Joined::Zero(outputs, inputs + 1);
    for (std::size_t t = 0; t < rates.size(); ++t) {
        const Batch batch(t);
        const Joined before = solved.joined();
        const Joined g = batch.gradient + 2.0 * 0.05 * without_bias(before);
        velocity = 0.8 * velocity + 0.2 * g;
        const Matrix<double> momentum = (0.8 * velocity + 0.2 * g).leftCols(inputs);
        solved.step(batch, rates[t]);
        const Matrix<double> moved =
            ((1.0 - rates[t] * 0.3) * before - solved.joined()).leftCols(inputs) /
            (rates[t] * 0.2 * std::sqrt(static_cast<double>(inputs)));
        const Eigen::JacobiSVD<Eigen::MatrixXd> svd(momentum,
                                                    Eigen::ComputeThinU | Eigen::ComputeThinV);
        const Eigen::MatrixXd inner = svd.matrixU().transpose() * moved * svd.matrixV();
        const Eigen::VectorXd values = inner.diagonal();
        EXPECT_LT((inner - Eigen::MatrixXd(values.asDiagonal())).cwiseAbs().maxCoeff(), 1e-11);
        EXPECT_GT(values.minCoeff(), 0.65) << "step " << t;
        EXPECT_LT(values.maxCoeff(), 1.25) << "step " << t;
    }
}

TEST(Muon, moves_the_biases_as_adam_does) {
    WeightSolverOptions options = options_of(Kind::muon);
    Solved<double> muon(options);
    options.kind = Kind::adam;
    Solved<double> adam(options);
    for (std::size_t t = 0; t < rates.size(); ++t) {
        muon.step(Batch(t), rates[t]);
        adam.step(Batch(t), rates[t]);
        EXPECT_LT((muon.bias - adam.bias).cwiseAbs().maxCoeff(), 1e-12) << "step " << t;
    }
}

/// Threads that are a team: what they say meets in one place, in two steps.
class Threads {
  public:
    explicit Threads(Index count) : count_(count), meeting_(count), said_(size_of(count)) {}

    class Member final : public Team<double> {
      public:
        Member(Threads& all, Index index) : all_(all), index_(index) {}
        Index size() const override { return all_.count_; }
        Range part(Index count) const override { return all_.part(count, index_); }
        void sum(std::span<double> values) const override {
            all_.said_[size_of(index_)].assign(values.begin(), values.end());
            all_.meeting_.arrive_and_wait();
            for (std::size_t i = 0; i < values.size(); ++i) {
                values[i] = 0.0;
                for (const std::vector<double>& one : all_.said_) {
                    values[i] += one[i];
                }
            }
            all_.meeting_.arrive_and_wait();
        }
        void gather(MatrixRef<double> columns) const override {
            for (Index j = 0; j < columns.cols(); ++j) {
                const Range own = part(columns.cols());
                if (j < own.begin || j >= own.end) {
                    columns.col(j).setZero();
                }
            }
            sum({columns.data(), size_of(columns.size())});
        }

      private:
        Threads& all_;
        Index index_;
    };

    Range part(Index count, Index of) const {
        return {count * of / count_, count * (of + 1) / count_};
    }
    void run(const std::function<void(const Member&)>& task) {
        std::vector<std::jthread> threads;
        for (Index i = 0; i < count_; ++i) {
            threads.emplace_back([&, i] { task(Member(*this, i)); });
        }
    }

  private:
    static std::size_t size_of(Index size) { return static_cast<std::size_t>(size); }

    Index count_;
    std::barrier<> meeting_;
    std::vector<std::vector<double>> said_;
};

class AnyTeam : public testing::TestWithParam<std::tuple<Kind, Index, Index>> {};

TEST_P(AnyTeam, takes_the_steps_of_a_process_alone) {
    const auto [kind, m, members] = GetParam();
    constexpr Index n = 7;
    const WeightSolverOptions options = options_of(kind);
    std::mt19937_64 engine(5);
    std::normal_distribution<double> normal;
    const auto draw = [&] { return normal(engine); };
    const Matrix<double> start = Matrix<double>::NullaryExpr(m, n, draw);
    const Vector<double> start_bias = Vector<double>::NullaryExpr(m, draw);
    std::vector<Matrix<double>> gradients;
    for (std::size_t t = 0; t < rates.size(); ++t) {
        gradients.push_back(Matrix<double>::NullaryExpr(m, n + 1, draw));
    }
    const Matrix<double> none;

    auto solver = make_weight_solver<double>(options, n, m);
    EXPECT_FALSE(solver->divided());
    Matrix<double> expected = start;
    Vector<double> expected_bias = start_bias;
    for (std::size_t t = 0; t < rates.size(); ++t) {
        solver->step({gradients[t], none, none, none}, rates[t], expected, expected_bias);
    }
    Threads threads(members);
    threads.run([&](const Threads::Member& team) {
        auto own = make_weight_solver<double>(options, n, m, team);
        EXPECT_EQ(own->divided(), members > 1 && divides_by_columns(options, n, m));
        Matrix<double> w = start;
        Vector<double> b = start_bias;
        for (std::size_t t = 0; t < rates.size(); ++t) {
            Matrix<double> gradient = gradients[t];
            if (own->divided()) {  // the rest of it is never looked at
                const Range part = team.part(n);
                gradient.leftCols(part.begin).setConstant(std::nan(""));
                gradient.middleCols(part.end, n - part.end).setConstant(std::nan(""));
            }
            own->step({gradient, none, none, none}, rates[t], w, b);
        }
        EXPECT_LT((w - expected).norm(), 1e-12 * expected.norm());
        EXPECT_LT((b - expected_bias).norm(), 1e-12 * expected_bias.norm());
    });
}

std::string team_name(const testing::TestParamInfo<std::tuple<Kind, Index, Index>>& test) {
    const auto [kind, m, members] = test.param;
    const std::string name = kind == Kind::sgd ? "sgd" : kind == Kind::adam ? "adam" : "muon";
    return name + "_of_" + std::to_string(m) + "_outputs_by_" + std::to_string(members);
}

INSTANTIATE_TEST_SUITE_P(all, AnyTeam,
                         testing::Combine(testing::Values(Kind::sgd, Kind::adam, Kind::muon),
                                          testing::Values(1, 4, 7, 12),
                                          testing::Values(1, 2, 3, 9)),
                         team_name);

class Gram : public testing::TestWithParam<GramSides> {};

TEST_P(Gram, divides_the_gradient_by_the_running_means_of_its_gram_matrices) {
    WeightSolverOptions options = options_of(Kind::gram);
    options.sides = GetParam();
    const bool both = GetParam() == GramSides::both;
    Solved<double> solved(options);
    Joined w = solved.joined();
    Joined velocity = Joined::Zero(outputs, inputs + 1);
    Matrix<double> a = Matrix<double>::Zero(inputs + 1, inputs + 1);
    Matrix<double> s = Matrix<double>::Zero(outputs, outputs);
    Matrix<double> a_inverse;
    Matrix<double> s_inverse;
    const auto inverse = [](const Matrix<double>& gram, double ridge) -> Matrix<double> {
        Matrix<double> damped = gram;
        damped.diagonal().array() += 0.7 * gram.trace() / static_cast<double>(gram.rows());
        damped.diagonal().head(inputs).array() += ridge;  // not that of the bias
        return damped.inverse();
    };
    for (std::size_t t = 0; t < rates.size(); ++t) {
        const Batch batch(t);
        const double newest = std::max(0.2, 1.0 / (static_cast<double>(t) + 1.0));
        a = (1.0 - newest) * a + newest * batch.input_gram;
        s = (1.0 - newest) * s + newest * batch.signal_gram;
        if (t < 4 || t % 3 == 0) {
            const double size = std::sqrt(s.diagonal().mean());
            s_inverse =
                (s + 0.7 * s.trace() / outputs * Joined::Identity(outputs, outputs)).inverse();
            const double factor = std::min(size * s_inverse.cwiseAbs().rowwise().sum().maxCoeff(),
                                           1.0 / (0.7 * size));
            a_inverse = inverse(a, 2.0 * 0.05 * (both ? factor : 1.0 / 1.6));
        }
        const Joined g = batch.gradient + 2.0 * 0.05 * without_bias(w);
        const Joined direction =
            both ? Joined(std::sqrt(s.diagonal().mean()) * s_inverse * g * a_inverse)
                 : Joined(g * a_inverse / 1.6);
        velocity = 0.8 * velocity + direction;
        w = w - rates[t] * 0.3 * without_bias(w) - rates[t] * velocity;
        solved.step(batch, rates[t]);
        EXPECT_LT((solved.joined() - w).cwiseAbs().maxCoeff(), 1e-11) << "step " << t;
    }
}

TEST_P(Gram, lands_on_the_least_squares_solution_in_one_undamped_step_of_length_one) {
    if (GetParam() == GramSides::both) {
        return;  // not a Newton step
    }
    WeightSolverOptions options = options_of(Kind::gram);
    options.sides = GramSides::input;
    options.ridge = options.decay = options.momentum = 0.0;
    options.damping = 1e-13;
    options.curvature = 1.0;
    Solved<double> solved(options);
    const Batch data(3);
    // Of 1/2 |V [X;1] - Y|^2 the gradient is (V - V*) A.
    const Joined solution = Batch(4).gradient;
    Batch batch = data;
    batch.gradient = (solved.joined() - solution) * data.input_gram;
    solved.step(batch, 1.0);
    EXPECT_LT((solved.joined() - solution).cwiseAbs().maxCoeff(), 1e-9);
}

TEST_P(Gram, refuses_what_is_not_finite) {
    WeightSolverOptions options = options_of(Kind::gram);
    options.sides = GetParam();
    Solved<double> solved(options);
    Batch batch(1);
    batch.input_gram(2, 1) = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THROW(solved.step(batch, 0.1), NumericalError);
}

INSTANTIATE_TEST_SUITE_P(sides, Gram, testing::Values(GramSides::input, GramSides::both),
                         [](const auto& test) {
                             return test.param == GramSides::both ? "both" : "input";
                         });

// The slope at V of <G, D> + w/2 tr(D A D') + ridge |V_0|^2 + |V - center|^2 / (2 rate), where D = V -
// from and V_0 leaves the bias out: zero at the minimum, since the sum is convex.
Joined proximal_slope(const Joined& v, const Joined& from, const Joined& center, const Batch& batch,
                      double ridge, double rate) {
    return batch.gradient + 0.3 * without_bias(from) + 1.6 * (v - from) * batch.input_gram +
           2.0 * ridge * without_bias(v) + (v - center) / rate;
}

struct Width {
    const char* name;
    Index batch;
    Index samples;
};

class Implicit : public testing::TestWithParam<Width> {};

TEST_P(Implicit, lands_on_the_minimum_of_majorizer_ridge_and_proximal_term_in_every_round) {
    for (const double rate : {1e-6, 0.4, 100.0, 1e6}) {
        for (const double ridge : {0.0, 0.1, 1e3}) {
            WeightSolverOptions options = options_of(Kind::implicit);
            options.batch = GetParam().batch;
            options.ridge = ridge;
            Solved<double> solved(options);
            EXPECT_EQ(solved.solver->wants_inputs(), GetParam().batch > 0);
            const Joined center = solved.joined();
            solved.solver->begin(solved.matrix, solved.bias);
            for (std::uint64_t round = 0; round < 3; ++round) {
                const Batch batch(round, GetParam().samples);
                const Joined from = solved.joined();
                solved.step(batch, rate);
                const Joined reached = solved.joined();
                const Joined slope = proximal_slope(reached, from, center, batch, ridge, rate);
                // Terms of this size cancel in it.
                const double size = batch.gradient.norm() + 2.0 * ridge * reached.norm() +
                                    (reached.norm() + center.norm()) / rate;
                // And the system is as badly conditioned as the step is long.
                EXPECT_LT(slope.norm(), 1e-13 * (1.0 + rate) * size)
                    << "rate " << rate << ", ridge " << ridge;
            }
        }
    }
}

TEST_P(Implicit, stays_where_it_departed_from_on_a_step_of_length_zero) {
    WeightSolverOptions options = options_of(Kind::implicit);
    options.batch = GetParam().batch;
    Solved<double> solved(options);
    const Joined before = solved.joined();
    solved.begin_and_step(Batch(1, GetParam().samples), 0.0);
    EXPECT_EQ(solved.joined(), before);
}

INSTANTIATE_TEST_SUITE_P(widths, Implicit,
                         testing::Values(Width{"in_the_size_of_the_inputs", 0, 12},
                                         Width{"in_the_size_of_the_batch", 3, 3},
                                         Width{"a_smaller_batch_than_the_widest", 4, 2}),
                         [](const auto& test) { return test.param.name; });

TEST(Advice, says_what_helps_where_the_system_is_not_finite) {
    Solved<double> solved(options_of(Kind::implicit));
    Batch batch(1);
    batch.input_gram(2, 1) = std::numeric_limits<double>::infinity();
    solved.solver->begin(solved.matrix, solved.bias);
    try {
        solved.step(batch, 0.4);
        FAIL() << "it was solved";
    } catch (const NumericalError& error) {
        EXPECT_EQ(std::string(error.what()).find("damping"), std::string::npos);
        EXPECT_NE(std::string(error.what()).find("weights.step"), std::string::npos);
    }
}

// The ridge alone, |W|^2 growing stiff: a step without it in the matrix would be 2 ridge / damping of
// W long, and alternate in sign with growing size.
TEST_P(Gram, does_not_overshoot_along_a_stiff_ridge) {
    WeightSolverOptions options = options_of(Kind::gram);
    options.sides = GetParam();
    options.ridge = 1e4;
    options.momentum = options.decay = 0.0;
    Solved<double> solved(options);
    Batch batch(5);
    batch.gradient.setZero();
    double before = solved.matrix.norm();
    for (int t = 0; t < 20; ++t) {
        solved.step(batch, 1.0);
        EXPECT_LE(solved.matrix.norm(), before);
        before = solved.matrix.norm();
    }
}

TEST_P(Gram, refuses_a_singular_matrix_without_damping) {
    WeightSolverOptions options = options_of(Kind::gram);
    options.sides = GetParam();
    options.damping = 0.0;
    options.ridge = 0.0;
    Solved<float> solved(options);
    try {
        solved.step(Batch(1, 2), 0.1);
        FAIL() << "it was solved";
    } catch (const NumericalError& error) {
        EXPECT_NE(std::string(error.what()).find("weights.damping"), std::string::npos);
    }
}

// The center runs ahead by the momentum times what the batch before has moved, over all its rounds.
TEST(Departures, of_implicit_steps_run_ahead_of_each_batch) {
    Solved<double> solved(options_of(Kind::implicit));
    std::vector<Joined> departures;
    for (std::uint64_t batch = 0; batch < 4; ++batch) {
        departures.push_back(solved.joined());
        solved.solver->begin(solved.matrix, solved.bias);
        const Joined before = departures[batch > 0 ? batch - 1 : 0];
        const Joined center = departures.back() + 0.8 * (departures.back() - before);
        for (std::uint64_t round = 0; round < 2; ++round) {
            const Batch equations(10 * batch + round);
            const Joined from = solved.joined();
            solved.step(equations, 0.4);
            const Joined slope =
                proximal_slope(solved.joined(), from, center, equations, 0.05, 0.4);
            EXPECT_LT(slope.norm(), 1e-12) << "batch " << batch << ", round " << round;
        }
    }
}

const std::vector<std::pair<std::string, std::function<void(WeightSolverOptions&)>>> kinds{
    {"sgd", [](auto& options) { options.kind = Kind::sgd; }},
    {"adam", [](auto& options) { options.kind = Kind::adam; }},
    {"implicit", [](auto& options) { options.kind = Kind::implicit; }},
    {"gram_of_inputs",
     [](auto& options) {
         options.kind = Kind::gram;
         options.sides = GramSides::input;
     }},
    {"gram_of_both",
     [](auto& options) {
         options.kind = Kind::gram;
         options.sides = GramSides::both;
     }},
};

class EverySolver : public testing::TestWithParam<std::size_t> {
  protected:
    WeightSolverOptions options() const {
        WeightSolverOptions result = options_of(Kind::sgd);
        kinds[GetParam()].second(result);
        return result;
    }
};

TEST_P(EverySolver, goes_on_the_same_from_its_state) {
    for (const int stop : {1, 3, 5, 8}) {
        Solved<float> straight(options());
        Solved<float> resumed(options());
        for (int t = 0; t < stop; ++t) {
            straight.begin_and_step(Batch(static_cast<std::uint64_t>(t)), 0.1);
        }
        resumed.matrix = straight.matrix;
        resumed.bias = straight.bias;
        resumed.solver->state() = straight.solver->state();
        for (int t = stop; t < 12; ++t) {
            straight.begin_and_step(Batch(static_cast<std::uint64_t>(t)), 0.1);
            resumed.begin_and_step(Batch(static_cast<std::uint64_t>(t)), 0.1);
        }
        EXPECT_EQ(resumed.joined(), straight.joined());
    }
}

TEST_P(EverySolver, remembers_what_it_says_it_does) {
    const auto names = solver_states(options(), inputs, outputs);
    auto solver = make_weight_solver<double>(options(), inputs, outputs);
    ASSERT_EQ(solver->state().size(), names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        EXPECT_EQ(solver->state()[i].rows(), names[i].rows) << names[i].name;
        EXPECT_EQ(solver->state()[i].cols(), names[i].columns) << names[i].name;
    }
}

TEST_P(EverySolver, answers_in_float_as_in_double) {
    Solved<float> coarse(options());
    Solved<double> fine(options());
    fine.matrix = coarse.matrix.cast<double>();
    fine.bias = coarse.bias.cast<double>();
    for (std::uint64_t t = 0; t < 6; ++t) {
        coarse.begin_and_step(Batch(t), 0.1);
        fine.begin_and_step(Batch(t), 0.1);
    }
    EXPECT_LT((coarse.joined() - fine.joined()).cwiseAbs().maxCoeff(), 1e-4);
}

TEST_P(EverySolver, keeps_orthonormal_rows_where_that_is_asked_for) {
    WeightSolverOptions orthogonal = options();
    orthogonal.orthogonal = true;
    Solved<double> solved(orthogonal);
    const Matrix<double> start = solved.matrix;
    for (std::uint64_t t = 0; t < 5; ++t) {
        solved.begin_and_step(Batch(t), 0.1);
        const Matrix<double> gram = solved.matrix * solved.matrix.transpose();
        EXPECT_LT((gram - Matrix<double>::Identity(outputs, outputs)).cwiseAbs().maxCoeff(), 1e-13);
    }
    EXPECT_GT((solved.matrix - start).norm(), 0.1);
}

INSTANTIATE_TEST_SUITE_P(all, EverySolver, testing::Range(std::size_t{0}, kinds.size()),
                         [](const auto& test) { return kinds[test.param].first; });

}  // namespace
}  // namespace hoist
