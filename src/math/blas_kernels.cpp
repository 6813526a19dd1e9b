#include "hoist/math/blas_kernels.hpp"

#include <cblas.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "hoist/base/text.hpp"

namespace hoist {

namespace {

// What OpenBLAS may take for an Intel processor, or one that it does not know. The kernels of AMD's families are missing: they are taken
// for nothing else.
constexpr std::array<std::string_view, 13> sse_cores{
    "Generic", "Katmai", "Coppermine", "Northwood", "Prescott", "Banias",      "Atom",
    "Core2",   "Penryn", "Dunnington", "Nehalem",   "Opteron",  "Opteron_SSE3"};

std::optional<Instructions> instructions_of(std::string_view core) {
    if (std::ranges::find(sse_cores, core) != sse_cores.end()) {
        return Instructions::sse;
    }
    if (core == "Sandybridge") {
        return Instructions::avx;
    }
    if (core == "Haswell") {
        return Instructions::avx2;
    }
    return std::nullopt;
}

// By names that every OpenBLAS with such kernels knows.
std::string core_for(Instructions processor) {
    switch (processor) {
        case Instructions::avx512:
            return "SkylakeX";
        case Instructions::avx2:
            return "Haswell";
        case Instructions::avx:
            return "Sandybridge";
        case Instructions::sse:
            break;
    }
    return "Nehalem";
}

}  // namespace

std::optional<Instructions> processor_instructions() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
        return Instructions::avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return Instructions::avx2;
    }
    return __builtin_cpu_supports("avx") ? Instructions::avx : Instructions::sse;
#else
    return std::nullopt;
#endif
}

BlasKernels blas_kernels() {
    const std::vector<std::string> words = split(openblas_get_config(), ' ');
    const bool versioned = words.size() > 1 && words.front() == "OpenBLAS";
    return {versioned ? words[0] + " " + words[1] : "OpenBLAS", openblas_get_corename(),
            std::ranges::find(words, "DYNAMIC_ARCH") != words.end()};
}

std::optional<std::string> better_kernels(const std::string& core, Instructions processor) {
    const std::optional<Instructions> used = instructions_of(core);
    return used && *used < processor ? std::optional(core_for(processor)) : std::nullopt;
}

}  // namespace hoist
