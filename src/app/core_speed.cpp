#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "hoist/math/blas.hpp"
#include "hoist/math/blas_kernels.hpp"
#include "kernels.hpp"
#include "measure.hpp"

namespace hoist {

namespace {

template <typename Scalar, int Bytes>
using Lanes [[gnu::vector_size(Bytes)]] = Scalar;

constexpr int rounds = 20000;

/// As many independent chains as hide the time that a multiplication and an addition take. @return their operations.
template <typename Scalar, int Bytes>
[[gnu::always_inline]] inline double multiply_and_add(Scalar* result) {
    using Vector = Lanes<Scalar, Bytes>;
    constexpr int chains = 12;
    Vector sums[chains];  // std::array would lose the attribute of its element
    for (int i = 0; i < chains; ++i) {
        sums[i] = Vector{} + static_cast<Scalar>(i);
    }
    const Vector factor = Vector{} + Scalar{0.5};
    const Vector term = Vector{} + Scalar{1};
    for (int round = 0; round < rounds; ++round) {
        for (Vector& sum : sums) {
            sum = sum * factor + term;
        }
    }
    for (int i = 1; i < chains; ++i) {
        sums[0] += sums[i];
    }
    *result = sums[0][0];
    return 2.0 * chains * rounds * Bytes / sizeof(Scalar);
}

#if defined(__x86_64__)
template <typename Scalar>
[[gnu::target("avx512f")]] double work_of_avx512(Scalar* result) {
    return multiply_and_add<Scalar, 64>(result);
}

template <typename Scalar>
[[gnu::target("avx2,fma")]] double work_of_avx2(Scalar* result) {
    return multiply_and_add<Scalar, 32>(result);
}

template <typename Scalar>
[[gnu::target("avx")]] double work_of_avx(Scalar* result) {
    return multiply_and_add<Scalar, 32>(result);
}
#endif

template <typename Scalar>
double work_of_sse(Scalar* result) {
    return multiply_and_add<Scalar, 16>(result);
}

template <typename Scalar>
using Work = double (*)(Scalar*);

template <typename Scalar>
Work<Scalar> work_of(Instructions instructions) {
#if defined(__x86_64__)
    switch (instructions) {
        case Instructions::avx512:
            return work_of_avx512<Scalar>;
        case Instructions::avx2:
            return work_of_avx2<Scalar>;
        case Instructions::avx:
            return work_of_avx<Scalar>;
        case Instructions::sse:
            break;
    }
#endif
    return work_of_sse<Scalar>;
}

}  // namespace

template <typename Scalar>
CoreSpeed measure_core() {
    const int threads = blas_threads();
    set_blas_threads(1);
    CoreSpeed speed{0.0, 0.0};
    Gemm<Scalar> gemm(512, 512, 512);
    // Products and peaks in turns, so that both find the same clock.
    constexpr int turns = 8;
    for (int turn = 0; turn < turns; ++turn) {
        speed.product = std::max(speed.product, gemm.flops() / seconds_of(std::ref(gemm)));
        if (const auto processor = processor_instructions()) {
            // The widest are not the fastest where a core has one unit of them and two of half the width.
            for (const Instructions each :
                 {Instructions::sse, Instructions::avx, Instructions::avx2, Instructions::avx512}) {
                if (each <= *processor) {
                    double flops = 0.0;
                    volatile Scalar kept;
                    const double seconds = seconds_of([&] {
                        Scalar result;
                        flops = work_of<Scalar>(each)(&result);
                        kept = result;
                    });
                    speed.peak = std::max(speed.peak, flops / seconds);
                }
            }
        }
    }
    set_blas_threads(threads);
    return speed;
}

template CoreSpeed measure_core<float>();
template CoreSpeed measure_core<double>();

template <typename Scalar>
std::string to_text(const CoreSpeed& speed) {
    const auto giga = [](double flops) { return std::to_string(std::llround(flops / 1e9)); };
    return giga(speed.product) + (speed.peak > 0.0 ? " of at most " + giga(speed.peak) : "") +
           " GFLOP/s of a core in " + (std::is_same_v<Scalar, float> ? "float" : "double");
}

void add_speed(nlohmann::ordered_json& json, const CoreSpeed& speed) {
    const BlasKernels kernels = blas_kernels();
    json["blas"] = kernels.library;
    json["blas_core"] = kernels.core;
    json["core_flops_per_second"] = speed.product;
    json["core_peak_flops_per_second"] =
        speed.peak > 0.0 ? nlohmann::ordered_json(speed.peak) : nullptr;
}

template std::string to_text<float>(const CoreSpeed&);
template std::string to_text<double>(const CoreSpeed&);

}  // namespace hoist
