#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace hoist {

/// Has OpenBLAS use kernels that fit the processor: where it took others by itself, the program starts itself anew with
/// OPENBLAS_CORETYPE set, once; a variable that is set already stays. Kernels that were taken so and give wrong results are
/// given up in the same way. To be called before MPI starts and before signals are caught.
void take_right_kernels(char** arguments);

/// @throws SystemError where the kernels in use give wrong results.
void require_right_results();

/// "SkylakeX kernels of OpenBLAS 0.3.21", and what others were replaced or refused.
std::string kernels_text();

/// What a user should know of the choice, or nothing.
std::string kernels_warning();

/// Operations per second of one core.
struct CoreSpeed {
    /// In a product of matrices, by the kernels in use.
    double product;
    /// In multiplications and additions of numbers in registers: what no kernel can exceed. 0: unknown.
    double peak;
};
/// Measured within some hundredths of a second. @tparam Scalar float or double.
template <typename Scalar>
CoreSpeed measure_core();

/// "156 of at most 246 GFLOP/s of a core in float".
template <typename Scalar>
std::string to_text(const CoreSpeed& speed);

/// Adds the names of the library and its kernels, and the speed: blas, blas_core, core_flops_per_second and
/// core_peak_flops_per_second (null where unknown).
void add_speed(nlohmann::ordered_json& json, const CoreSpeed& speed);

}  // namespace hoist
