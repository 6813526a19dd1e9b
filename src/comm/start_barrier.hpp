#pragma once

namespace hoist {

/// Waits until all processes of a job that SLURM started have come here, without a message of MPI. Nothing
/// where MPI does not reach SLURM by the PMIx library that hoist links. To be called right after MPI_Init.
void wait_for_all_to_start();

}  // namespace hoist
