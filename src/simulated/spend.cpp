#include "spend.hpp"

#include <mpi.h>
#include <smpi/smpi.h>

namespace hoist {

namespace {

double flop_rate = 1e9;
double copy_rate = 1e9;
double number_size = 4.0;

}  // namespace

void set_rates(double flops, double bandwidth, double scalar) {
    flop_rate = flops;
    copy_rate = bandwidth;
    number_size = scalar;
}

KernelWork kernels_of_run() { return {number_size}; }

// The hosts of the platforms do 1e9 operations per second, so that these are nanoseconds.
void spend(Work work) {
    const double seconds = work.flops / flop_rate + work.bytes / copy_rate;
    if (seconds > 0.0) {
        smpi_execute_flops(1e9 * seconds);
    }
}

}  // namespace hoist
