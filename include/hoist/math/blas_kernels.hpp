#pragma once

#include <optional>
#include <string>

namespace hoist {

/// Vector instructions of x86-64, each with all before it: avx2 means FMA too, avx512 what the first server
/// processors with it had (F, CD, BW, DQ, VL).
enum class Instructions { sse, avx, avx2, avx512 };

/// The widest that the processor has and the system lets programs use; nothing on other architectures.
std::optional<Instructions> processor_instructions();

/// The kernels that OpenBLAS uses in this process.
struct BlasKernels {
    /// "OpenBLAS 0.3.21"
    std::string library;
    /// The processor that they were written for.
    std::string core;
    /// Whether the library holds others, which OPENBLAS_CORETYPE chooses when it is loaded.
    bool selectable;
};
BlasKernels blas_kernels();

/// The core whose kernels fit a processor better than those of `core`, which an OpenBLAS takes that does not know the processor.
/// Nothing where `core` is right, or was made for this processor though it has wider vectors (Zen 4
/// computes those of AVX-512 in halves). Measured, float GFLOP/s of one core, Prescott, Haswell, SkylakeX: 32, 81, 157
/// (Emerald Rapids); 31, 87, 156 (Zen 5).
std::optional<std::string> better_kernels(const std::string& core, Instructions processor);

}  // namespace hoist
