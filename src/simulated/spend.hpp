#pragma once

#include "hoist/math/kernel_work.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

/// Sets the rates of this rank's kernels, in numbers of so many bytes.
void set_rates(double flops, double bandwidth, double scalar);

/// The work of kernels in the precision of the run.
KernelWork kernels_of_run();

/// Lets the simulated time of this rank go on by that of some work.
void spend(Work work);

/// The work of kernels on numbers of this type.
template <typename Scalar>
constexpr KernelWork kernels_of{sizeof(Scalar)};

/// A size as the work of kernels takes it.
inline double size_of(Index size) { return static_cast<double>(size); }

}  // namespace hoist
