#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench.hpp"
#include "kernels.hpp"

namespace hoist {

/// A kernel's median time and that of a product of as many operations.
struct KernelTime {
    std::string name;
    std::string shape;
    double flops = 0.0;
    double seconds = 0.0;
    double gemm_seconds = 0.0;

    double ratio() const { return seconds / gemm_seconds; }
};

/// Takes turns between `work`, which takes so many operations, and the product of rows x inner by
/// inner x columns, about as many; once more than `repeat` says, since the first turn finds cold
/// caches and pages.
/// @param before each turn, not measured.
template <typename Scalar>
KernelTime beside_product(KernelTime kernel, Index rows, Index inner, int repeat,
                          const std::function<void()>& work,
                          const std::function<void()>& before = {});

/// The kernels of convolutions of 3 x 3 places with as many channels below as above.
template <typename Scalar>
std::vector<KernelTime> convolution_times(int repeat);

/// Prints a line for each kernel, below what they ran on; or all as one JSON object.
template <typename Scalar>
void print_kernel_times(const std::vector<KernelTime>& kernels, const BenchOptions& options,
                        const CoreSpeed& speed);

}  // namespace hoist
