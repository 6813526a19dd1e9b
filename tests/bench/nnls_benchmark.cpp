#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <random>
#include <vector>

#include "hoist/math/blas.hpp"
#include "hoist/math/nnls.hpp"

namespace hoist {
namespace {

template <typename Scalar>
Matrix<Scalar> random_normal(Index rows, Index columns, double deviation, std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal(0, deviation);
    return Matrix<Scalar>::NullaryExpr(
        rows, columns, [&](Index, Index) { return static_cast<Scalar>(normal(engine)); });
}

/// A = I + ratio W'W and c = u + ratio W't with He-random weights W, normal u and t = relu of a
/// normal vector.
template <typename Scalar>
struct Problem {
    Matrix<Scalar> a;
    Matrix<Scalar> c;

    Problem(Index size, Index columns, Scalar ratio) {
        const auto weights =
            random_normal<Scalar>(size, size, std::sqrt(2.0 / static_cast<double>(size)), 1);
        const Matrix<Scalar> target = random_normal<Scalar>(size, columns, 1, 2).cwiseMax(0);
        a.noalias() = ratio * weights.transpose() * weights;
        a.diagonal().array() += 1;
        c = random_normal<Scalar>(size, columns, 1, 3);
        c.noalias() += ratio * weights.transpose() * target;
    }
};

template <typename Scalar>
constexpr Bounds<Scalar> relu{0, std::numeric_limits<Scalar>::infinity()};

/// Processor time, which other users of the machine lengthen less than elapsed time.
template <typename Work>
double seconds(Work work) {
    const std::clock_t start = std::clock();
    work();
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// One sweep (and a fifth of five) beside the product A x of the same shape, taken in turns.
template <typename Scalar>
void nnls_sweep(benchmark::State& state) {
    const Index size = state.range(0);
    const Index columns = state.range(1);
    const Problem<Scalar> problem(size, columns, 1);
    const auto once = coordinate_descent<Scalar>(problem.a, relu<Scalar>, 1, 0);
    const auto five_times = coordinate_descent<Scalar>(problem.a, relu<Scalar>, 5, 0);
    const Matrix<Scalar> start = problem.c.cwiseMax(0);
    Matrix<Scalar> x = start;
    Matrix<Scalar> product = start;
    std::vector<double> sweep, five, gemm;
    for (auto _ : state) {
        gemm.push_back(seconds([&] { product.noalias() = problem.a * start; }));
        sweep.push_back(seconds([&] { once->solve(problem.c, x); }));
        x = start;
        five.push_back(seconds([&] { five_times->solve(problem.c, x); }) / 5);
        x = start;
        state.SetIterationTime(sweep.back());
    }
    const double flops =
        2 * static_cast<double>(size) * static_cast<double>(size) * static_cast<double>(columns);
    state.counters["sweep_ms"] = 1e3 * median(sweep);
    state.counters["gemm_ms"] = 1e3 * median(gemm);
    state.counters["gemm_gflops"] = 1e-9 * flops / median(gemm);
    state.counters["ratio"] = median(sweep) / median(gemm);
    state.counters["ratio_of_5"] = median(five) / median(gemm);
}

/// The optimality residual |min(x, Ax - c)| / |c| after 10 sweeps from zero; the second argument
/// is the ratio of the weights lambda.
template <typename Scalar>
void nnls_residual(benchmark::State& state) {
    const Problem<Scalar> problem(state.range(0), 500, static_cast<Scalar>(state.range(1)));
    const auto solver = coordinate_descent<Scalar>(problem.a, relu<Scalar>, 10, 0);
    Matrix<Scalar> x;
    for (auto _ : state) {
        x = Matrix<Scalar>::Zero(problem.c.rows(), problem.c.cols());
        solver->solve(problem.c, x);
    }
    state.counters["residual"] = optimality_residual<Scalar>(problem.a, problem.c, relu<Scalar>, x);
}

void shapes(benchmark::internal::Benchmark* benchmark) {
    benchmark->Args({300, 20000})->Args({64, 20000})->Args({600, 5000})->Args({1000, 3000});
    benchmark->UseManualTime()->Iterations(15)->Unit(benchmark::kMillisecond);
}

BENCHMARK(nnls_sweep<float>)->Apply(shapes);
BENCHMARK(nnls_sweep<double>)->Apply(shapes);
BENCHMARK(nnls_residual<float>)->Args({300, 1})->Args({300, 10})->Unit(benchmark::kMillisecond);
BENCHMARK(nnls_residual<double>)->Args({300, 1})->Args({300, 10})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hoist

int main(int argc, char** argv) {
    hoist::set_blas_threads(1);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
