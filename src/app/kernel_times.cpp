#include "kernel_times.hpp"

#include <cmath>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "measure.hpp"

namespace hoist {

namespace {

void print_json(const std::vector<KernelTime>& kernels, const BenchOptions& options,
                const CoreSpeed& speed) {
    nlohmann::ordered_json json;
    json["threads"] = options.threads;
    json["precision"] = to_text(options.config.precision);
    json["cpu"] = processor_name();
    add_speed(json, speed);
    json["kernels"] = nlohmann::json::array();
    for (const KernelTime& kernel : kernels) {
        nlohmann::ordered_json row;
        row["name"] = kernel.name;
        row["shape"] = kernel.shape;
        row["seconds"] = kernel.seconds;
        row["gemm_seconds"] = kernel.gemm_seconds;
        row["ratio"] = kernel.ratio();
        json["kernels"].push_back(row);
    }
    std::cout << json.dump() << std::endl;
}

template <typename Scalar>
void print_table(const std::vector<KernelTime>& kernels, const BenchOptions& options,
                 const CoreSpeed& speed) {
    std::printf("%s, %s, %d BLAS %s, medians of %d\n", processor_name().c_str(),
                to_text(options.config.precision), options.threads,
                options.threads == 1 ? "thread" : "threads", options.repeat);
    std::printf("%s, %s\n\n", kernels_text().c_str(), to_text<Scalar>(speed).c_str());
    std::printf("%-15s %-18s %10s %9s %12s %9s %7s\n", "kernel", "shape", "seconds", "GFLOP/s",
                "GEMM seconds", "GFLOP/s", "ratio");
    for (const KernelTime& kernel : kernels) {
        std::printf("%-15s %-18s %10.5f %9.1f %12.5f %9.1f %7.2f\n", kernel.name.c_str(),
                    kernel.shape.c_str(), kernel.seconds, kernel.flops / kernel.seconds / 1e9,
                    kernel.gemm_seconds, kernel.flops / kernel.gemm_seconds / 1e9, kernel.ratio());
    }
}

}  // namespace

template <typename Scalar>
KernelTime beside_product(KernelTime kernel, Index rows, Index inner, int repeat,
                          const std::function<void()>& work, const std::function<void()>& before) {
    const double per_column = 2.0 * static_cast<double>(rows * inner);
    Gemm<Scalar> gemm(rows, inner, std::llround(kernel.flops / per_column));
    std::vector<double> times;
    std::vector<double> gemm_times;
    for (int round = 0; round <= repeat; ++round) {
        if (before) {
            before();
        }
        const double seconds = seconds_of(work);
        const double gemm_seconds = seconds_of(std::ref(gemm));
        if (round > 0) {
            times.push_back(seconds);
            gemm_times.push_back(gemm_seconds);
        }
    }
    kernel.seconds = median(times);
    kernel.gemm_seconds = median(gemm_times);
    return kernel;
}

template <typename Scalar>
void print_kernel_times(const std::vector<KernelTime>& kernels, const BenchOptions& options,
                        const CoreSpeed& speed) {
    options.json ? print_json(kernels, options, speed)
                 : print_table<Scalar>(kernels, options, speed);
}

template KernelTime beside_product<float>(KernelTime, Index, Index, int,
                                          const std::function<void()>&,
                                          const std::function<void()>&);
template KernelTime beside_product<double>(KernelTime, Index, Index, int,
                                           const std::function<void()>&,
                                           const std::function<void()>&);
template void print_kernel_times<float>(const std::vector<KernelTime>&, const BenchOptions&,
                                        const CoreSpeed&);
template void print_kernel_times<double>(const std::vector<KernelTime>&, const BenchOptions&,
                                         const CoreSpeed&);

}  // namespace hoist
