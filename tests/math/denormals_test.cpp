// Of a program that links denormals_are_zero, with several threads of OpenBLAS from its start.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <thread>

#include "hoist/base/text.hpp"
#include "hoist/math/activation.hpp"
#include "hoist/math/blas.hpp"
#include "hoist/math/matrix.hpp"
#include "hoist/math/weight_solver.hpp"

namespace hoist {
namespace {

template <typename Scalar>
bool vanish(Scalar factor) {
    // Without these the compiler would multiply by its own rules.
    volatile Scalar small = std::numeric_limits<Scalar>::min();
    volatile Scalar result = small * factor;
    volatile Scalar denormal = std::numeric_limits<Scalar>::denorm_min();
    volatile Scalar raised = denormal / std::numeric_limits<Scalar>::epsilon();
    // Bits, since a comparison takes a denormal number for zero too.
    return std::fpclassify(Scalar{result}) == FP_ZERO && std::fpclassify(Scalar{raised}) == FP_ZERO;
}

TEST(Denormals, vanish_in_the_first_thread_and_in_one_that_it_starts) {
    EXPECT_TRUE(vanish(0.25F));
    EXPECT_TRUE(vanish(0.25));
    bool vanished = false;
    std::thread([&] { vanished = vanish(0.25F) && vanish(0.25); }).join();
    EXPECT_TRUE(vanished);
}

template <typename Scalar>
void expect_products_vanish() {
    constexpr Index n = 256;
    const Scalar root = std::sqrt(std::numeric_limits<Scalar>::min()) / 64;
    const Matrix<Scalar> a = Matrix<Scalar>::Constant(n, n, root);
    Matrix<Scalar> c = a * a;  // each entry is 1/16 of the least normal number
    EXPECT_EQ((c.array() * (1 / std::numeric_limits<Scalar>::min())).count(), 0);
    const Matrix<Scalar> denormal =
        Matrix<Scalar>::Constant(n, n, std::numeric_limits<Scalar>::denorm_min());
    c = denormal * Matrix<Scalar>::Constant(n, n, 1 / std::numeric_limits<Scalar>::epsilon());
    EXPECT_EQ((c.array() != Scalar{0}).count(), 0);
}

TEST(Denormals, vanish_in_every_thread_of_a_product) {
    const auto threads = [] {
        using Entries = std::filesystem::directory_iterator;
        return std::distance(Entries("/proc/self/task"), Entries());
    };
    EXPECT_GE(threads(), blas_threads());  // 3, or the cores where they are fewer
    expect_products_vanish<float>();
    expect_products_vanish<double>();
    set_blas_threads(5);  // which starts two more
    EXPECT_GE(threads(), 5);
    expect_products_vanish<float>();
    expect_products_vanish<double>();
}

TEST(Denormals, are_read_without_an_error) {
    const std::optional<double> least = to_number("4.9406564584124654e-324");
    ASSERT_TRUE(least);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*least), 1U);
    EXPECT_TRUE(to_number("1e-310"));
}

TEST(Denormals, leave_the_slope_at_a_bound_of_zero_that_of_below) {
    // In lanes and what is left over.
    for (const Index columns : {1, 7, 64}) {
        Matrix<float> u = Matrix<float>::Zero(3, columns);
        u.row(1).setConstant(std::numeric_limits<float>::min());
        u.row(2).setConstant(-1);
        Matrix<float> slopes = Matrix<float>::Ones(3, columns);
        parse_activation("relu")->pull_back(u, slopes, slopes);
        EXPECT_EQ(slopes.row(0).count(), 0) << columns;
        EXPECT_EQ((slopes.row(1).array() == 1).count(), columns);
        EXPECT_EQ(slopes.row(2).count(), 0);
    }
}

class StateOf : public testing::TestWithParam<WeightSolverOptions::Kind> {};

TEST_P(StateOf, weights_without_a_gradient_ends_in_zeros) {
    WeightSolverOptions options;
    options.kind = GetParam();
    options.momentum = 0.9;
    options.second_momentum = 0.9;
    const auto solver = make_weight_solver<float>(options, 4, 3);
    Matrix<float> w = Matrix<float>::Constant(3, 4, 0.5F);
    Vector<float> b = Vector<float>::Zero(3);
    Matrix<float> gradient = Matrix<float>::Constant(3, 5, 0.25F);
    const Matrix<float> gram = Matrix<float>::Identity(5, 5);
    const Matrix<float> none;
    for (int step = 0; step < 1500; ++step) {
        solver->begin(w, b);
        solver->step({gradient, gram, none, none}, 1e-3, w, b);
        gradient.rightCols(4).setZero();
    }
    for (const Matrix<float>& state : solver->state()) {
        for (const float value : state.reshaped()) {
            EXPECT_NE(std::fpclassify(value), FP_SUBNORMAL);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(EverySolver, StateOf,
                         testing::Values(WeightSolverOptions::Kind::sgd,
                                         WeightSolverOptions::Kind::adam,
                                         WeightSolverOptions::Kind::gram,
                                         WeightSolverOptions::Kind::implicit,
                                         WeightSolverOptions::Kind::muon));

}  // namespace
}  // namespace hoist
