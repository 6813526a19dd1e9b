#pragma once

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

/// Prints a line for each kernel, below what they ran on; or all as one JSON object.
template <typename Scalar>
void print_kernel_times(const std::vector<KernelTime>& kernels, const BenchOptions& options,
                        const CoreSpeed& speed);

}  // namespace hoist
